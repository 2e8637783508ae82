import { formatAddress } from "../../model/address.ts";
import { hasSlot, parseRanges, slotsOf } from "../../model/slot.ts";
import { countKeys } from "../../node/count-keys.ts";
import type { BringKeys } from "../../plan/plan.ts";
import { nodeOf, viewOf } from "../executor.ts";
import type { Conflicts } from "../move/conflicts.ts";
import { drainSlots } from "../move/drain-slots.ts";
import { Grace } from "../move/grace.ts";
import { databasesOf, withLane } from "../move/lane.ts";
import { planIsStale } from "../move/move-failures.ts";
import type { MoveContext } from "../move/move-slots.ts";
import { Pace } from "../move/pace.ts";
import { setSlots } from "../move/set-slots.ts";

/** So many slots are open at a time. */
const SLOTS_A_CHUNK = 64;

/**
 * Moves keys that a node holds of slots it does not own to their owner. The node is made to import the slots from the
 * owner: only so it hands out keys of a slot that is not its own, and no gossip can touch them meanwhile.
 */
export async function bringKeys(
  step: BringKeys,
  context: MoveContext & { readonly conflicts: Conflicts },
): Promise<boolean> {
  const { executor } = context;
  const slots = slotsOf(parseRanges(step.slots) ?? []);
  const holder = await nodeOf(executor, step.from);
  const counts = await countKeys(holder, slots, await databasesOf(holder));
  const open = new Set((await viewOf(executor, step.from)).myself.openSlots.map(({ slot }) => slot));
  const left = slots.filter((slot) => (counts.get(slot) ?? 0) > 0 || open.has(slot));
  if (left.length === 0) return false;
  await refuseStale(step, left, context);
  const moved = teller(
    step,
    [...counts.values()].reduce((sum, keys) => sum + keys, 0),
    context,
  );
  for (let first = 0; first < left.length; first += SLOTS_A_CHUNK) {
    executor.signal.throwIfAborted();
    await bringChunk(step, left.slice(first, first + SLOTS_A_CHUNK), context, moved);
  }
  return true;
}

/** Tells how many keys have come home, each time that some have. */
function teller({ from, to }: BringKeys, total: number, { executor }: MoveContext): (keys: number) => void {
  const lane = `${formatAddress(from.address)} -> ${formatAddress(to.address)}`;
  let done = 0;
  const tell = (keys: number) => {
    done += keys;
    executor.emit({ type: "work-progress", what: "Bringing keys home", lane, done, total, unit: "keys" });
  };
  if (total > 0) tell(0);
  return tell;
}

async function refuseStale(step: BringKeys, slots: readonly number[], { executor }: MoveContext): Promise<void> {
  const [holder, owner] = await Promise.all([viewOf(executor, step.from), viewOf(executor, step.to)]);
  const migrating = new Set(
    owner.myself.openSlots.filter(({ state }) => state === "migrating").map(({ slot }) => slot),
  );
  const stale = slots.flatMap((slot) => {
    if (hasSlot(holder.myself.slots, slot)) return [{ slot, why: "the node that holds the keys claims it" }];
    if (!hasSlot(owner.myself.slots, slot)) return [{ slot, why: "the node that the keys go to does not own it" }];
    return migrating.has(slot) ? [{ slot, why: "its owner is migrating it" }] : [];
  });
  if (stale.length > 0) throw planIsStale(stale);
}

async function bringChunk(
  step: BringKeys,
  slots: readonly number[],
  context: MoveContext & { readonly conflicts: Conflicts },
  moved: (keys: number) => void,
): Promise<void> {
  const { executor, throttle, onChange, conflicts } = context;
  const { from, to } = step;
  onChange();
  const holder = await nodeOf(executor, from);
  // What is in flight is brought to its end also when the run is to stop.
  const patience = { timeout: executor.timeout, signal: new AbortController().signal };
  const how = { patience, oneFirst: false, emit: executor.emit };
  await setSlots(holder, from, slots, ["NODE", to.id], how);
  await setSlots(holder, from, slots, ["IMPORTING", to.id], how);
  const settings = {
    step,
    pace: new Pace(executor.limits.maxBlockMs),
    throttle,
    executor,
    patience,
    grace: new Grace(executor.signal),
    databases: await databasesOf(holder),
    moved,
    conflicts,
  };
  await withLane(settings, async (lane) => {
    await conflicts.prepare(slots, lane);
    await drainSlots(lane, slots);
  });
  await setSlots(holder, from, slots, ["STABLE"], how);
}
