import { SlotctlError } from "../errors.ts";
import { type Cluster, type ClusterNode, type NodeId, primariesOf } from "../model/cluster.ts";
import { countSlots, type SlotRanges } from "../model/slot.ts";
import type { SlotEvidence } from "../model/slot-evidence.ts";
import type { Connections } from "../node/connections.ts";
import { type Command, ServerError } from "../node/node.ts";
import { countKeysPerSlot } from "./count-keys.ts";
import { mapConcurrently } from "./map-concurrently.ts";

const CONCURRENCY = 16;

/** Names of so many keys of a slot are compared; they are there to tell a person what is so, and decide nothing. */
const NAMES_A_SLOT = 1000;

/**
 * Counts the keys that every reached primary holds in these slots, and those that two of them hold by the same name.
 * Values are not compared here: a node hands out none of a slot that it neither owns nor imports.
 */
export async function surveySlotEvidence(
  cluster: Cluster,
  slots: SlotRanges,
  connections: Connections,
): Promise<SlotEvidence> {
  const primaries = primariesOf(cluster).filter(({ view }) => view !== undefined);
  const counts = await mapConcurrently(primaries, CONCURRENCY, async (node) =>
    countSlots(slots) === 0 ? new Map<number, number>() : countKeysPerSlot(node, slots, connections),
  );
  const keys = new Map<NodeId, ReadonlyMap<number, number>>();
  for (const [i, { id }] of primaries.entries()) if (counts[i] !== undefined) keys.set(id, counts[i]);
  return { keys, sharedKeys: await countShared(primaries, keys, connections) };
}

async function countShared(
  primaries: readonly ClusterNode[],
  keys: ReadonlyMap<NodeId, ReadonlyMap<number, number>>,
  connections: Connections,
): Promise<ReadonlyMap<number, number>> {
  const holders = new Map<number, ClusterNode[]>();
  for (const node of primaries) {
    for (const slot of keys.get(node.id)?.keys() ?? []) holders.set(slot, [...(holders.get(slot) ?? []), node]);
  }
  const contested = [...holders].filter(([, nodes]) => nodes.length > 1);
  const shared = await mapConcurrently(contested, CONCURRENCY, async ([slot, nodes]) => {
    const names = await Promise.all(nodes.map((node) => namesIn(node, slot, connections)));
    const seen = new Map<string, number>();
    for (const name of names.flatMap((found) => [...found])) seen.set(name, (seen.get(name) ?? 0) + 1);
    return [slot, [...seen.values()].filter((times) => times > 1).length] as const;
  });
  return new Map(shared.filter(([, count]) => count > 0));
}

/** Keys with their database; none when the node does not let itself be asked. */
async function namesIn(node: ClusterNode, slot: number, connections: Connections): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  try {
    const server = await connections.to(node.dial);
    for (const database of node.facts?.keysByDatabase.keys() ?? []) {
      const asking: Command = ["CLUSTER", "GETKEYSINSLOT", slot, NAMES_A_SLOT];
      const commands: Command[] = database === 0 ? [asking] : [["SELECT", database], asking, ["SELECT", 0]];
      const replies = await server.sendAllBinary(commands);
      const found = replies[database === 0 ? 0 : 1];
      if (!Array.isArray(found)) continue;
      for (const key of found) if (Buffer.isBuffer(key)) names.add(`${database} ${key.toString("latin1")}`);
    }
  } catch (error) {
    if (!(error instanceof SlotctlError) && !(error instanceof ServerError)) throw error;
  }
  return names;
}
