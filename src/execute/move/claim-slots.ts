import { type Command, type Node, type Outcome, ServerError } from "../../node/node.ts";
import type { NodeRef } from "../../plan/plan.ts";
import { setSlotRefused } from "./move-failures.ts";
import type { SetSlotHabits } from "./set-slot-habits.ts";
import { type HowToSet, setSlots } from "./set-slots.ts";

/**
 * Gives slots to the target that imports them.
 *
 * A target that tells all others of each slot does so only twice when all slots but the first and the last cease to be imported
 * a moment before they are assigned: of 4,096 packets to each node, with their 2 kB and a look through 16,384 slots, 128
 * are left, and clients do not stand in line behind them. As that leaves out the new config epoch too, which makes the
 * others believe it, the epoch comes first. All of it is one transaction: nobody sees a part of it, and a server that dies
 * has either none of it on disk or everything.
 *
 * The first is told of by itself for the source: one that loses its last slots to a node that owned nothing before takes
 * that for a failover, and becomes its replica whatever cluster-allow-replica-migration says (clusterUpdateSlotsConfigWith,
 * `sender_slots == migrated_our_slots`). Where another slot follows by itself, it has that one left.
 */
export class Claims {
  #atOnce: boolean;

  constructor({ tellsOfEachSlot }: Pick<SetSlotHabits, "tellsOfEachSlot">) {
    this.#atOnce = tellsOfEachSlot;
  }

  /**
   * On a connection of our own: on one that all share, others might be heard in between.
   * @throws SlotctlError SETSLOT_REFUSED as setSlots does
   */
  async claim(node: Node, target: NodeRef, slots: readonly number[], how: HowToClaim): Promise<void> {
    const told = how.oneFollows ? slots.slice(-1) : [slots[0]!, slots.at(-1)!];
    if (this.#atOnce && slots.length > told.length) {
      if (await claimAtOnce(node, target, slots, told)) return;
      // Who may not do that is not asked again: each refusal goes into the server's ACL LOG.
      this.#atOnce = false;
    }
    await setSlots(node, target, slots, ["NODE", target.id], how);
  }
}

export interface HowToClaim extends HowToSet {
  /** Another slot of the same source is claimed later. */
  readonly oneFollows: boolean;
}

/** Whether it did all of it; who may not do that much is asked for each slot. */
async function claimAtOnce(
  node: Node,
  target: NodeRef,
  slots: readonly number[],
  told: readonly number[],
): Promise<boolean> {
  const outcomes = await node.sendAll([
    ["MULTI"],
    ["CLUSTER", "BUMPEPOCH"],
    ...slots.flatMap((slot): Command[] => {
      const assigned: Command = ["CLUSTER", "SETSLOT", slot, "NODE", target.id];
      return told.includes(slot) ? [assigned] : [["CLUSTER", "SETSLOT", slot, "STABLE"], assigned];
    }),
    ["EXEC"],
    // Where EXEC is not allowed, the transaction must not stay open for what comes next.
    ["DISCARD"],
  ]);
  const [executed, discarded] = outcomes.slice(-2);
  const isOpen = !(outcomes[0] instanceof ServerError) && isForbidden(executed) && isForbidden(discarded);
  if (isOpen) throw setSlotRefused(slots.at(-1)!, target, executed);
  return Array.isArray(executed) && executed.every((outcome: unknown) => !(outcome instanceof ServerError));
}

function isForbidden(outcome: Outcome | undefined): outcome is ServerError {
  return outcome instanceof ServerError && outcome.word === "NOPERM";
}
