import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../../src/execute/executor.ts";
import type { Lane } from "../../../src/execute/move/lane.ts";
import { migrateCommand } from "../../../src/execute/move/migrate-command.ts";
import { FakeCluster } from "../../helpers/fake-cluster.ts";
import { runMoves } from "../../helpers/run-moves.ts";

const EXPECTED = { a: "0-2,4-9", b: "3,10-19", c: "20-29" };

async function moveSlot3(keys: number, pipeline = 100, cluster = newCluster()): Promise<FakeCluster> {
  for (let i = 0; i < keys; i++) cluster.put("a", 3, `key${i}`, "value");
  const { error } = await runMoves(cluster, [{ from: "a", to: "b", slots: "3" }], EXPECTED, { pipeline });
  expect(error).toBeUndefined();
  return cluster;
}

function newCluster(version = "8.0.0"): FakeCluster {
  const cluster = new FakeCluster({ a: [0, 9], b: [10, 19], c: [20, 29] });
  for (const name of ["a", "b", "c"]) cluster.server(name).version = version;
  return cluster;
}

/** Servers of that version keep the mark that somebody who is told too early sets. */
const KEEPS_MARKS = "7.0.15";

/** The commands of a move, without ids and without what only looks. */
function changesOf({ log }: FakeCluster): readonly string[] {
  return log
    .filter((line) => /SETSLOT|MIGRATE /.test(line))
    .map((line) => line.replace(/ [0-9a-f]{40}$/, "").replace(/(MIGRATE) .* KEYS/, "$1"));
}

test("17.5.73 target and source are opened, keys go over, then target, source and the others are told", async () => {
  expect(changesOf(await moveSlot3(2))).toEqual([
    "b CLUSTER SETSLOT 3 IMPORTING",
    "a CLUSTER SETSLOT 3 MIGRATING",
    "a MIGRATE key0 key1",
    "b CLUSTER SETSLOT 3 NODE",
    "a CLUSTER SETSLOT 3 NODE",
    "c CLUSTER SETSLOT 3 NODE",
  ]);
});

test("where marks are kept, others are asked whether they have heard of the new owner, and who has is not told", async () => {
  const { log } = await moveSlot3(2, 100, newCluster(KEEPS_MARKS));
  const told = log.findIndex((line) => /^a CLUSTER SETSLOT 3 NODE/.test(line));
  expect(log.slice(told)).toContain("c CLUSTER NODES");
  expect(log.filter((line) => /^c CLUSTER SETSLOT/.test(line))).toEqual([]);
});

test("where marks are kept, who does not hear of the new owner for a while is told", async () => {
  const cluster = newCluster(KEEPS_MARKS);
  cluster.server("c").isDeaf = true;
  expect(changesOf(await moveSlot3(0, 100, cluster)).slice(-2)).toEqual([
    "a CLUSTER SETSLOT 3 NODE",
    "c CLUSTER SETSLOT 3 NODE",
  ]);
});

test("where marks are kept, the slot with the fewest keys comes last by itself, and the source hears of it before it is told", async () => {
  const cluster = newCluster(KEEPS_MARKS);
  for (const [slot, count] of Object.entries({ 3: 2, 4: 1, 5: 3 })) {
    for (let i = 0; i < count; i++) cluster.put("a", Number(slot), `key${slot}${i}`, "value");
  }
  const expected = { a: "0-2,6-9", b: "3-5,10-19", c: "20-29" };
  const { error } = await runMoves(cluster, [{ from: "a", to: "b", slots: "3-5" }], expected);
  expect(error).toBeUndefined();
  const closing = cluster.log
    .slice(cluster.log.findIndex((line) => /^b CLUSTER SETSLOT \d NODE/.test(line)))
    .filter((line) => /^[ab] CLUSTER (SETSLOT|NODES)/.test(line))
    .map((line) => line.replace(/ [0-9a-f]{40}$/, ""));
  expect(closing.slice(0, 9)).toEqual([
    "b CLUSTER SETSLOT 3 NODE",
    "b CLUSTER SETSLOT 5 NODE",
    "a CLUSTER SETSLOT 3 NODE",
    "a CLUSTER SETSLOT 5 NODE",
    "b CLUSTER SETSLOT 4 IMPORTING",
    "a CLUSTER SETSLOT 4 MIGRATING",
    "b CLUSTER SETSLOT 4 NODE",
    "a CLUSTER NODES",
    "a CLUSTER SETSLOT 4 NODE",
  ]);
});

test("where marks are kept, one slot ends what has moved also when the run is to stop", async () => {
  const cluster = newCluster(KEEPS_MARKS);
  // More than two lanes take up at once.
  for (const slot of [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
    for (let i = 0; i < (slot === 4 ? 1 : 4100); i++) cluster.put("a", slot, `${slot}:${i}`, "value");
  }
  const stop = new AbortController();
  const { error } = await runMoves(cluster, [{ from: "a", to: "b", slots: "0-8" }], EXPECTED, {
    signal: stop.signal,
    onKeys: () => stop.abort(new Error("to stop")),
  });
  expect(String(error)).toContain("Interrupted");
  expect(cluster.openSlots()).toEqual([]);
  const claimed = cluster.log
    .filter((line) => /^b CLUSTER SETSLOT \d NODE/.test(line))
    .map((line) => line.split(" ")[3]);
  expect(claimed.length).toBeGreaterThan(1);
  expect(claimed.length).toBeLessThan(9);
  // The source is asked whether it has heard of the last one, before it is told.
  const last = cluster.log.findLastIndex((line) => /^b CLUSTER SETSLOT \d NODE/.test(line));
  const told = cluster.log.findLastIndex((line) => /^a CLUSTER SETSLOT \d NODE/.test(line));
  expect(cluster.log.slice(last, told)).toContain("a CLUSTER NODES");
});

test("where marks are kept, the source is told when it has heard of the new owner", async () => {
  const { log } = await moveSlot3(2, 100, newCluster(KEEPS_MARKS));
  const claimed = log.findIndex((line) => /^b CLUSTER SETSLOT 3 NODE/.test(line));
  const told = log.findIndex((line) => /^a CLUSTER SETSLOT 3 NODE/.test(line));
  expect(log.slice(claimed, told)).toContain("a CLUSTER NODES");
});

test("17.5.75 a MIGRATE holds no more keys than the pipeline allows", async () => {
  const sizes = changesOf(await moveSlot3(25, 10)).flatMap((line) => {
    const keys = / MIGRATE (.*)/.exec(line)?.[1];
    return keys === undefined ? [] : [keys.split(" ").length];
  });
  expect(Math.max(...sizes)).toBe(10);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(25);
});

test("17.5.76 an empty slot needs no MIGRATE", async () => {
  expect(changesOf(await moveSlot3(0)).filter((line) => line.includes("MIGRATE "))).toEqual([]);
});

test("17.5.77 the target is not told before the source has been seen without keys", async () => {
  const { log } = await moveSlot3(25, 10);
  const told = log.findIndex((line) => /^b CLUSTER SETSLOT 3 NODE/.test(line));
  const lastKeys = log.findLastIndex((line) => /^a MIGRATE/.test(line));
  const look = log.findIndex((line, i) => i > lastKeys && /^a CLUSTER COUNTKEYSINSLOT 3/.test(line));
  expect(lastKeys).toBeLessThan(look);
  expect(look).toBeLessThan(told);
});

test.each([
  ["no login", undefined, []],
  ["a password", { password: "p w%" }, ["AUTH", "p w%"]],
  ["a user", { user: "keys", password: "p" }, ["AUTH2", "keys", "p"]],
])("17.5.74 MIGRATE with %s, and REPLACE only where it was asked for", (_, credentials, words) => {
  const settings = { connectTimeout: 1, commandTimeout: 1, credentials };
  const lane = {
    step: { to: { address: { host: "10.0.0.2", port: 7002 } } },
    executor: { connections: { settings }, limits: DEFAULT_LIMITS },
  } as unknown as Lane;
  const keys = [Buffer.from("KEYS"), Buffer.from([0, 255, 10])];
  const batch = { slot: 3, database: 0, keys };
  expect(migrateCommand(lane, batch, { timeoutMs: 60_000 })).toEqual([
    "MIGRATE",
    "10.0.0.2",
    7002,
    "",
    0,
    60_000,
    ...words,
    "KEYS",
    ...keys,
  ]);
  expect(migrateCommand(lane, batch, { timeoutMs: 60_000, replace: true })).toEqual(
    ["MIGRATE", "10.0.0.2", 7002, "", 0, 60_000, "REPLACE", ...words, "KEYS", ...keys], // biome-ignore format: one line
  );
});
