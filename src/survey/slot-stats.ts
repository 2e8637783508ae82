import type { SlotRanges } from "../model/slot.ts";
import { fieldsOf } from "../node/fields.ts";
import type { Command, Node, Reply } from "../node/node.ts";

/** What a server counts for a slot, by name: key-count, cpu-usec, network-bytes-in, memory-bytes … */
export type SlotStats = ReadonlyMap<string, Reply>;

/**
 * CLUSTER SLOT-STATS of these slots (Valkey 8.0, Redis 8.2); undefined when the server has no such command. It counts
 * more than keys only where cluster-slot-stats-enabled says so.
 */
export async function slotStatsOf(
  server: Node,
  slots: SlotRanges,
): Promise<ReadonlyMap<number, SlotStats> | undefined> {
  const commands = slots.map(({ start, end }): Command => ["CLUSTER", "SLOT-STATS", "SLOTSRANGE", start, end]);
  const replies = await server.sendAll(commands);
  if (replies.some((reply) => !Array.isArray(reply))) return undefined;
  // [slot, [name, value, …]] for each slot
  const entries = replies.flat() as unknown[];
  return new Map(
    entries.flatMap((entry) => (Array.isArray(entry) ? [[Number(entry[0]), fieldsOf(entry[1])] as const] : [])),
  );
}
