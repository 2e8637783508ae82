import type { SlotRanges } from "../../model/slot.ts";
import type { Node } from "../../node/node.ts";
import { type AtomicCommands, type Job, mapsOf, slotsOfJob } from "./job.ts";

/** Redis 8.4 and up: the target pulls, and begins again every second until it is told to stop. */
export const REDIS: AtomicCommands = {
  driver: "target",
  oneAtATime: true,
  list: (id) => ["CLUSTER", "MIGRATION", "STATUS", ...(id === undefined ? ["ALL"] : ["ID", id])],
  parse: (reply, id) => mapsOf(reply, id).map(jobOf),
  start,
  cancel: (id) => ["CLUSTER", "MIGRATION", "CANCEL", "ID", id],
};

async function start(target: Node, slots: SlotRanges): Promise<string> {
  const ranges = slots.flatMap((range) => [range.start, range.end]);
  return String(await target.send("CLUSTER", "MIGRATION", "IMPORT", ...ranges));
}

/** A task in `none` may wait for ever without a reason: writes that are paused, a module that forbids trimming. */
const UNGUARDED: ReadonlySet<string> = new Set(["none", "failed"]);

function jobOf(fields: ReadonlyMap<string, string>): Job {
  const state = fields.get("state") ?? "";
  const end = fields.get("operation") === "migrate" ? "source" : "target";
  return {
    id: fields.get("id") ?? "",
    end,
    slots: slotsOfJob(fields.get("slots")),
    source: fields.get("source"),
    target: fields.get("dest"),
    state,
    result: resultOf(state, end),
    message: fields.get("last_error") ?? "",
    retries: Number(fields.get("retries") ?? 0),
    bytesLeft: undefined,
    guarded: !UNGUARDED.has(state),
  };
}

function resultOf(state: string, end: Job["end"]): Job["result"] {
  if (state === "completed") return "success";
  if (state === "canceled") return "cancelled";
  // The target is going to try again, and the source then takes part again; by itself it does nothing more.
  return state === "failed" && end === "source" ? "failed" : undefined;
}
