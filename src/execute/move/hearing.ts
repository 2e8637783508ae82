import type { View } from "../../model/cluster.ts";
import { subtractRanges, toRanges } from "../../model/slot.ts";
import { waitUntil } from "../../node/wait-until.ts";
import type { MoveSlots } from "../../plan/plan.ts";
import { type Executor, forgive, viewOf } from "../executor.ts";

/**
 * A source is told of a slot's new owner when it has heard of it from that owner. Told before, it may still find an older
 * packet of him in which the slot is missing, and marks it as claimed by nobody (`owner_not_claiming_slot`; Redis from 7.0
 * on clears the mark only with a packet that brings news, and not with SETSLOT, see redis/redis#12344). A slot with that mark
 * goes to whoever claims it, whatever his config epoch: when it comes back one day, the next packet of the owner who is
 * just giving it away takes it from its new one, who deletes the keys.
 */
export class Hearing {
  /** Where news take that long, as between servers that do not tell each other at once, nothing is waited for. */
  #isQuick = true;

  /** Returns when the source says itself that the target owns these slots, or does not hear of it for a while. */
  async await(slots: readonly number[], step: Pick<MoveSlots, "from" | "to">, executor: Executor): Promise<void> {
    if (!this.#isQuick) return;
    const look = async () => {
      const view = await viewOf(executor, step.from).catch((error: unknown) => forgive(executor, step.from, error));
      // Who cannot be asked is told, which finds out what is the matter.
      return view === undefined || hasHeardOf(view, slots, step) ? true : undefined;
    };
    for (let i = 0; i < LOOKS_AT_ONCE; i++) if (await look()) return;
    const patience = { timeout: PATIENCE_MS, signal: new AbortController().signal };
    this.#isQuick = (await waitUntil(look, patience)) !== undefined;
  }
}

/** It takes as long as an answer on the way: the new owner tells all others before it turns to the next commands. */
const LOOKS_AT_ONCE = 5;
const PATIENCE_MS = 1000;

function hasHeardOf({ lines }: View, slots: readonly number[], { to }: Pick<MoveSlots, "to">): boolean {
  const owned = lines.find(({ id }) => id === to.id)?.slots ?? [];
  return subtractRanges(toRanges(slots), owned).length === 0;
}
