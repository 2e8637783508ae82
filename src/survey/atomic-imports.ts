import { parseRanges, type SlotRanges, unionRanges } from "../model/slot.ts";
import { fieldsOf } from "../node/fields.ts";
import { type Node, ServerError } from "../node/node.ts";

const ENDED: ReadonlySet<string> = new Set(["success", "failed", "cancelled"]);

/**
 * Slots that a Valkey 9 is taking over by itself right now: it holds and counts their keys before the slots are its own.
 * A Redis hides them until then. Nothing where the server has no such thing, or does not tell.
 */
export async function slotsBeingImported(server: Node): Promise<SlotRanges> {
  const [jobs] = await server.sendAll([["CLUSTER", "GETSLOTMIGRATIONS"]]);
  if (jobs === undefined || jobs instanceof ServerError || !Array.isArray(jobs)) return [];
  const running = jobs
    .map(fieldsOf)
    .filter((job) => job.get("operation") === "IMPORT" && !ENDED.has(String(job.get("state"))))
    .map(
      (job) =>
        parseRanges(
          String(job.get("slot_ranges") ?? "")
            .trim()
            .split(/\s+/)
            .join(","),
        ) ?? [],
    );
  return unionRanges(...running);
}
