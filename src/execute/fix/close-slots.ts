import { hasSlot, parseRanges } from "../../model/slot.ts";
import type { CloseSlots, NodeRef } from "../../plan/plan.ts";
import { type Executor, nodeOf, type OnChange, viewOf } from "../executor.ts";
import { setSlots } from "../move/set-slots.ts";
import { patienceOf } from "./patience.ts";

/** Ends the importing or migrating state. A replica takes no SETSLOT, but what its primary is told goes on to it (Valkey 8). */
export async function closeSlots(
  { node, slots }: CloseSlots,
  executor: Executor,
  onChange: OnChange,
): Promise<boolean> {
  const { myself, lines } = await viewOf(executor, node);
  const wanted = parseRanges(slots) ?? [];
  const open = myself.openSlots.map(({ slot }) => slot).filter((slot) => hasSlot(wanted, slot));
  if (open.length === 0) return false;
  const primary = lines.find(({ id }) => id === myself.primaryId);
  const told: NodeRef =
    myself.role === "primary" || primary === undefined ? node : { id: primary.id, address: primary };
  onChange();
  await setSlots(await nodeOf(executor, told), told, open, ["STABLE"], patienceOf(executor));
  return true;
}
