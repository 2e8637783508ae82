import { SLOT_COUNT } from "../../src/model/slot.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { announceDelayed } from "./delaying-proxy.ts";
import {
  assertMoved,
  type GrownCluster,
  loadKeys,
  MOVED_SLOTS,
  SOURCES,
  slotsToGiveBack,
  startGrownCluster,
} from "./grown-cluster.ts";
import { type Latencies, measureLatencies, SLOW_MS } from "./latencies.ts";
import { median } from "./measure.ts";
import { row, secondsText, timesFaster } from "./report.ts";
import { addressesOf, original, slotctl } from "./tools.ts";

const KEYS = 250_000;
const VALUE_BYTES = 100;

/** Moves a quarter of the slots to the newcomer and returns the seconds that it took. */
export type Mover = (seed: string, cluster: GrownCluster) => Promise<number>;

export const ours: Mover = oursWith();

function oursWith(...more: readonly string[]): Mover {
  return (seed, { nodes }) => {
    const move = ["--to", nodes.d.id, "--slots", String(MOVED_SLOTS), "--method", "keys", "--yes"];
    return slotctl("reshard", seed, ...move, ...more);
  };
}

export function theirs(engine: TestEngine, ...more: readonly string[]): Mover {
  return (seed, { nodes }) => {
    const from = SOURCES.map((name) => nodes[name].id).join(",");
    const move = ["--cluster-from", from, "--cluster-to", nodes.d.id, "--cluster-slots", String(MOVED_SLOTS)];
    return original(engine, "reshard", seed, ...move, "--cluster-yes", ...more);
  };
}

export async function emptyMoves(engine: TestEngine = ENGINES[0]!): Promise<void> {
  await using cluster = await startGrownCluster(engine);
  const [seed] = addressesOf(cluster.members);
  const [mine, redisCli] = await compare(cluster, seed!, 5, [ours, theirs(engine)]);
  tell(`move ${MOVED_SLOTS} empty slots, 3 -> 4 nodes`, mine!, redisCli!, ">= 10x");
}

/** With keys: against redis-cli as it is by default, and with the pipelines that suit it best. */
export async function loadedMoves({
  engine = ENGINES[0]!,
  delayed,
}: {
  readonly engine?: TestEngine;
  readonly delayed: boolean;
}): Promise<void> {
  await using cluster = await startGrownCluster(engine);
  await loadKeys(cluster, KEYS, VALUE_BYTES);
  await using proxies = delayed ? await announceDelayed(cluster.members) : undefined;
  const seed = proxies?.addresses[0] ?? addressesOf(cluster.members)[0]!;
  const pipelines = [10, 100, 1000];
  const movers = [ours, ...pipelines.map((keys) => theirs(engine, "--cluster-pipeline", String(keys)))];
  // Where round trips are slow, one round takes minutes, and says as much as three.
  const [mine, byDefault, ...better] = await compare(cluster, seed, delayed ? 1 : 3, movers);
  const what = `move ${MOVED_SLOTS} slots, ${KEYS / 1000}k keys${delayed ? ", 1 ms round trips" : ""}`;
  const goal = delayed ? ">= 10x" : ">= 3x";
  tell(`${what}: its default`, mine!, byDefault!, goal);
  const best = better.reduce((a, b) => (b.seconds < a.seconds ? b : a));
  const pipeline = pipelines[better.indexOf(best) + 1];
  tell(`${what}: its --cluster-pipeline ${pipeline}`, mine!, best, goal);
  const p99 = (run: Run) => `${run.latencies.p99.toFixed(1)} ms`;
  row("   p99 of a client's GET meanwhile", p99(mine!), p99(byDefault!), "", "no worse than redis-cli's");
  // A move that takes a fifth of the time has a fifth of the answers to take its slowest hundredth from.
  const slow = (run: Run) => `${run.latencies.slow}`;
  row(`   its GETs that took longer than ${SLOW_MS} ms, in all`, slow(mine!), slow(byDefault!), "", "");
  // Where servers, client and tool share two cores, a faster move leaves the client less of them.
  const pace = Math.round((KEYS * MOVED_SLOTS) / SLOT_COUNT / byDefault!.seconds);
  const [gentle] = await compare(cluster, seed, delayed ? 1 : 3, [oursWith("--rate", String(pace))]);
  row(`   p99 at redis-cli's pace (--rate ${pace})`, p99(gentle!), p99(byDefault!), "", "no worse than redis-cli's");
}

function tell(what: string, mine: Run, other: Run, goal: string): void {
  row(what, secondsText(mine.seconds), secondsText(other.seconds), timesFaster(mine.seconds, other.seconds), goal);
}

export interface Run {
  readonly seconds: number;
  readonly latencies: Latencies;
}

/** Takes turns, so that all meet the same noise; what was moved is given back each time. The median of each. */
export async function compare(
  cluster: GrownCluster,
  seed: string,
  rounds: number,
  movers: readonly Mover[],
): Promise<readonly Run[]> {
  const runs: Run[][] = movers.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, mover] of movers.entries()) runs[i]!.push(await timed(cluster, seed, mover));
  }
  return runs.map((all) => ({
    seconds: median(all.map(({ seconds }) => seconds)),
    latencies: {
      p99: median(all.map(({ latencies }) => latencies.p99)),
      slow: median(all.map(({ latencies }) => latencies.slow)),
    },
  }));
}

async function timed(cluster: GrownCluster, seed: string, mover: Mover): Promise<Run> {
  const latencies = await measureLatencies(cluster);
  const seconds = await mover(seed, cluster);
  const measured = await latencies.stop();
  await assertMoved(cluster);
  for (const [node, slots] of await slotsToGiveBack(cluster)) {
    await slotctl("reshard", seed, "--from", cluster.nodes.d.id, "--to", node, "--slots", slots, "--yes");
  }
  await cluster.waitUntilAgreed();
  return { seconds, latencies: measured };
}
