import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { startServers } from "../helpers/start-servers.ts";
import type { TestServer } from "../helpers/test-server.ts";
import { takeTurns } from "./measure.ts";
import { remark, row, secondsText } from "./report.ts";
import { addressesOf, original, slotctl } from "./tools.ts";

/** `joined` is what redis-cli waits for; `ok`, our default, is when clients are served. */
export async function creating(engine: TestEngine = ENGINES[0]!): Promise<void> {
  for (const nodeTimeout of [500, 15_000]) {
    for (const until of ["joined", "ok"] as const) {
      const time = (tool: typeof until | "original") => () => createTime(engine, tool, nodeTimeout);
      const [ours, theirs] = await takeTurns(3, time(until), time("original"));
      const what = `create 3+3 --until ${until}, node timeout ${nodeTimeout / 1000} s`;
      row(
        what,
        secondsText(ours),
        secondsText(theirs),
        `${(ours / theirs).toFixed(2)}x`,
        until === "joined" ? "<= 0.5x" : "see below",
      );
    }
  }
  remark(`By default, done means for slotctl that every node itself says cluster_state:ok and every replica has its link. A server
that had no slots says so no sooner than a node timeout (0.5 s at the least, 5 s at the most) after it got them; redis-cli
returns before that.`);
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
  if (tool !== "original") return await slotctl("create", ...nodes, "--replicas", "1", "--yes", "--until", tool);
  return await original(engine, "create", ...nodes, "--cluster-replicas", "1", "--cluster-yes");
}

/** For its first two seconds a server calls itself failed whatever happens; that is nobody's merit or fault. */
async function upForAWhile(server: TestServer): Promise<void> {
  const { waitUntil } = await import("../../src/node/wait-until.ts");
  const look = async () =>
    Number(/uptime_in_seconds:(\d+)/.exec(String(await server.call("INFO", "server")))?.[1]) >= 3 ? true : undefined;
  await waitUntil(look, { timeout: 10_000, signal: new AbortController().signal });
}
