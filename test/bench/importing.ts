import { connect } from "../../src/node/connect.ts";
import { type Command, ServerError } from "../../src/node/node.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { startCluster } from "../helpers/start-cluster.ts";
import { startServers } from "../helpers/start-servers.ts";
import type { TestServer } from "../helpers/test-server.ts";
import { takeTurns } from "./measure.ts";
import { row, secondsText, timesFaster } from "./report.ts";
import { addressesOf, original, slotctl } from "./tools.ts";

const KEYS = 100_000;
const ROUNDS = 3;
const THIRDS = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;

interface Work {
  readonly what: string;
  /** Every second key expires, in an hour. */
  readonly expiring: boolean;
  readonly move: boolean;
}

const WORKS: readonly Work[] = [
  { what: "copied", expiring: false, move: false },
  { what: "copied, half of them expire", expiring: true, move: false },
  { what: "moved", expiring: false, move: true },
];

/** Small keys from a server outside cluster mode into three primaries. */
export async function importing(engine: TestEngine = ENGINES[0]!): Promise<void> {
  await using cluster = await startCluster(engine, THIRDS);
  await using sources = await startServers(engine, { count: 1, mode: "standalone" });
  const [source] = sources;
  const [seed] = addressesOf(cluster.members);
  const [from] = addressesOf(sources);
  for (const { what, expiring, move } of WORKS) {
    const timed = async (run: () => Promise<number>) => {
      for (const server of [source!, ...cluster.members]) await server.call("FLUSHALL");
      await fill(source!, expiring);
      const seconds = await run();
      await assertArrived(cluster.members);
      return seconds;
    };
    const [ours, theirs] = await takeTurns(
      ROUNDS,
      () => timed(() => slotctl("import", seed!, "--from", from!, "--yes", ...(move ? ["--move"] : []))),
      () =>
        timed(() => original(engine, "import", seed!, "--cluster-from", from!, ...(move ? [] : ["--cluster-copy"]))),
    );
    row(`import ${KEYS / 1000}k small keys, ${what}`, secondsText(ours), secondsText(theirs), timesFaster(ours, theirs), ">= 20x"); // biome-ignore format: one line
  }
}

async function fill({ address, connectSettings }: TestServer, expiring: boolean): Promise<void> {
  const node = await connect(address, connectSettings);
  try {
    for (let first = 0; first < KEYS; first += 5000) {
      const numbers = Array.from({ length: 5000 }, (_, i) => first + i);
      const replies = await node.sendAll(numbers.map((i) => setCommand(i, expiring && i % 2 === 0)));
      const refusal = replies.find((reply) => reply instanceof ServerError);
      if (refusal instanceof ServerError) throw refusal;
    }
  } finally {
    node.close();
  }
}

function setCommand(i: number, expires: boolean): Command {
  const command: Command = ["SET", `key:${i}`, `value:${i}`];
  return expires ? [...command, "EX", 3600 + (i % 1000)] : command;
}

/** @throws Error when a key is missing: a tool that leaves some out is not to be compared with */
async function assertArrived(members: readonly TestServer[]): Promise<void> {
  const counts = await Promise.all(members.map((member) => member.call("DBSIZE")));
  const arrived = counts.reduce<number>((sum, count) => sum + Number(count), 0);
  if (arrived !== KEYS) throw new Error(`${arrived} keys arrived, and not ${KEYS}`);
}
