import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { startCluster } from "../helpers/start-cluster.ts";
import { announceDelayed } from "./delaying-proxy.ts";
import { takeTurns } from "./measure.ts";
import { row, secondsText } from "./report.ts";
import { addressesOf, original, slotctl } from "./tools.ts";

const NODES = 30;

/** Once over loopback, and once with a millisecond for every round trip. */
export async function checking(engine: TestEngine = ENGINES[0]!): Promise<void> {
  await using cluster = await startCluster(engine, thirtyPrimaries());
  const [seed] = addressesOf(cluster.members);
  await compare(engine, seed!, "", "its time + process start");
  await using delayed = await announceDelayed(cluster.members);
  await compare(engine, delayed.addresses[0]!, ", 1 ms round trips", ">= 5x faster");
}

async function compare(engine: TestEngine, seed: string, how: string, goal: string): Promise<void> {
  const [ours, theirs] = await takeTurns(
    7,
    () => slotctl("check", seed),
    () => original(engine, "check", seed),
  );
  const ratio = `${(ours / theirs).toFixed(2)}x`;
  row(`check of ${NODES} nodes${how}`, secondsText(ours), secondsText(theirs), ratio, goal);
}

function thirtyPrimaries(): Readonly<Record<string, readonly number[]>> {
  const share = Math.floor(16_384 / NODES);
  const names = Array.from({ length: NODES }, (_, i) => `n${String(i).padStart(2, "0")}x`);
  return Object.fromEntries(
    names.map((name, i) => [name, [i * share, i === NODES - 1 ? 16_383 : (i + 1) * share - 1]]),
  );
}
