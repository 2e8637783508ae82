import { ExitCode, SlotctlError } from "../errors.ts";
import { formatAddress } from "../model/address.ts";
import { type Cluster, type ClusterNode, primariesOf } from "../model/cluster.ts";
import type { LoadMeasure } from "../model/evidence.ts";
import { SLOT_COUNT } from "../model/slot.ts";
import type { Connections } from "../node/connections.ts";
import { ServerError } from "../node/node.ts";
import { waitUntil } from "../node/wait-until.ts";
import { withConnection } from "../node/with-connection.ts";
import { countKeysPerSlot } from "./count-keys.ts";
import { mapConcurrently } from "./map-concurrently.ts";
import { estimateBytes, sampleKeys } from "./sample-keys.ts";
import { type SlotStats, slotStatsOf } from "./slot-stats.ts";

/** What each slot weighs: keys, bytes, or what it took while it was watched (microseconds, bytes). */
export interface SlotLoads {
  readonly by: LoadMeasure;
  readonly loads: Float64Array;
  /** How many keys it is estimated from; undefined when it was counted. */
  readonly sampledKeys: number | undefined;
}

export interface LoadSurvey {
  readonly connections: Connections;
  readonly signal: AbortSignal;
  /** Milliseconds between the two readings for cpu and network. */
  readonly sampleMs: number;
}

const CONCURRENCY = 16;

/** Keys that are measured in all, over all nodes; but at least one of each slot. */
const SAMPLED_KEYS = 20_000;

/** @throws SlotctlError, exit code 2, that names a node which does not tell, and how to make it */
export async function surveySlotLoads(cluster: Cluster, by: LoadMeasure, survey: LoadSurvey): Promise<SlotLoads> {
  const nodes = primariesOf(cluster).filter(({ slots }) => slots.length > 0);
  switch (by) {
    case "keys":
      return { by, loads: joined(await countAll(nodes, survey)), sampledKeys: undefined };
    case "memory":
      return memoryLoads(nodes, survey);
    case "cpu":
      return { by, loads: await watched(nodes, ["cpu-usec"], survey), sampledKeys: undefined };
    case "network":
      return {
        by,
        loads: await watched(nodes, ["network-bytes-in", "network-bytes-out"], survey),
        sampledKeys: undefined,
      };
  }
}

type BySlot = ReadonlyMap<number, number>;

function joined(parts: readonly BySlot[]): Float64Array {
  const loads = new Float64Array(SLOT_COUNT);
  for (const part of parts) for (const [slot, load] of part) loads[slot]! += load;
  return loads;
}

function countAll(nodes: readonly ClusterNode[], { connections }: LoadSurvey): Promise<readonly BySlot[]> {
  return mapConcurrently(nodes, CONCURRENCY, async (node) => {
    const counts = await countKeysPerSlot(node, node.slots, connections);
    if (counts === undefined) throw loadUnknown(node, "does not let its keys be counted", "Let the user run CLUSTER");
    return counts;
  });
}

/** Counted by the servers where all of them do; else estimated from keys that are looked at. */
async function memoryLoads(nodes: readonly ClusterNode[], survey: LoadSurvey): Promise<SlotLoads> {
  const read = await mapConcurrently(nodes, CONCURRENCY, (node) => readStats(node, survey));
  const counted = read.map((stats) => (stats === undefined ? undefined : sumOf(stats, ["memory-bytes"])));
  if (counted.every((part) => part !== undefined))
    return { by: "memory", loads: joined(counted), sampledKeys: undefined };
  const counts = await countAll(nodes, survey);
  const withKeys = counts.reduce((sum, { size }) => sum + size, 0);
  let sampledKeys = 0;
  const parts = await mapConcurrently(nodes, CONCURRENCY, async (node, i) => {
    const own = counts[i]!;
    const limits = { slots: SLOT_COUNT, keys: Math.floor((SAMPLED_KEYS * own.size) / Math.max(1, withKeys)) };
    const sampled = await asking(
      node,
      "does not let the size of its keys be asked",
      "Let the user run MEMORY USAGE",
      () =>
        withConnection(survey.connections, node.dial, (server) =>
          sampleKeys(server, own, [...(node.facts?.keysByDatabase.keys() ?? [])], limits),
        ),
    );
    sampledKeys += sampled.length;
    return estimateBytes(own, sampled);
  });
  return { by: "memory", loads: joined(parts), sampledKeys };
}

/** What each slot took between two readings. A counter that began again, with a slot that has just come, counts as idle. */
async function watched(
  nodes: readonly ClusterNode[],
  names: readonly string[],
  survey: LoadSurvey,
): Promise<Float64Array> {
  const read = async () =>
    joined(
      await mapConcurrently(nodes, CONCURRENCY, async (node) => {
        const stats = await readStats(node, survey);
        const sums = stats === undefined ? undefined : sumOf(stats, names);
        if (sums === undefined) throw notMeasured(node, stats !== undefined);
        return sums;
      }),
    );
  const before = await read();
  await waitUntil(async () => undefined, { timeout: survey.sampleMs, signal: survey.signal });
  const after = await read();
  return after.map((load, slot) => Math.max(0, load - before[slot]!));
}

function readStats(
  node: ClusterNode,
  { connections }: LoadSurvey,
): Promise<ReadonlyMap<number, SlotStats> | undefined> {
  return asking(node, "does not tell its slot statistics", "Let the user run CLUSTER SLOT-STATS", async () =>
    slotStatsOf(await connections.to(node.dial), node.slots),
  );
}

/** The sum of these counters for each slot; undefined when the server does not keep one of them. */
function sumOf(stats: ReadonlyMap<number, SlotStats>, names: readonly string[]): BySlot | undefined {
  const sums = new Map<number, number>();
  for (const [slot, fields] of stats) {
    const values = names.map((name) => fields.get(name));
    if (values.includes(undefined)) return undefined;
    sums.set(
      slot,
      values.reduce<number>((sum, value) => sum + Number(value), 0),
    );
  }
  return sums;
}

async function asking<T>(node: ClusterNode, what: string, hint: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ServerError) throw loadUnknown(node, `${what}: ${error.message}`, hint);
    throw error;
  }
}

function notMeasured(node: ClusterNode, hasCommand: boolean): SlotctlError {
  return hasCommand
    ? loadUnknown(
        node,
        "does not measure the load of its slots",
        "Set cluster-slot-stats-enabled to yes on every node (CONFIG SET takes it at once), and let traffic flow for a while",
      )
    : loadUnknown(
        node,
        "has no CLUSTER SLOT-STATS, or does not let it be used",
        "Valkey has it from 8.0 on, Redis from 8.2 on; --by keys and --by memory work everywhere",
      );
}

function loadUnknown({ address }: ClusterNode, what: string, hint: string): SlotctlError {
  return new SlotctlError(`${formatAddress(address)} ${what}`, {
    code: "LOAD_UNKNOWN",
    exitCode: ExitCode.Usage,
    hint: `Nothing was changed. ${hint}`,
  });
}
