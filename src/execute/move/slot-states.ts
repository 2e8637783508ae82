import type { NodeId, NodeLine, View } from "../../model/cluster.ts";
import { hasSlot } from "../../model/slot.ts";
import type { MoveSlots, NodeRef } from "../../plan/plan.ts";

/** Why a slot cannot be moved as planned. */
export interface StaleSlot {
  readonly slot: number;
  readonly why: string;
}

/** How far the slots of a move are on their way; those in no list have arrived. */
export interface SlotStates {
  /** The source holds itself for the owner, and may hold keys; perhaps an earlier run has opened them already. */
  readonly atSource: readonly number[];
  /** The target owns them and the source knows, but one of the two still holds them open. */
  readonly unclosed: readonly number[];
  readonly stale: readonly StaleSlot[];
}

/** Sorts the slots of a move by how far they are, from what source and target say of themselves. Pure. */
export function sortSlots(step: MoveSlots, slots: readonly number[], source: NodeLine, target: NodeLine): SlotStates {
  const atSource: number[] = [];
  const unclosed: number[] = [];
  const stale: StaleSlot[] = [];
  const atSourceOpen = new Map(source.openSlots.map((open) => [open.slot, open]));
  const atTargetOpen = new Map(target.openSlots.map((open) => [open.slot, open]));
  for (const slot of slots) {
    const why = foreignMove(step, atSourceOpen.get(slot), atTargetOpen.get(slot));
    if (why !== undefined) stale.push({ slot, why });
    else if (hasSlot(source.slots, slot)) atSource.push(slot);
    else if (hasSlot(target.slots, slot)) {
      if (atSourceOpen.has(slot) || atTargetOpen.has(slot)) unclosed.push(slot);
    } else stale.push({ slot, why: "neither of the two owns it" });
  }
  return { atSource, unclosed, stale };
}

type Open = NodeLine["openSlots"][number] | undefined;

/** A slot that somebody else is moving is not ours to touch. */
function foreignMove({ from, to }: MoveSlots, source: Open, target: Open): string | undefined {
  if (source !== undefined && (source.state !== "migrating" || !isOrWas(to, source.peerId))) {
    return `its source has it ${source.state} with ${source.peerId}`;
  }
  if (target !== undefined && (target.state !== "importing" || !isOrWas(from, target.peerId))) {
    return `its target has it ${target.state} with ${target.peerId}`;
  }
  return undefined;
}

/** After a failover the other end still has the slot open with the primary before. */
function isOrWas({ id, formerly = [] }: NodeRef, peer: NodeId): boolean {
  return peer === id || formerly.includes(peer);
}

/**
 * Slots of the source that nobody owns in the target's eyes, or still the primary before. While a slot is being
 * imported gossip does not touch it, so that a target never hears of a failover of its source; and a server that misses
 * the owner of a slot takes no keys. Pure.
 */
export function unheardSlots({ from, to }: MoveSlots, slots: readonly number[], target: View): readonly number[] {
  const others = target.lines.filter(({ id }) => id === from.id || id === to.id || !isOrWas(from, id));
  return slots.filter((slot) => !others.some((line) => hasSlot(line.slots, slot)));
}
