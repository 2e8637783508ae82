import { ExitCode, SlotctlError } from "../errors.ts";
import { formatAddress, sameAddress } from "../model/address.ts";
import type { NodeId, NodeLine, View } from "../model/cluster.ts";
import { formatRanges } from "../model/slot.ts";
import { ServerError } from "../node/node.ts";
import { waitUntil } from "../node/wait-until.ts";
import type { Forget, NodeRef } from "../plan/plan.ts";
import { type Executor, forgive, nodeOf, type OnChange, viewOf } from "./executor.ts";
import { commandRefused } from "./failures.ts";

/**
 * Has every node strike one off its list, all at once, and goes on until none lists it. A node that was told ignores for
 * a minute what others say of the forgotten one; whoever is told later than that, because it did not answer, has
 * perhaps passed it on again, so all are looked at until one round finds nobody.
 *
 * FORGET takes the slots of the forgotten node from the map, so a node that still holds it for an owner is not told yet.
 * @throws SlotctlError, exit code 6, that says for each node what is in the way
 */
export async function forget({ node, from }: Forget, executor: Executor, onChange: OnChange): Promise<boolean> {
  const reached = new Set(executor.witnesses.map(({ id }) => id));
  const present = from.filter(({ id }) => reached.has(id));
  for (const absent of from.filter((member) => !present.includes(member))) {
    executor.emit({ type: "notice", text: absentText(absent, node) });
  }
  const tell = (member: NodeRef) => forgetAt(member, node, executor, onChange);
  const soon = answersInTime<State>("silent", executor.signal);
  let changed = false;
  let late: readonly Late[] = [];
  const look = async () => {
    const states = await Promise.all(present.map((member) => soon(member, () => tell(member))));
    changed ||= states.includes("told");
    late = present.flatMap((member, i) => (states[i] === "clean" ? [] : [{ member, state: states[i]! }]));
    if (late.length === 0) return true;
    executor.emit({ type: "waiting", on: "forgotten", done: present.length - late.length, total: present.length });
    return undefined;
  };
  if ((await waitUntil(look, executor)) === undefined) throw notForgotten(node, late);
  return changed;
}

/** Milliseconds in which a node that is well answers. */
const ANSWER_MS = 1000;

/** Goes on without a node that is silent, so that the others are looked at meanwhile; its answer counts when it comes. */
function answersInTime<Answer>(silent: Answer, signal: AbortSignal) {
  const asked = new Map<NodeId, Promise<void>>();
  const outcomes = new Map<NodeId, PromiseSettledResult<Answer>>();
  return async ({ id }: NodeRef, question: () => Promise<Answer>): Promise<Answer> => {
    const ask = async () => void outcomes.set(id, (await Promise.allSettled([question()]))[0]);
    if (!asked.has(id)) asked.set(id, ask());
    const outcome = await waitUntil(async () => outcomes.get(id), { timeout: ANSWER_MS, signal });
    if (outcome === undefined) return silent;
    asked.delete(id);
    outcomes.delete(id);
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  };
}

/** How far one node is; `told` has to be looked at once more. */
type State = "clean" | "told" | "silent" | "follows" | { readonly owns: string };

interface Late {
  readonly member: NodeRef;
  readonly state: State;
}

async function forgetAt(member: NodeRef, node: NodeRef, executor: Executor, onChange: OnChange): Promise<State> {
  const view = await viewOf(executor, member).catch((error: unknown) => forgive(executor, member, error));
  if (view === undefined) return "silent";
  const lines = linesOf(node, view);
  if (lines.length === 0) return "clean";
  const owned = lines.flatMap(({ slots }) => slots);
  if (owned.length > 0) return { owns: formatRanges(owned) };
  if (lines.some(({ id }) => id === view.myself.primaryId)) return "follows";
  onChange();
  try {
    const server = await nodeOf(executor, member);
    const outcomes = await server.sendAll(lines.map(({ id }) => ["CLUSTER", "FORGET", id]));
    const refusal = outcomes.find(
      (outcome) => outcome instanceof ServerError && !/unknown node/i.test(outcome.message),
    );
    if (refusal instanceof ServerError) throw commandRefused("CLUSTER FORGET", member, refusal);
    return "told";
  } catch (error) {
    if (error instanceof SlotctlError && error.code === "COMMAND_REFUSED") throw error;
    return forgive(executor, member, error) ?? "silent";
  }
}

/** A node that is being learned of again is there under an id that is made up until the handshake is done. */
function linesOf({ id, address }: NodeRef, { lines }: View): readonly NodeLine[] {
  return lines.filter(
    (line) => line.id === id || (line.handshake && address.host !== "" && sameAddress(line, address)),
  );
}

function notForgotten(node: NodeRef, late: readonly Late[]): SlotctlError {
  return new SlotctlError(`${nameOf(node)} is not forgotten by every node`, {
    code: "NOT_FORGOTTEN",
    exitCode: ExitCode.Partial,
    details: late.map(({ member, state }) => `${formatAddress(member.address)} ${stateText(state)}`),
    hint: "slotctl resume goes on when they answer again; a node that still lists it can make it a member again",
  });
}

function stateText(state: State): string {
  switch (state) {
    case "silent":
      return "does not answer";
    case "follows":
      return "is still its replica";
    case "told":
    case "clean":
      return "has learned of it again";
    default:
      return `still holds it for the owner of slots ${state.owns}`;
  }
}

function absentText({ address }: NodeRef, node: NodeRef): string {
  return `${formatAddress(address)} does not answer and cannot forget ${nameOf(node)}: should it come back, run slotctl forget`;
}

function nameOf({ id, address }: NodeRef): string {
  return address.host === "" ? `Node ${id.slice(0, 8)}` : formatAddress(address);
}
