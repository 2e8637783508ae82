import { intersectRanges, parseRanges, slotsOf } from "../../model/slot.ts";
import type { DelSlots } from "../../plan/plan.ts";
import { change, type Executor, nodeOf, type OnChange, viewOf } from "../executor.ts";
import { setSlots } from "../move/set-slots.ts";
import { patienceOf } from "./patience.ts";

/**
 * Lets a node give up its claim. With DELSLOTS, which leaves its keys alone; whoever is told of a new owner by gossip
 * while it claims a slot itself deletes the keys that it has of it.
 */
export async function delSlots(
  { node, owner, slots }: DelSlots,
  executor: Executor,
  onChange: OnChange,
): Promise<boolean> {
  const { myself, lines } = await viewOf(executor, node);
  const claimed = slotsOf(intersectRanges(myself.slots, parseRanges(slots) ?? []));
  if (claimed.length === 0) return false;
  onChange();
  await change(executor, node, "CLUSTER", "DELSLOTS", ...claimed);
  // As long as it holds the slot for nobody's it answers its own MIGRATE with CLUSTERDOWN. Whom it has yet to meet it
  // cannot take for the owner; bring-keys tells it then.
  if (!lines.some(({ id, handshake }) => id === owner.id && !handshake)) return true;
  await setSlots(await nodeOf(executor, node), node, claimed, ["NODE", owner.id], patienceOf(executor));
  return true;
}
