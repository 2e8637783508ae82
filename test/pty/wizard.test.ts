import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { openClient } from "../helpers/data-set.ts";
import { ENGINES } from "../helpers/engines.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { screenAfter } from "../helpers/screen.ts";
import { startCluster } from "../helpers/start-cluster.ts";
import { startServers } from "../helpers/start-servers.ts";
import { Key, openSlotctl } from "../helpers/terminal.ts";
import type { TestServer } from "../helpers/test-server.ts";
import { type Answer, choice, planOf, shownCommands, walk } from "../helpers/wizard-session.ts";

const engine = ENGINES[0]!;

/** At the plan: "no, leave" is where the cursor stands, and what can be done is above it. */
const [RUN, CHANGE, SAVE] = [3, 2, 1].map((up): Answer => ["no, leave", Key.Up.repeat(up), Key.Enter]) as [
  Answer,
  Answer,
  Answer,
];

async function slotsOf(server: TestServer): Promise<string> {
  const lines = String(await server.call("CLUSTER", "NODES")).split("\n");
  return lines
    .find((line) => line.includes("myself"))!
    .split(" ")
    .slice(8)
    .join(",");
}

describe("reshard", () => {
  test("other answers are taken, the plan is saved, and the command that is shown plans the same", async () => {
    await using cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16_383], c: [] });
    const { a, c } = cluster.nodes;
    const cwd = scratchDirectory("cwd").path;
    using session = openSlotctl(["wizard"], { cwd, columns: 80 });
    await walk(session, [
      ["What do you want to do?", Key.Enter],
      ["Which cluster?", formatAddress(a.address), Key.Enter],
      ["Where from?", Key.Enter],
      ["Where to?", choice(2)],
      ["How much?", Key.Enter],
      ["How gently?", Key.Enter],
      CHANGE,
      ["Which answer?", choice(2)],
      ["How much?", choice(1)],
      ["How many slots?", "0", Key.Enter],
      ["Type a whole number from 1 to 16,384", Key.Backspace, "100", Key.Enter],
      SAVE,
      ["Which file?", Key.Enter],
    ]);
    await session.waitFor(/The plan is in plan\.json\.\nThis carries it out:\n {2}slotctl apply plan\.json\n/);
    expect(await session.exitCode).toBe(0);

    const [first, changed] = shownCommands(session.text);
    expect(first).toEqual(["reshard", formatAddress(a.address), "--to", formatAddress(c.address), "--slots", "5461"]);
    expect(changed).toEqual([...first!.slice(0, -1), "100"]);
    expect(JSON.parse(readFileSync(join(cwd, "plan.json"), "utf8"))).toEqual(planOf(changed!));
    expect(await slotsOf(c)).toBe("");

    expect((await runSlotctl(["apply", "plan.json", "--yes"], { cwd })).code).toBe(0);
    expect(await slotsOf(c)).toBe("8142-8241");
  });

  test("the plan has bars and an estimate, its run live progress, and its end a summary", async () => {
    await using cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16_383] });
    const { a, b } = cluster.nodes;
    const client = openClient(cluster.seeds);
    await Promise.all(Array.from({ length: 400 }, (_, i) => client.set(`key:${i}`, "v")));
    client.disconnect();
    using session = openSlotctl(["reshard", formatAddress(a.address)], { columns: 80 });
    await walk(session, [
      ["Where from?", choice(1)],
      ["Which shards give slots?", Key.Space, Key.Enter],
      ["Where to?", Key.Enter],
      ["How much?", choice(1)],
      ["How many percent", "50", Key.Enter],
      ["How gently?", choice(2)],
      ["Keys a second", "40", Key.Enter],
      ["Milliseconds that a source may be busy", Key.Enter],
      ["Moves that a node takes part in", Key.Enter],
    ]);
    await session.waitFor("no, leave");
    expect(session.text).toMatch(/127\.0\.0\.1:\d+ +8,192 +4,096 +===---- /);
    expect(session.text).toMatch(/127\.0\.0\.1:\d+ +8,192 +12,288 +=======\+\+\+ /);
    expect(session.text).toMatch(/estimate: about \d+ s\n/);
    session.type(Key.Up.repeat(3), Key.Enter);
    await session.waitFor(/-> 127\.0\.0\.1:\d+ \[=*> *\] [\d,]+\/4,?096/);
    await session.waitFor(/Moving slots: [\d,]+ of 4,096 slots, \d+ keys, \d+ keys\/s, ETA \d+:\d\d/);
    expect(await session.exitCode).toBe(0);

    const { lines, isCursorShown } = screenAfter(session.raw, 80);
    expect(lines.slice(-2).join(" ")).toMatch(/done: moved 4,096 slots and \d+ keys in .* keys\/s\); all nodes ok$/);
    expect(lines.filter((line) => /ETA|\[=*>/.test(line))).toEqual([]);
    expect(isCursorShown).toBe(true);
    const counts = await Promise.all([a, b].map((server) => server.call("DBSIZE")));
    expect(counts.map(Number).reduce((sum, count) => sum + count)).toBe(400);
    expect([await slotsOf(a), await slotsOf(b)]).toEqual(["0-4095", "4096-16383"]);
  });
});

test("create asks again where servers are mistyped or too few, and builds the cluster", async () => {
  await using servers = await startServers(engine, { count: 3 });
  const addresses = servers.map(({ address }) => formatAddress(address));
  using session = openSlotctl(["create"], { columns: 80 });
  await walk(session, [
    ["Which blank servers?", "localhost", Key.Enter],
    ['"localhost" is no address', Key.Backspace.repeat(9), addresses.join(", "), Key.Enter],
    ["How many replicas for each primary?", "3", Key.Enter],
    [/error: [\s\S]*What now\?/, Key.Enter],
    ["Which answer?", choice(1)],
    ["How many replicas for each primary?", "0", Key.Enter],
    RUN,
  ]);
  await session.waitFor(/done: created a cluster of 3 shards on 3 nodes in \d+\.\d s/, { within: 30_000 });
  expect(await session.exitCode).toBe(0);
  expect(shownCommands(session.text).at(-1)).toEqual(["create", ...addresses]);
});

test("rebalance gives an empty primary its share", async () => {
  await using cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16_383], c: [] });
  const seed = formatAddress(cluster.nodes.b.address);
  using session = openSlotctl(["rebalance"], { columns: 80 });
  await walk(session, [
    ["Which cluster?", seed, Key.Enter],
    ["What is to be evened out?", Key.Enter],
    ["What about primaries without slots?", Key.Enter],
    ["Is a primary to end up without slots?", Key.Enter],
    ["How gently?", Key.Up, Key.Enter],
  ]);
  await session.waitFor("no, leave");
  const [words] = shownCommands(session.text);
  expect(words).toEqual(
    ["rebalance", seed, "--use-empty-primaries"].concat(["--concurrency", "1", "--max-block", "5ms", "--rate", "1000"]),
  );
  const { steps } = planOf(words!);
  expect(steps.map(({ kind }) => kind)).toEqual(["move-slots", "move-slots"]);
  session.type(Key.Up.repeat(3), Key.Enter);
  await session.waitFor(/done: moved 5,461 slots in \d+\.\d s; all nodes ok/, { within: 30_000 });
  expect(await session.exitCode).toBe(0);
  expect(planOf(words!).steps).toEqual([]);
});

test("a server joins as a replica of whom one chooses, and leaves again", async () => {
  await using cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16_383] }, { spares: 1 });
  const { a, b } = cluster.nodes;
  const [spare] = cluster.spares;
  const [seed, newcomer] = [formatAddress(a.address), formatAddress(spare!.address)];
  using joining = openSlotctl(["wizard", seed], { columns: 80 });
  await walk(joining, [
    ["What do you want to do?", choice(2)],
    ["Which blank servers join?", newcomer, Key.Enter],
    ["What do they become?", choice(3)],
    ["Replicas of which primary?", choice(1)],
    RUN,
  ]);
  await joining.waitFor(/done: \S+ is a member, a replica of \S+, in \d+\.\d s;/, { within: 30_000 });
  expect(await joining.exitCode).toBe(0);
  expect(shownCommands(joining.text)).toEqual([["add-node", seed, newcomer, "--replica-of", formatAddress(b.address)]]);
  expect(String(await spare!.call("CLUSTER", "NODES"))).toMatch(new RegExp(`myself,slave ${b.id}`));

  using leaving = openSlotctl(["wizard", seed], { columns: 80 });
  await walk(leaving, [
    ["What do you want to do?", choice(3)],
    ["Which nodes leave the cluster?", Key.Down.repeat(2), Key.Space, Key.Enter],
    ["What becomes of them?", Key.Enter],
    RUN,
  ]);
  await leaving.waitFor(/done: \S+ is no member any more, in \d+\.\d s;/, { within: 30_000 });
  expect(await leaving.exitCode).toBe(0);
  expect(shownCommands(leaving.text)).toEqual([["del-node", seed, newcomer]]);
  expect(String(await spare!.call("CLUSTER", "INFO"))).toContain("cluster_known_nodes:1");
});

test("fix asks which way a move goes that was cut short, and brings it back", async () => {
  await using cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16_383] });
  const { a, b } = cluster.nodes;
  await a.call("CLUSTER", "SETSLOT", 100, "MIGRATING", b.id);
  await b.call("CLUSTER", "SETSLOT", 100, "IMPORTING", a.id);
  const seed = formatAddress(a.address);
  using session = openSlotctl(["fix"], { columns: 80 });
  await walk(session, [
    ["Which cluster?", seed, Key.Enter],
    ["Where do moves go that were cut short?", choice(2)],
    ["What about keys that two nodes hold", Key.Enter],
    ["How gently?", Key.Enter],
    RUN,
  ]);
  await session.waitFor(/done: every slot has one owner again/, { within: 30_000 });
  expect(await session.exitCode).toBe(0);
  expect(shownCommands(session.text)).toEqual([["fix", seed, "--direction", "back"]]);
  expect(String(await a.call("CLUSTER", "NODES"))).not.toMatch(/\[100-/);
});
