import { type Node, ServerError } from "../../node/node.ts";
import type { BulkNode } from "../../node/pipelined-node.ts";
import type { Patience } from "../../node/wait-until.ts";
import type { MoveSlots } from "../../plan/plan.ts";
import { type Executor, nodeOf } from "../executor.ts";
import type { Conflicts } from "./conflicts.ts";
import type { Grace } from "./grace.ts";
import type { Pace, Throttle } from "./pace.ts";

/** What all lanes of a move share. */
export interface LaneSettings {
  readonly step: Pick<MoveSlots, "from" | "to">;
  readonly pace: Pace;
  readonly throttle: Throttle;
  readonly executor: Executor;
  /** For what is in flight: it is brought to its end also when the run is to stop. */
  readonly patience: Patience;
  /** How much longer a slot may take once the run is to stop. */
  readonly grace: Grace;
  /** Databases that hold keys; more than one only on Valkey 9. */
  readonly databases: readonly number[];
  /** Called with how many keys have just gone over, and of which slot. */
  readonly moved: (keys: number, slot: number) => void;
  /** What becomes of keys that both ends hold with different values; undefined: that is a failure. */
  readonly conflicts?: Conflicts | undefined;
}

/** One way from a source to a target, with connections of its own: MIGRATE keeps them busy. */
export interface Lane extends LaneSettings {
  readonly source: BulkNode;
  readonly target: BulkNode;
}

/** @throws SlotctlError when one of the two cannot be reached */
export async function withLane(settings: LaneSettings, work: (lane: Lane) => Promise<void>): Promise<void> {
  const { executor, step } = settings;
  const { connections, limits } = executor;
  const { commandTimeout } = connections.settings;
  const [from, to] = await Promise.all([nodeOf(executor, step.from), nodeOf(executor, step.to)]);
  // A MIGRATE may take as long as it is allowed to, and then the answer still has to arrive.
  const source = await connections.open(from.address, limits.migrateTimeoutMs + commandTimeout);
  try {
    settings.pace.learnRoundTrip(await roundTripOf(source));
    const target = await connections.open(to.address, commandTimeout);
    try {
      await work({ ...settings, source, target });
    } finally {
      target.close();
    }
  } finally {
    source.close();
  }
}

/** Milliseconds that a question takes which keeps nobody busy: the best of a few. */
async function roundTripOf(node: Node): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 5; i++) {
    const started = performance.now();
    // Who may not ask that is refused as quickly.
    await node.sendAll([["PING"]]);
    best = Math.min(best, performance.now() - started);
  }
  return best;
}

/** The databases to look into for keys. */
export async function databasesOf(source: Node): Promise<readonly number[]> {
  const [keyspace, setting] = await source.sendAll([
    ["INFO", "keyspace"],
    ["CONFIG", "GET", "cluster-databases"],
  ]);
  if (keyspace instanceof ServerError) throw keyspace;
  const found = [...String(keyspace).matchAll(/^db(\d+):/gm)].map(([, database]) => Number(database));
  // A database that gets its first key while slots move must be seen as well, where there can be more than one.
  const isSetting = !(setting instanceof ServerError) && Array.isArray(setting) && setting.length === 2;
  const count = isSetting ? Number(setting[1]) : 1;
  const all = Array.from({ length: count }, (_, database) => database);
  return [...new Set([0, ...found, ...(count <= 16 ? all : [])])].sort((a, b) => a - b);
}
