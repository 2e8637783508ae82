import { SlotctlError } from "../errors.ts";
import type { ClusterNode } from "../model/cluster.ts";
import { type SlotRanges, slotsOf } from "../model/slot.ts";
import type { Connections } from "../node/connections.ts";
import { type Command, ServerError } from "../node/node.ts";

/** Keys that a node holds in each of these slots, over all databases; undefined when it does not let itself be asked. */
export async function countKeysPerSlot(
  node: ClusterNode,
  slots: SlotRanges,
  connections: Connections,
): Promise<ReadonlyMap<number, number> | undefined> {
  const counts = new Map<number, number>();
  try {
    const server = await connections.to(node.dial);
    const wanted = [...slotsOf(slots)];
    for (const database of node.facts?.keysByDatabase.keys() ?? []) {
      if (database !== 0) await server.send("SELECT", database);
      const replies = await server.sendAll(wanted.map((slot): Command => ["CLUSTER", "COUNTKEYSINSLOT", slot]));
      if (database !== 0) await server.send("SELECT", 0);
      for (const [i, reply] of replies.entries()) {
        if (reply instanceof ServerError) return undefined;
        counts.set(wanted[i]!, (counts.get(wanted[i]!) ?? 0) + Number(reply));
      }
    }
    return counts;
  } catch (error) {
    if (error instanceof SlotctlError || error instanceof ServerError) return undefined;
    throw error;
  }
}
