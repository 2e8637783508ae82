import { SlotctlError } from "../../errors.ts";
import { formatAddress } from "../../model/address.ts";
import type { View } from "../../model/cluster.ts";
import { countSlots, hasSlot, intersectRanges, parseRanges, type SlotRanges, slotsOf } from "../../model/slot.ts";
import { countKeys } from "../../node/count-keys.ts";
import type { AssignSlots, NodeRef } from "../../plan/plan.ts";
import { change, type Executor, forgive, nodeOf, type OnChange, viewOf } from "../executor.ts";
import { databasesOf } from "../move/lane.ts";
import { planIsStale } from "../move/move-failures.ts";
import { setSlots, trySetSlots } from "../move/set-slots.ts";
import { patienceOf } from "./patience.ts";

/**
 * Makes a node the owner of slots in its own view, with a config epoch that wins over every other claim, and tells all
 * other primaries; replicas hear of it by gossip.
 * @throws SlotctlError, exit code 5, when somebody else claims one of them and holds keys: he would drop them
 */
export async function assignSlots(
  { node, slots }: AssignSlots,
  executor: Executor,
  onChange: OnChange,
): Promise<boolean> {
  const wanted = parseRanges(slots) ?? [];
  const { myself } = await viewOf(executor, node);
  const others = await otherViews(node, executor);
  const importing = myself.openSlots.filter(({ state, slot }) => state === "importing" && hasSlot(wanted, slot));
  const isOwner = countSlots(intersectRanges(myself.slots, wanted)) === countSlots(wanted) && importing.length === 0;
  const dissenters = others.filter(({ view }) => !seesAs(view, node, wanted));
  if (isOwner && dissenters.length === 0) return false;

  await refuseRivals(wanted, others, executor);
  onChange();
  const server = await nodeOf(executor, node);
  // First of all: whoever holds another for the owner, with a larger epoch, would have this one drop its keys.
  await change(executor, node, "CLUSTER", "BUMPEPOCH");
  await setSlots(server, node, slotsOf(wanted), ["NODE", node.id], patienceOf(executor));
  await Promise.all(dissenters.filter(isPrimary).map(({ ref }) => tell(ref, node, wanted, executor)));
  return true;
}

interface Other {
  readonly ref: NodeRef;
  readonly view: View;
}

async function otherViews(node: NodeRef, executor: Executor): Promise<readonly Other[]> {
  const others = executor.witnesses.filter(({ id }) => id !== node.id);
  const views = await Promise.all(
    others.map((ref) => viewOf(executor, ref).catch((error: unknown) => forgive(executor, ref, error))),
  );
  return others.flatMap((ref, i) => (views[i] === undefined ? [] : [{ ref, view: views[i] }]));
}

function isPrimary({ view }: Other): boolean {
  return view.myself.role === "primary";
}

function seesAs({ lines }: View, { id }: NodeRef, wanted: SlotRanges): boolean {
  const seen = lines.find((line) => line.id === id)?.slots ?? [];
  return countSlots(intersectRanges(seen, wanted)) === countSlots(wanted);
}

async function refuseRivals(wanted: SlotRanges, others: readonly Other[], executor: Executor): Promise<void> {
  for (const { ref, view } of others.filter(isPrimary)) {
    const claimed = slotsOf(intersectRanges(view.myself.slots, wanted));
    if (claimed.length === 0) continue;
    const server = await nodeOf(executor, ref);
    const counts = await countKeys(server, claimed, await databasesOf(server));
    const stale = [...counts].map(([slot, keys]) => ({
      slot,
      why: `${formatAddress(ref.address)} claims it and holds ${keys} of its keys`,
    }));
    if (stale.length > 0) throw planIsStale(stale);
  }
}

/** One that cannot be told hears of it by gossip. */
async function tell(other: NodeRef, owner: NodeRef, wanted: SlotRanges, executor: Executor): Promise<void> {
  try {
    const server = await nodeOf(executor, other);
    await trySetSlots(server, slotsOf(wanted), ["NODE", owner.id]);
  } catch (error) {
    if (!(error instanceof SlotctlError)) throw error;
    executor.emit({ type: "notice", text: `${error.message}; it learns of the new owner later` });
  }
}
