import type { NodeId } from "../../model/cluster.ts";
import type { SlotRanges } from "../../model/slot.ts";
import { malformedReply } from "../../node/failures.ts";
import { type Command, type Node, type Reply, ServerError } from "../../node/node.ts";
import { type AtomicCommands, hasSlots, type Job, mapsOf, slotsOfJob } from "./job.ts";

const LIST: Command = ["CLUSTER", "GETSLOTMIGRATIONS"];

/** Valkey 9.0 and up: the source pushes. Nothing is tried again by the server itself. */
export const VALKEY: AtomicCommands = {
  driver: "source",
  oneAtATime: false,
  list: () => LIST,
  parse: (reply, id) => mapsOf(reply, id).map(jobOf),
  start,
  // There is none for a single job: it cancels every export of the node.
  cancel: () => ["CLUSTER", "CANCELSLOTMIGRATIONS"],
};

async function start(source: Node, slots: SlotRanges, target: NodeId): Promise<string> {
  const ranges = slots.flatMap((range) => [range.start, range.end]);
  // One block, so that it becomes one job. Its name is not answered: it is the newest on the list.
  const [outcome, list] = await source.sendAll([
    ["CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", ...ranges, "NODE", target],
    LIST,
  ]);
  if (outcome instanceof ServerError) throw outcome;
  const jobs = list instanceof ServerError ? [] : mapsOf(list as Reply).map(jobOf);
  const ours = jobs.find((job) => job.end === "source" && job.target === target && hasSlots(job, slots));
  if (ours === undefined) throw malformedReply(source.address, "it accepted a slot migration and does not list it");
  return ours.id;
}

const RESULTS: Readonly<Record<string, Job["result"]>> = {
  success: "success",
  failed: "failed",
  cancelled: "cancelled",
};

/** The source hears from the target every second, and gives up after repl-timeout without a word. */
const GUARDED: ReadonlySet<string> = new Set(["waiting-to-snapshot", "snapshotting", "replicating"]);

function jobOf(fields: ReadonlyMap<string, string>): Job {
  const state = fields.get("state") ?? "";
  const left = Number(fields.get("remaining_repl_size"));
  return {
    id: fields.get("name") ?? "",
    end: fields.get("operation") === "EXPORT" ? "source" : "target",
    slots: slotsOfJob(fields.get("slot_ranges")),
    source: fields.get("source_node"),
    target: fields.get("target_node"),
    state,
    result: RESULTS[state],
    message: fields.get("message") ?? "",
    retries: 0,
    bytesLeft: Number.isNaN(left) ? undefined : left,
    guarded: GUARDED.has(state),
  };
}
