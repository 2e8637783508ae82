import { SlotctlError } from "../../errors.ts";
import { formatAddress } from "../../model/address.ts";
import type { NodeLine, View } from "../../model/cluster.ts";
import { type Node, ServerError } from "../../node/node.ts";
import type { Patience } from "../../node/wait-until.ts";
import type { MoveSlots, NodeRef } from "../../plan/plan.ts";
import type { Emit } from "../events.ts";
import { type Executor, forgive, nodeOf } from "../executor.ts";
import type { Claims, HowToClaim } from "./claim-slots.ts";
import type { Hearing } from "./hearing.ts";
import type { Arrival } from "./incoming.ts";
import { type SlotState, setSlots, trySetSlots } from "./set-slots.ts";

export interface Closing {
  readonly executor: Executor;
  readonly step: MoveSlots;
  readonly patience: Patience;
  readonly oneFirst: boolean;
  readonly claims: Claims;
  readonly emit: Emit;
  readonly bystanders: Bystanders;
  readonly arrival: Arrival;
  /** Where others must have heard of the new owner before they are told: see Hearing. */
  readonly hearing: Hearing | undefined;
  /** Connections for many commands, where there are any; else those are used that all share. */
  readonly ends?: { readonly source: Node; readonly target: Node } | undefined;
}

/** How slots are closed that have no keys left at their source: closeSlots or closeLast. */
export type Close = (slots: readonly number[], closing: Closing) => Promise<void>;

/**
 * The target must hear first: were it to die after the source had let go, the slot would have no owner at all. The
 * others learn by gossip anyway; telling them spares their clients a redirect. Where marks are kept, that would leave some;
 * there they are told at the end of the move, if they have not heard of it: see tellWhoHasNotHeard.
 * @throws SlotctlError when target or source refuses or cannot be reached
 */
export async function closeSlots(slots: readonly number[], closing: Closing): Promise<void> {
  if (slots.length === 0) return;
  const { executor, step, bystanders, hearing } = closing;
  const state: SlotState = ["NODE", step.to.id];
  await claim(slots, state, { ...closing, oneFollows: hearing !== undefined });
  await tellSource(slots, state, closing);
  if (hearing === undefined) await bystanders.tell(slots, state, executor);
}

/**
 * The end of a move where marks are kept. Whoever is told of slots before it has heard of them marks them, and so does
 * whoever finds an older packet of the target after a newer one, which came another way. All these marks go with a packet
 * that brings news, when nothing older is under way any more: that of one more slot, claimed by itself. Of that one the source
 * has to hear before it is told. It was told of all others at once: what it sends as long as it knows nothing costs the
 * target every slot that somebody has left a mark on there.
 */
export async function closeLast(slots: readonly number[], closing: Closing): Promise<void> {
  const { step, arrival } = closing;
  const state: SlotState = ["NODE", step.to.id];
  await arrival.quiet();
  await claim(slots, state, { ...closing, oneFollows: false });
  await waitForSource(slots, closing);
  await tellSource(slots, state, closing);
}

/** Once for all slots that have arrived in a move: others have mostly heard of them by then. */
export async function tellWhoHasNotHeard(slots: readonly number[], closing: Closing): Promise<void> {
  const { executor, step, bystanders, hearing } = closing;
  if (slots.length === 0 || hearing === undefined) return;
  await bystanders.tell(slots, ["NODE", step.to.id], executor, hearing);
}

async function claim(slots: readonly number[], state: SlotState, how: Closing & HowToClaim): Promise<void> {
  const { executor, step, claims, ends, arrival } = how;
  try {
    if (ends !== undefined) await claims.claim(ends.target, step.to, slots, how);
    else await setSlots(await nodeOf(executor, step.to), step.to, slots, state, how);
  } finally {
    arrival.told();
  }
}

/** A source that cannot be asked is told, which finds out what is the matter. */
async function waitForSource(slots: readonly number[], { executor, step, hearing }: Closing): Promise<void> {
  await hearing?.by(step.from, slots).catch((error: unknown) => forgive(executor, step.from, error));
}

/** What a source whose replica does not confirm is told by the target itself, whose config epoch is higher now. */
async function tellSource(slots: readonly number[], state: SlotState, closing: Closing): Promise<void> {
  const { executor, step, patience, ends } = closing;
  const short = { ...patience, timeout: Math.min(patience.timeout, SOURCE_PATIENCE_MS) };
  try {
    const source = ends?.source ?? (await nodeOf(executor, step.from));
    await setSlots(source, step.from, slots, state, { ...closing, patience: short });
  } catch (error) {
    if (!(error instanceof SlotctlError) || !/NOREPLICAS|UNBLOCKED/.test(error.message)) throw error;
    executor.emit({ type: "notice", text: `${error.message}; it learns of it from the new owner` });
  }
}

const SOURCE_PATIENCE_MS = 5_000;

/** The primaries that take no part in a move. That one of them cannot be told is no reason to stop. */
export class Bystanders implements Disposable {
  #nodes: readonly NodeRef[];
  readonly #open = new Map<NodeRef, Promise<Node>>();

  constructor(nodes: readonly NodeRef[]) {
    this.#nodes = nodes;
  }

  /**
   * Who was not to be told once is not asked again: it is said once, and it learns by gossip. With `hearing`, those are
   * told that do not hear of it for a while.
   */
  async tell(slots: readonly number[], state: SlotState, executor: Executor, hearing?: Hearing): Promise<void> {
    await Promise.all(
      this.#nodes.map(async (ref) => {
        const why = await this.#tellOne(ref, slots, state, executor, hearing);
        if (why === undefined || !this.#nodes.includes(ref)) return;
        this.#nodes = this.#nodes.filter((other) => other !== ref);
        executor.emit({ type: "notice", text: `${why}; it takes no part and learns of the new owner by gossip` });
      }),
    );
  }

  /** Why it could not be told, if so. */
  async #tellOne(
    ref: NodeRef,
    slots: readonly number[],
    state: SlotState,
    executor: Executor,
    hearing: Hearing | undefined,
  ): Promise<string | undefined> {
    try {
      if (await hearing?.by(ref, slots)) return undefined;
      const [refusal] = await trySetSlots(await this.#connectionTo(ref, executor), slots, state);
      return (
        refusal && `${formatAddress(ref.address)} refuses CLUSTER SETSLOT ${refusal.slot}: ${refusal.error.message}`
      );
    } catch (error) {
      forgive(executor, ref, error);
      if (error instanceof ServerError) return `${formatAddress(ref.address)} cannot be asked: ${error.message}`;
      return error instanceof SlotctlError ? error.message : undefined;
    }
  }

  #connectionTo(ref: NodeRef, executor: Executor): Promise<Node> {
    const known = this.#open.get(ref);
    if (known !== undefined) return known;
    const { connections } = executor;
    const opening = nodeOf(executor, ref).then(({ address }) =>
      connections.open(address, connections.settings.commandTimeout),
    );
    this.#open.set(ref, opening);
    return opening;
  }

  [Symbol.dispose](): void {
    for (const opening of this.#open.values()) {
      opening.then(
        (node) => node.close(),
        () => undefined,
      );
    }
    this.#open.clear();
  }
}

/** Everybody else who may own slots and can be told; a node that is failing would only be waited for. */
export function bystandersIn({ lines }: View, { from, to }: MoveSlots): Bystanders {
  const others = lines.filter(({ id }) => id !== from.id && id !== to.id).filter(canBeTold);
  return new Bystanders(others.map(({ id, host, port, busPort }) => ({ id, address: { host, port, busPort } })));
}

function canBeTold({ role, health, handshake, noAddress, host }: NodeLine): boolean {
  return role === "primary" && health !== "failing" && !handshake && !noAddress && host !== "";
}
