import { SlotctlError } from "../../errors.ts";
import type { NodeId, View } from "../../model/cluster.ts";
import { parseRanges, subtractRanges } from "../../model/slot.ts";
import { waitUntil } from "../../node/wait-until.ts";
import type { MoveSlots, NodeRef } from "../../plan/plan.ts";
import { type Executor, forgive, viewOf } from "../executor.ts";
import { failedOver } from "./move-failures.ts";

/** The cluster as source and target see it. */
export interface Pair {
  readonly source: View;
  readonly target: View;
}

/**
 * Reads both ends of a move.
 * @throws SlotctlError when one cannot be reached, or is no primary any more
 */
export async function readPair(step: MoveSlots, executor: Executor): Promise<Pair> {
  const [source, target] = await Promise.all([viewOf(executor, step.from), viewOf(executor, step.to)]);
  refuseReplicas(step, { source, target });
  return { source, target };
}

/**
 * A source without slots follows whoever got the last one, by this move or by another beside it: where the target has
 * all of this one, that is no failover.
 */
function refuseReplicas({ from, to, slots }: MoveSlots, { source, target }: Pair): void {
  const { role, primaryId } = source.myself;
  const left = subtractRanges(parseRanges(slots) ?? [], target.myself.slots);
  if (role === "replica" && primaryId !== to.id && left.length > 0) throw failedOver(from, primaryId);
  if (target.myself.role === "replica") throw failedOver(to, target.myself.primaryId);
}

/**
 * After a failure: waits until both ends answer again over new connections, so that what became of the last commands
 * can be read.
 * @throws the failure when one of them stays away, or SlotctlError as soon as the other knows that it was replaced
 */
export async function waitForPair(step: MoveSlots, executor: Executor, seen: Pair, failure: unknown): Promise<void> {
  const text = failure instanceof SlotctlError ? failure.message : String(failure);
  executor.emit({ type: "notice", text: `${text}; looking again how far it is` });
  for (const ref of [step.from, step.to]) drop(ref, executor);
  const found = await waitUntil(async () => {
    const [source, target] = await Promise.all([see(step.from, executor), see(step.to, executor)]);
    if (source !== undefined && target !== undefined) return true;
    const witness = source ?? target;
    const away = source === undefined ? step.from : step.to;
    const heir = witness && heirOf(away, seen.source, witness);
    if (heir !== undefined) throw failedOver(away, heir);
    return undefined;
  }, executor);
  if (found === undefined) throw failure;
}

function drop({ id, address }: NodeRef, { connections, dials }: Executor): void {
  connections.drop(dials.get(id) ?? connections.dialOf(address));
}

async function see(ref: NodeRef, executor: Executor): Promise<View | undefined> {
  return viewOf(executor, ref).catch((error: unknown) => forgive(executor, ref, error));
}

/** Who was its replica when it was last seen, and is a primary now. */
export function heirOf({ id }: NodeRef, seen: View, now: View): NodeId | undefined {
  const replicas = new Set(seen.lines.filter(({ primaryId }) => primaryId === id).map((line) => line.id));
  return now.lines.find((line) => replicas.has(line.id) && line.role === "primary")?.id;
}
