import type { NodeId, View } from "../../model/cluster.ts";
import { subtractRanges, toRanges } from "../../model/slot.ts";
import { waitUntil } from "../../node/wait-until.ts";
import type { NodeRef } from "../../plan/plan.ts";
import { type Executor, viewOf } from "../executor.ts";

/**
 * Whether nodes have heard of a slot's new owner from that owner. Who is told before, with SETSLOT, may still find an older
 * packet of his in which the slot is missing, and marks it as claimed by nobody (`owner_not_claiming_slot`; Redis from 7.0
 * on clears the mark only with a packet that brings news, and until redis/redis#12564 not with SETSLOT). A slot with that
 * mark goes to whoever claims it, whatever his config epoch: when it comes here one day, the next packet of the owner who
 * is just giving it away takes it from its new one, who deletes the keys.
 */
export class Hearing {
  readonly #owner: NodeRef;
  readonly #executor: Executor;
  /** Where news take that long, as between servers that do not tell each other at once, nothing is waited for. */
  readonly #slow = new Set<NodeId>();

  constructor(owner: NodeRef, executor: Executor) {
    this.#owner = owner;
    this.#executor = executor;
  }

  /**
   * Returns true as soon as this node says itself that the owner has these slots; false when it does not hear of it for a while.
   * @throws SlotctlError when it cannot be asked
   */
  async by(node: NodeRef, slots: readonly number[]): Promise<boolean> {
    if (this.#slow.has(node.id)) return false;
    const look = async () => isOwner(await viewOf(this.#executor, node), this.#owner, slots) || undefined;
    const patience = { timeout: PATIENCE_MS, signal: new AbortController().signal, firstPause: FIRST_PAUSE_MS };
    if (await waitUntil(look, patience)) return true;
    this.#slow.add(node.id);
    return false;
  }
}

/**
 * The new owner tells all others before it turns to the next commands; but that may wait at his end until what he told
 * them last was acknowledged, some 40 ms on Linux (clusterLinkConnectHandler leaves Nagle's algorithm on).
 */
const PATIENCE_MS = 1000;
const FIRST_PAUSE_MS = 5;

function isOwner({ lines }: View, owner: NodeRef, slots: readonly number[]): boolean {
  const owned = lines.find(({ id }) => id === owner.id)?.slots ?? [];
  return subtractRanges(toRanges(slots), owned).length === 0;
}
