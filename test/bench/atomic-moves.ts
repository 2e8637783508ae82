import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { type GrownCluster, loadKeys, MOVED_SLOTS, SOURCES, startGrownCluster } from "./grown-cluster.ts";
import { compare, type Mover, theirs } from "./moves.ts";
import { row, secondsText, timesFaster } from "./report.ts";
import { addressesOf, slotctl } from "./tools.ts";

const FIRST_SLOTS = { a: 0, b: 5461, c: 10_923 } as const;

/**
 * Where the servers move slots themselves: against both ways of valkey-cli, and against the bare commands. With many keys
 * as well, where what slotctl looks at before and afterwards is less of the whole.
 */
export async function atomicMoves(): Promise<void> {
  const engine = ENGINES.find(({ name }) => name === "valkey-9.1");
  if (engine === undefined) return;
  const flagged = theirs(engine, "--cluster-use-atomic-slot-migration");
  await measure(engine, 250_000, { default: theirs(engine), flagged });
  await measure(engine, 5_000_000, { flagged });
}

interface Others {
  readonly default?: Mover;
  readonly flagged: Mover;
}

async function measure(engine: TestEngine, keys: number, others: Others): Promise<void> {
  await using cluster = await startGrownCluster(engine);
  await loadKeys(cluster, keys, 100);
  const movers = [ours, bare, others.flagged, ...(others.default === undefined ? [] : [others.default])];
  const [mine, bareCommand, flagged, byDefault] = await compare(cluster, addressesOf(cluster.members)[0]!, 3, movers);
  const seconds = mine!.seconds;
  const tell = (what: string, other: number, ratio: string, goal: string) =>
    row(
      `Valkey 9.1, ${MOVED_SLOTS} slots, ${keys / 1000}k keys: ${what}`,
      secondsText(seconds),
      secondsText(other),
      ratio,
      goal,
    );
  if (byDefault !== undefined) {
    tell("default", byDefault.seconds, timesFaster(seconds, byDefault.seconds), ">= 20x");
  }
  tell("atomic", flagged!.seconds, timesFaster(seconds, flagged!.seconds), "faster");
  tell("bare", bareCommand!.seconds, `${(seconds / bareCommand!.seconds).toFixed(2)}x`, "<= 1.2x of its time");
}

const ours: Mover = (seed, { nodes }) =>
  slotctl("reshard", seed, "--to", nodes.d.id, "--slots", String(MOVED_SLOTS), "--method", "atomic", "--yes");

/** CLUSTER MIGRATESLOTS on all three sources at once, until the newcomer owns everything in every view. */
const bare: Mover = async (_, cluster) => {
  const started = performance.now();
  const shares = [1366, 1365, 1365];
  await Promise.all(
    SOURCES.map((name, i) => {
      const first = FIRST_SLOTS[name];
      const range = [first, first + shares[i]! - 1];
      return cluster.nodes[name].call("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", ...range, "NODE", cluster.nodes.d.id);
    }),
  );
  await eventually(() => everybodyKnows(cluster, shares));
  return (performance.now() - started) / 1000;
};

async function everybodyKnows({ members, nodes }: GrownCluster, shares: readonly number[]): Promise<void> {
  const wanted = SOURCES.map((name, i) => `${FIRST_SLOTS[name]}-${FIRST_SLOTS[name] + shares[i]! - 1}`);
  for (const member of members) {
    const view = String(await member.call("CLUSTER", "NODES"));
    const line = view.split("\n").find((text) => text.startsWith(nodes.d.id)) ?? "";
    if (!wanted.every((range) => line.includes(range))) throw new Error(`${member.name} has not heard yet`);
  }
}
