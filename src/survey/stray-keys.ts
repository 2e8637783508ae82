import { SlotctlError } from "../errors.ts";
import { type Cluster, type ClusterNode, primariesOf, type StrayKeys } from "../model/cluster.ts";
import { complementRanges, type SlotRanges, slotsOf, subtractRanges, toRanges, unionRanges } from "../model/slot.ts";
import type { Connections } from "../node/connections.ts";
import { countKeys, countKeysIn } from "../node/count-keys.ts";
import { sendInDatabase } from "../node/in-database.ts";
import { type Node, ServerError } from "../node/node.ts";
import { withConnection } from "../node/with-connection.ts";
import { slotsBeingImported } from "./atomic-imports.ts";
import { mapConcurrently } from "./map-concurrently.ts";

/** `cheap` looks into foreign slots only where the counts do not add up; `thorough` always does. */
export type StraySearch = "cheap" | "thorough";

const CONCURRENCY = 16;

/** The same cluster, with the keys that primaries hold in slots that they do not own. */
export async function surveyStrayKeys(
  cluster: Cluster,
  connections: Connections,
  search: StraySearch,
): Promise<Cluster> {
  const primaries = new Set(primariesOf(cluster));
  const nodes = await mapConcurrently(cluster.nodes, CONCURRENCY, async (node) =>
    primaries.has(node) && node.view !== undefined
      ? { ...node, strayKeys: await strayKeysOf(node, connections, search) }
      : node,
  );
  return { nodes };
}

async function strayKeysOf(
  node: ClusterNode,
  connections: Connections,
  search: StraySearch,
): Promise<StrayKeys | undefined> {
  const databases = [...(node.facts?.keysByDatabase.keys() ?? [])];
  if (databases.length === 0) return { keys: 0, slots: [] };
  try {
    return await withConnection(connections, node.dial, async (server) => {
      const found: StrayKeys[] = [];
      for (const database of databases) found.push(await strayKeysIn(server, node, database, search));
      return {
        keys: found.reduce((keys, stray) => keys + stray.keys, 0),
        slots: toRanges(found.flatMap(({ slots }) => slotsOf(slots))),
      };
    });
  } catch (error) {
    // A node that went away, or a user who may not count: that is reported elsewhere, and nothing is claimed here.
    if (error instanceof SlotctlError || error instanceof ServerError) return undefined;
    throw error;
  }
}

/** A slot that is being imported holds keys before it is owned: an open slot is reported as such, not as stray keys. */
async function strayKeysIn(server: Node, node: ClusterNode, database: number, search: StraySearch): Promise<StrayKeys> {
  if (search === "cheap" && (await countsAddUp(server, node.slots, database))) return { keys: 0, slots: [] };
  const open = toRanges(node.openSlots.map(({ slot }) => slot));
  const importedBefore = await importedBy(server, node);
  const foreign = complementRanges(unionRanges(node.slots, open, importedBefore));
  const counts = await countKeys(server, slotsOf(foreign), [database]);
  // One that has begun meanwhile has keys there as well.
  const slots = counts.size === 0 ? [] : subtractRanges(toRanges(counts.keys()), await importedBy(server, node));
  return { keys: sum(slotsOf(slots).map((slot) => counts.get(slot) ?? 0)), slots };
}

async function importedBy(server: Node, { facts }: ClusterNode): Promise<SlotRanges> {
  return facts?.engine === "valkey" ? slotsBeingImported(server) : [];
}

/** Keys in owned slots against all keys: when they are equal there is nothing in any other slot. */
async function countsAddUp(server: Node, owned: SlotRanges, database: number): Promise<boolean> {
  const [[before], counted] = await Promise.all([
    sendInDatabase(server, database, [["DBSIZE"]]),
    countKeysIn(server, slotsOf(owned), database),
  ]);
  return counted >= Number(before);
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
