import { SlotctlError } from "../errors.ts";
import type { ClusterNode } from "../model/cluster.ts";
import { type SlotRanges, slotsOf } from "../model/slot.ts";
import type { Connections } from "../node/connections.ts";
import { countKeys } from "../node/count-keys.ts";
import { ServerError } from "../node/node.ts";
import { withConnection } from "../node/with-connection.ts";

/** Keys that a node holds in each of these slots, over all databases; undefined when it does not let itself be asked. */
export async function countKeysPerSlot(
  node: ClusterNode,
  slots: SlotRanges,
  connections: Connections,
): Promise<ReadonlyMap<number, number> | undefined> {
  try {
    const databases = [...(node.facts?.keysByDatabase.keys() ?? [])];
    if (databases.length === 0) return new Map();
    return await withConnection(connections, node.dial, (server) => countKeys(server, slotsOf(slots), databases));
  } catch (error) {
    if (error instanceof SlotctlError || error instanceof ServerError) return undefined;
    throw error;
  }
}
