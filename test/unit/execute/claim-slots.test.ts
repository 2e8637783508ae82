import { expect, test } from "vitest";
import { FakeCluster } from "../../helpers/fake-cluster.ts";
import { runMoves } from "../../helpers/run-moves.ts";

const EXPECTED = { a: "0-2,6-9", b: "3-5,10-19", c: "20-29" };
const MOVES = [{ from: "a", to: "b", slots: "3-5" }];

function newCluster(): FakeCluster {
  const cluster = new FakeCluster({ a: [0, 9], b: [10, 19], c: [20, 29] });
  for (const slot of [3, 4, 5]) cluster.put("a", slot, `key${slot}`, "value");
  return cluster;
}

/** What b is told at the end, without ids. */
function claimsOf({ log }: FakeCluster): readonly string[] {
  return log
    .filter((line) => /^b (MULTI|EXEC|CLUSTER (BUMPEPOCH|SETSLOT \d+ (NODE|STABLE)))/.test(line))
    .map((line) => line.replace(/^b (CLUSTER )?|SETSLOT /g, "").replace(/ [0-9a-f]{40}$/, ""));
}

function expectMoved(cluster: FakeCluster): void {
  expect(cluster.openSlots()).toEqual([]);
  for (const slot of [3, 4, 5]) {
    expect(new Set(cluster.ownersOf(slot))).toEqual(new Set([cluster.ref("b").id]));
    expect(cluster.contents()).toContain(`slot ${slot} key${slot}=value at b`);
  }
}

test("Redis takes many slots as one change, of which it tells the others twice", async () => {
  const cluster = newCluster();
  expect((await runMoves(cluster, MOVES, EXPECTED)).error).toBeUndefined();
  expectMoved(cluster);
  const change = ["BUMPEPOCH", "3 NODE", "4 STABLE", "4 NODE", "5 NODE"];
  expect(claimsOf(cluster)).toEqual(["MULTI", ...change, "EXEC"]);
});

test("Redis 7.0 tells the others once of all slots but one, and then of that one", async () => {
  const cluster = newCluster();
  for (const server of cluster.servers.values()) server.version = "7.0.15";
  expect((await runMoves(cluster, MOVES, EXPECTED)).error).toBeUndefined();
  expectMoved(cluster);
  expect(claimsOf(cluster)).toEqual(["MULTI", "BUMPEPOCH", "4 STABLE", "4 NODE", "5 NODE", "EXEC", "3 NODE"]);
});

test("Valkey, which tells the others once anyway, takes them one by one", async () => {
  const cluster = newCluster();
  for (const server of cluster.servers.values()) server.engine = "valkey";
  expect((await runMoves(cluster, MOVES, EXPECTED)).error).toBeUndefined();
  expectMoved(cluster);
  expect(claimsOf(cluster)).toEqual(["3 NODE", "4 NODE", "5 NODE"]);
});

test("a single slot is not worth a transaction", async () => {
  const cluster = newCluster();
  const expected = { a: "0-2,4-9", b: "3,10-19", c: "20-29" };
  expect((await runMoves(cluster, [{ from: "a", to: "b", slots: "3" }], expected)).error).toBeUndefined();
  expect(claimsOf(cluster)).toEqual(["3 NODE"]);
});

test("its config epoch is the highest before any other node hears of the slots", async () => {
  const cluster = newCluster();
  cluster.server("b").epoch = 0;
  expect((await runMoves(cluster, MOVES, EXPECTED)).error).toBeUndefined();
  cluster.gossip();
  expectMoved(cluster);
});

test.each([
  ["MULTI, EXEC and DISCARD", [/^MULTI/, /^EXEC/, /^DISCARD/]],
  ["EXEC", [/^EXEC/]],
  ["CLUSTER BUMPEPOCH", [/^CLUSTER BUMPEPOCH/]],
])("a user who may not run %s moves slots all the same", async (_, refused) => {
  const cluster = newCluster();
  for (const words of refused) cluster.server("b").refuse(words, "NOPERM this user has no permissions to run it");
  expect((await runMoves(cluster, MOVES, EXPECTED)).error).toBeUndefined();
  expectMoved(cluster);
});

test("who was refused the transaction once is not asked for it with every chunk", async () => {
  const cluster = new FakeCluster({ a: [0, 299], b: [300, 309], c: [310, 319] });
  cluster.server("b").refuse(/^MULTI/, "NOPERM this user has no permissions to run it");
  const expected = { b: "0-309", c: "310-319" };
  expect((await runMoves(cluster, [{ from: "a", to: "b", slots: "0-299" }], expected)).error).toBeUndefined();
  // Each of the two lanes may have begun before the other one knew.
  expect(cluster.log.filter((line) => line === "b MULTI").length).toBeLessThanOrEqual(2);
});

test("a transaction that can be opened and never be ended is told of, and nothing is put into it", async () => {
  const cluster = newCluster();
  for (const words of [/^EXEC/, /^DISCARD/]) cluster.server("b").refuse(words, "NOPERM no permissions to run it");
  const { error } = await runMoves(cluster, MOVES, EXPECTED);
  expect(String(error)).toContain("NOPERM");
  expect(cluster.ownersOf(3)).toEqual(["a", "a", "a"].map((name) => cluster.ref(name).id));
});
