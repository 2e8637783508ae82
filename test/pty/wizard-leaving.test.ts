import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { ENGINES } from "../helpers/engines.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { screenAfter } from "../helpers/screen.ts";
import { startCluster, type TestCluster } from "../helpers/start-cluster.ts";
import { Key } from "../helpers/terminal.ts";
import type { TestServer } from "../helpers/test-server.ts";
import { type Answer, choice, openInShell, walk } from "../helpers/wizard-session.ts";

type Cluster = TestCluster<"a" | "b" | "c">;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster(
    ENGINES[0]!,
    { a: [0, 8191], b: [8192, 16_383], c: [] },
    { replicas: { a: 1 }, spares: 3 },
  );
});

afterAll(() => cluster[Symbol.asyncDispose]());

interface Path {
  readonly args: readonly string[];
  /** Every question on the way, also those that a person comes back to. */
  readonly questions: readonly Answer[];
}

function reshardPath({ nodes }: Cluster): Path {
  return {
    args: ["reshard", formatAddress(nodes.a.address)],
    questions: [
      ["Where from?", choice(1)],
      ["Which shards give slots?", Key.Space, Key.Enter],
      ["Where to?", choice(1)],
      ["How much?", choice(2)],
      ["How many percent", "1", Key.Enter],
      ["How gently?", choice(2)],
      ["Keys a second", Key.Enter],
      ["Milliseconds that a source may be busy", Key.Enter],
      ["Moves that a node takes part in", Key.Enter],
      ["no, leave", Key.Up.repeat(2), Key.Enter],
      ["Which answer?", choice(2)],
      ["How much?", choice(3)],
      ["Which slots?", "0-9", Key.Enter],
      ["no, leave", Key.Up, Key.Enter],
      ["Which file?"],
    ],
  };
}

function rebalancePath({ nodes }: Cluster): Path {
  return {
    args: ["wizard"],
    questions: [
      ["What do you want to do?", choice(1)],
      ["Which cluster?", formatAddress(nodes.a.address), Key.Enter],
      ["What is to be evened out?", Key.Enter],
      ["What about primaries without slots?", Key.Enter],
      ["Is a primary to end up without slots?", choice(1)],
      ["Which primaries give all their slots away?", Key.Space, Key.Enter],
      ["How gently?", Key.Enter],
      ["no, leave"],
    ],
  };
}

function addNodePath({ nodes, spares }: Cluster): Path {
  return {
    args: ["add-node", "-u", `redis://${formatAddress(nodes.a.address)}`],
    questions: [
      ["Which blank servers join?", formatAddress(spares[0]!.address), Key.Enter],
      ["What do they become?", choice(3)],
      ["Replicas of which primary?", choice(1)],
      ["no, leave"],
    ],
  };
}

function delNodePath({ nodes }: Cluster): Path {
  return {
    args: ["wizard", formatAddress(nodes.a.address)],
    questions: [
      ["What do you want to do?", choice(3)],
      ["Which nodes leave the cluster?", Key.Space, Key.Enter],
      ["What about their 8,192 slots?", Key.Enter],
      ["What becomes of them?", Key.Enter],
      ["no, leave"],
    ],
  };
}

function createPath({ spares }: Cluster): Path {
  const addresses = spares.map(({ address }) => formatAddress(address)).join(" ");
  return {
    args: ["create"],
    questions: [
      ["Which blank servers?", addresses, Key.Enter],
      ["How many replicas for each primary?", "5", Key.Enter],
      ["What now?", Key.Enter],
      ["Which answer?", choice(1)],
      ["How many replicas for each primary?", "0", Key.Enter],
      ["no, leave"],
    ],
  };
}

function fixPath({ nodes }: Cluster): Path {
  return {
    args: ["wizard", formatAddress(nodes.a.address)],
    questions: [
      ["What do you want to do?", choice(4)],
      ["What is to be repaired?", choice(1)],
      ["Which problems?", Key.Space, Key.Enter],
      ["Where do moves go that were cut short?", Key.Enter],
      ["What about keys that two nodes hold", Key.Enter],
      ["How gently?", Key.Enter],
      ["no, leave"],
    ],
  };
}

/** Slots in trouble of two kinds, which stay as they are. */
async function breakSlots({ nodes: { a, b }, members }: Cluster): Promise<void> {
  await a.call("CLUSTER", "SETSLOT", 100, "MIGRATING", b.id);
  await b.call("CLUSTER", "SETSLOT", 100, "IMPORTING", a.id);
  // Refused where it is so already.
  for (const node of members) await node.call("CLUSTER", "DELSLOTS", 200).catch(() => undefined);
}

/** What every server believes, without what changes by itself, and what it holds. */
async function pictureOf(servers: readonly TestServer[]): Promise<readonly string[]> {
  return Promise.all(
    servers.map(async (server) => {
      const lines = String(await server.call("CLUSTER", "NODES"))
        .trim()
        .split("\n");
      const nodes = lines.map((line) => {
        const [id, address, flags, primary, , , epoch, , ...slots] = line.split(" ");
        return [id, address, flags, primary, epoch, ...slots].join(" ");
      });
      return [...nodes.sort(), `keys ${await server.call("DBSIZE")}`].join("\n");
    }),
  );
}

interface Leaving {
  readonly key: string;
  readonly path: Path;
  /** How many of its questions are answered before. */
  readonly after: number;
}

/** Answers some questions and leaves at the next. */
async function leave({ key, path: { args, questions }, after }: Leaving): Promise<string> {
  const cwd = scratchDirectory("cwd").path;
  using session = openInShell(args, { cwd, columns: 80 });
  await walk(session, questions.slice(0, after));
  const [question] = questions[after]!;
  await session.waitFor(question);
  session.type(key);
  const code = await session.exitCode;
  const screen = screenAfter(session.raw, 80);
  return [
    `exit ${code}`,
    ...(/error: Interrupted: nothing was changed$/m.test(session.text) ? [] : ["without a word"]),
    ...(screen.isCursorShown ? [] : ["no cursor"]),
    ...(/ -(icanon|echo|isig)\b/.test(session.text) ? ["raw terminal"] : []),
    ...readdirSync(cwd),
  ].join(", ");
}

async function inParallel<Item, Result>(
  items: readonly Item[],
  lanes: number,
  body: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const waiting = [...items.entries()];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) results[next[0]] = await body(next[1]);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

describe.each([
  ["reshard", reshardPath],
  ["rebalance", rebalancePath],
  ["add-node", addNodePath],
  ["del-node", delNodePath],
  ["create", createPath],
  ["fix", fixPath],
] as const)("%s", (name, pathIn) => {
  test.each([
    ["Ctrl-C", Key.CtrlC],
    ["Esc", Key.Escape],
  ])("%s at every question leaves at once, changes nothing, and gives the terminal back", async (_, key) => {
    if (name === "fix") await breakSlots(cluster);
    const path = pathIn(cluster);
    const before = await pictureOf([...cluster.members, ...cluster.spares]);
    const outcomes = await inParallel([...path.questions.keys()], 4, (after) => leave({ key, path, after }));
    expect(outcomes).toEqual(path.questions.map(() => "exit 130"));
    expect(await pictureOf([...cluster.members, ...cluster.spares])).toEqual(before);
  });
});
