import { spawn } from "node:child_process";
import { slotTags } from "../helpers/break-cluster.ts";
import { openClient } from "../helpers/data-set.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { battlefield, type DamageSite, damage, fillSlots, untilStill } from "../helpers/random-damage.ts";
import { slotctlCommand, slotctlEnvironment } from "../helpers/slotctl-program.ts";
import { startCluster, type TestCluster } from "../helpers/start-cluster.ts";
import { remark, row } from "./report.ts";
import { addressesOf } from "./tools.ts";

/** The same damage for both. What gossip had deleted before the repair began counts for nobody. */
const SEEDS = Number(process.env.SLOTCTL_FIX_SEEDS ?? 50);

const THIRDS = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;

/** How many of the damaged clusters each tool repairs in one run, and how many keys nobody finds afterwards. */
export async function fixing(engine: TestEngine = ENGINES[0]!): Promise<void> {
  const ours = await repairAll(engine, (seed) => run(...slotctlCommand(["fix", seed, "--yes", "--settle", "0s"])));
  const { cli } = engine;
  if (cli === undefined) throw new Error(`${engine.name} came without its command line tool`);
  const theirs = await repairAll(engine, (seed) => run(cli, ["--cluster", "fix", seed]));
  const searching = await repairAll(engine, (seed) =>
    run(cli, ["--cluster", "fix", seed, "--cluster-search-multiple-owners"]),
  );
  const of = (count: number) => `${count}/${SEEDS}`;
  row(`damaged clusters repaired, ${engine.name}`, of(ours.repaired), of(theirs.repaired), "", "all");
  row(`keys lost of ${ours.keys}`, String(ours.lost), String(theirs.lost), "", "0");
  remark(`  with --cluster-search-multiple-owners: ${of(searching.repaired)} repaired, ${searching.lost} keys lost`);
}

interface Tally {
  readonly repaired: number;
  readonly keys: number;
  readonly lost: number;
}

async function repairAll(engine: TestEngine, repair: (seed: string) => Promise<number>): Promise<Tally> {
  await using cluster = await startCluster(engine, THIRDS);
  const { a, b, c } = cluster.nodes;
  const site: DamageSite = { primaries: [a, b, c], slots: battlefield(), tags: await slotTags(a) };
  let tally: Tally = { repaired: 0, keys: 0, lost: 0 };
  for (let seed = 1; seed <= SEEDS; seed++) {
    await fillSlots(site);
    await damage(site, seed);
    const keys = [...(await untilStill(site))];
    await repair(addressesOf(cluster.members)[0]!);
    const repaired = await isSound(cluster);
    const lost = await lostOf(keys, cluster);
    tally = { repaired: tally.repaired + (repaired ? 1 : 0), keys: tally.keys + keys.length, lost: tally.lost + lost };
    // So that every seed begins with a whole cluster, whoever left it how.
    if (!repaired) await mend(cluster);
  }
  return tally;
}

/** As soon as gossip has carried it everywhere: neither tool is blamed for that taking a moment. */
async function isSound(cluster: TestCluster<string>): Promise<boolean> {
  const [seed] = addressesOf(cluster.members);
  return (
    (await run(...slotctlCommand(["check", seed!, "--search-multiple-owners", "--settle", "5s", "--quick"]))) === 0
  );
}

async function mend(cluster: TestCluster<string>): Promise<void> {
  const [seed] = addressesOf(cluster.members);
  await run(...slotctlCommand(["fix", seed!, "--yes", "--settle", "0s", "--on-conflict", "owner"]));
}

/** Keys that no client finds. */
async function lostOf(keys: readonly string[], { seeds }: TestCluster<string>): Promise<number> {
  const client = openClient(seeds);
  const found = await Promise.all(keys.map((key) => client.exists(key).catch(() => 0)));
  client.disconnect();
  return found.filter((count) => count !== 1).length;
}

/** The exit code. Every question is answered with yes. */
function run(file: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const env = { ...slotctlEnvironment(), TERM: "dumb" };
    const child = spawn(file, [...args], { env, stdio: ["pipe", "ignore", "ignore"], timeout: 60_000 });
    child.stdin!.on("error", () => undefined).end("yes\n".repeat(8));
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}
