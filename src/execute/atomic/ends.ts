import type { View } from "../../model/cluster.ts";
import { nodesParser } from "../../model/parse-nodes.ts";
import { intersectRanges, type SlotRanges, subtractRanges, toRanges } from "../../model/slot.ts";
import { type Command, type Reply, ServerError } from "../../node/node.ts";
import { waitUntil } from "../../node/wait-until.ts";
import type { NodeRef } from "../../plan/plan.ts";
import { forgive, nodeOf } from "../executor.ts";
import { commandRefused } from "../failures.ts";
import { ownersDisagree } from "./atomic-failures.ts";
import type { AtomicMove } from "./atomic-move.ts";
import type { Job } from "./job.ts";

/** What one end tells at one moment. */
export interface End {
  readonly view: View;
  readonly jobs: readonly Job[];
}

export interface Ends {
  readonly source: End;
  readonly target: End;
}

const parseNodes = nodesParser();

/** @throws SlotctlError when one of them cannot be reached or does not tell */
export async function readEnds(move: AtomicMove): Promise<Ends> {
  const { from, to } = move.step;
  const [source, target] = await Promise.all([readEnd(from, move), readEnd(to, move)]);
  return { source, target };
}

async function readEnd(ref: NodeRef, { executor, commands }: AtomicMove): Promise<End> {
  const node = await nodeOf(executor, ref);
  const asked: readonly Command[] = [["CLUSTER", "NODES"], commands.list()];
  const replies = (await node.sendAll(asked)).map((outcome, i): Reply => {
    if (!(outcome instanceof ServerError)) return outcome;
    throw commandRefused(asked[i]!.join(" "), ref, outcome);
  });
  return { view: parseNodes(String(replies[0])), jobs: commands.parse(replies[1] ?? null) };
}

/** As readEnds; undefined when one of them does not answer just now. */
export async function tryReadEnds(move: AtomicMove): Promise<Ends | undefined> {
  const { from, to } = move.step;
  const [source, target] = await Promise.all(
    [from, to].map((ref) => readEnd(ref, move).catch((error: unknown) => forgive(move.executor, ref, error))),
  );
  return source === undefined || target === undefined ? undefined : { source, target };
}

/** The jobs that a node tells of: all, or those with this id. Undefined when it does not answer just now. */
export async function jobsOn(
  ref: NodeRef,
  { executor, commands }: AtomicMove,
  id?: string,
): Promise<readonly Job[] | undefined> {
  try {
    const jobs = commands.parse(await (await nodeOf(executor, ref)).send(...commands.list(id)), id);
    return id === undefined ? jobs : jobs.filter((job) => job.id === id);
  } catch (error) {
    return forgive(executor, ref, error);
  }
}

/** The slots that the target does not call its own. */
export function slotsToGo({ target }: Ends, { slots }: AtomicMove): SlotRanges {
  return subtractRanges(slots, target.view.myself.slots);
}

/** The target calls all slots its own, and the source none of them. */
export function hasArrived(ends: Ends | undefined, move: AtomicMove): boolean {
  if (ends === undefined || slotsToGo(ends, move).length > 0) return false;
  return intersectRanges(move.slots, ends.source.view.myself.slots).length === 0;
}

/**
 * The servers call a migration done a moment before both have the new map.
 * @throws SlotctlError when they still disagree after the timeout
 */
export async function settle(move: AtomicMove): Promise<void> {
  const { executor, step } = move;
  const arrived = await waitUntil(async () => hasArrived(await tryReadEnds(move), move) || undefined, executor);
  if (arrived === undefined) throw ownersDisagree(step, executor.timeout / 1000);
}

/** Slots that are half way by the older, key-wise way. */
export function openSlotsOf({ view }: End): SlotRanges {
  return toRanges(view.myself.openSlots.map(({ slot }) => slot));
}
