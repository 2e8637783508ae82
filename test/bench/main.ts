import { formatAddress } from "../../src/model/address.ts";
import type { Candidate } from "../../src/model/candidate.ts";
import { parseNodes } from "../../src/model/parse-nodes.ts";
import { planCreate } from "../../src/plan/create.ts";
import { clusterOf, nodeNamed } from "../helpers/cluster-builder.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { slotctlCommand, slotctlEnvironment } from "../helpers/slotctl-program.ts";
import { startCluster } from "../helpers/start-cluster.ts";
import { startServers } from "../helpers/start-servers.ts";
import type { TestServer } from "../helpers/test-server.ts";
import { millisecondsOf, takeTurns, timeOf } from "./measure.ts";

/** Figures beside redis-cli's in the same run. Nothing here fails for being slow: the numbers are for reading. */

const say = (text: string) => process.stdout.write(`${text}\n`);
const env = { ...slotctlEnvironment(), TERM: "dumb" };
const slotctl = (args: readonly string[]) => timeOf(...slotctlCommand(args), env);

function row(what: string, ours: string, theirs: string, ratio: string, goal: string): void {
  say(`${what.padEnd(46)} ${ours.padStart(10)} ${theirs.padStart(10)} ${ratio.padStart(8)}   ${goal}`);
}

function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}

async function startUp(): Promise<void> {
  const [ours, node] = await takeTurns(
    15,
    () => slotctl(["--version"]),
    () => timeOf(process.execPath, ["-e", "0"]),
  );
  row("slotctl --version, against node -e 0", seconds(ours), seconds(node), `${(ours / node).toFixed(2)}x`, "<= 1.5x");
}

/** Candidates as a survey of blank servers would find them: 1,000 on 50 hosts in 3 zones. */
function thousandBlank(): readonly Candidate[] {
  const [name] = ["n"];
  const { node } = { node: nodeNamed(clusterOf({ [name!]: [] }), name!) };
  return Array.from({ length: 1000 }, (_, i) => {
    const host = `10.0.0.${i % 50}`;
    const id = i.toString(16).padStart(40, "0") as typeof node.id;
    const address = { host, port: 7000 + Math.floor(i / 50) };
    const own = {
      ...node,
      id,
      host,
      address,
      zone: `zone-${i % 3}`,
      view: { ...node.view!, lines: [{ ...node.view!.myself, id }] },
    };
    return { typed: formatAddress(address), node: own, announcedFailure: undefined, replicationRefusal: undefined };
  });
}

function planning(): void {
  const candidates = thousandBlank();
  const plan = millisecondsOf(() => planCreate({ candidates, replicas: 1 }));
  row("plan create: 1,000 nodes, 50 hosts, 3 zones", `${plan.toFixed(0)} ms`, "-", "-", "< 200 ms");

  const reply = thousandLines();
  const parse = millisecondsOf(() => parseNodes(reply));
  row("parse CLUSTER NODES of 1,000 nodes", `${parse.toFixed(1)} ms`, "-", "-", "< 200 ms");
}

function thousandLines(): string {
  const lines = Array.from({ length: 1000 }, (_, i) => {
    const id = i.toString(16).padStart(40, "0");
    const flags = `${i === 0 ? "myself," : ""}${i < 500 ? "master" : "slave"}`;
    const primary = i < 500 ? "-" : (i - 500).toString(16).padStart(40, "0");
    const slots = i < 500 ? ` ${i * 32}-${i * 32 + 31}` : "";
    return `${id} 10.0.${i % 250}.${i % 50}:7000@17000,host-${i} ${flags} ${primary} 0 1690000000${i} ${i} connected${slots}`;
  });
  return `${lines.join("\n")}\n`;
}

function addressesOf(servers: readonly TestServer[]): readonly string[] {
  return servers.map(({ address }) => formatAddress(address));
}

/** Fresh servers for every run; they have been up for a while, as servers that are made a cluster of usually are. */
async function createTime(
  engine: TestEngine,
  tool: "joined" | "ok" | "original",
  nodeTimeout: number,
): Promise<number> {
  await using servers = await startServers(engine, {
    count: 6,
    settings: { "cluster-node-timeout": String(nodeTimeout) },
  });
  await Promise.all(servers.map(upForAWhile));
  const nodes = addressesOf(servers);
  // Awaited here, so that the servers outlive it.
  if (tool !== "original") return await slotctl(["create", ...nodes, "--replicas", "1", "--yes", "--until", tool]);
  return await timeOf(engine.cli!, ["--cluster", "create", ...nodes, "--cluster-replicas", "1", "--cluster-yes"], env);
}

/** For its first two seconds a server calls itself failed whatever happens; that is nobody's merit or fault. */
async function upForAWhile(server: TestServer): Promise<void> {
  const { waitUntil } = await import("../../src/node/wait-until.ts");
  const look = async () =>
    Number(/uptime_in_seconds:(\d+)/.exec(String(await server.call("INFO", "server")))?.[1]) >= 3 ? true : undefined;
  await waitUntil(look, { timeout: 10_000, signal: new AbortController().signal });
}

/** `joined` is what redis-cli waits for; `ok`, our default, is when clients are served. */
async function creating(engine: TestEngine): Promise<void> {
  for (const nodeTimeout of [500, 15_000]) {
    for (const until of ["joined", "ok"] as const) {
      const time = (tool: typeof until | "original") => () => createTime(engine, tool, nodeTimeout);
      const [ours, theirs] = await takeTurns(3, time(until), time("original"));
      const what = `create 3+3 --until ${until}, node timeout ${nodeTimeout / 1000} s`;
      row(
        what,
        seconds(ours),
        seconds(theirs),
        `${(ours / theirs).toFixed(2)}x`,
        until === "joined" ? "<= 0.5x" : "see below",
      );
    }
  }
}

async function checking(engine: TestEngine): Promise<void> {
  const names = Array.from({ length: 30 }, (_, i) => `n${String(i).padStart(2, "0")}x`);
  const share = Math.floor(16_384 / names.length);
  const layout = Object.fromEntries(
    names.map((name, i) => [name, [i * share, i === 29 ? 16_383 : (i + 1) * share - 1]]),
  );
  await using cluster = await startCluster(engine, layout);
  const [seed] = addressesOf(cluster.members);
  const [ours, theirs] = await takeTurns(
    7,
    () => slotctl(["check", seed!]),
    () => timeOf(engine.cli!, ["--cluster", "check", seed!], env),
  );
  row(
    `check of 30 nodes (${engine.name})`,
    seconds(ours),
    seconds(theirs),
    `${(ours / theirs).toFixed(1)}x`,
    "its time + process start",
  );
}

say(`${"".padEnd(46)} ${"slotctl".padStart(10)} ${"redis-cli".padStart(10)} ${"ratio".padStart(8)}   goal`);
await startUp();
planning();
const engine = ENGINES[0]!;
await creating(engine);
await checking(engine);
say(`
By default, done means for slotctl that every node itself says cluster_state:ok and every replica has its link. A server
that had no slots says so no sooner than a node timeout (0.5 s at the least, 5 s at the most) after it got them; redis-cli
returns before that.`);
