import { expect, test } from "vitest";
import { FakeCluster } from "../../helpers/fake-cluster.ts";
import { runMoves } from "../../helpers/run-moves.ts";

/** Where servers keep marks, one slot is left for the end of a move. */
function newCluster(keysIn: Readonly<Record<number, number>>): FakeCluster {
  const cluster = new FakeCluster({ a: [0, 9], b: [10, 19], c: [20, 29] });
  for (const server of cluster.servers.values()) server.version = "7.0.15";
  for (const [slot, count] of Object.entries(keysIn)) {
    for (let i = 0; i < count; i++) cluster.put("a", Number(slot), `${slot}:${i}`, "value");
  }
  return cluster;
}

function claimedBy(name: string, { log }: FakeCluster): readonly number[] {
  return log.flatMap((line) => {
    const slot = new RegExp(`^${name} CLUSTER SETSLOT (\\d+) NODE`).exec(line)?.[1];
    return slot === undefined ? [] : [Number(slot)];
  });
}

test("it also ends what has moved before a failure that leaves both ends at work", async () => {
  const cluster = newCluster({ 0: 4100, 1: 4100, 2: 3, 3: 4100, 4: 4100 });
  cluster.put("b", 4, "4:7", "another value");
  const { error } = await runMoves(cluster, [{ from: "a", to: "b", slots: "0-4" }], {}, { pipeline: 1000 });
  expect(String(error)).toContain("4:7");
  expect(claimedBy("b", cluster).at(-1)).toBe(2);
  expect(cluster.openSlots()).toEqual(["a has 4 migrating", "b has 4 importing"]);
});

test("no large slot is begun for the sake of it when the run is to stop", async () => {
  const cluster = newCluster({ 0: 4200, 1: 4100, 2: 4100, 3: 4100, 4: 4100 });
  const stop = new AbortController();
  const { error } = await runMoves(
    cluster,
    [{ from: "a", to: "b", slots: "0-4" }],
    {},
    {
      pipeline: 1000,
      signal: stop.signal,
      onKeys: () => stop.abort(new Error("to stop")),
    },
  );
  expect(String(error)).toContain("Interrupted");
  expect(cluster.openSlots()).toEqual([]);
  const begun = cluster.log.filter((line) => /^b CLUSTER SETSLOT \d IMPORTING/.test(line));
  expect(begun.length).toBe(claimedBy("b", cluster).length);
  expect(begun.length).toBeLessThanOrEqual(2);
});

test("a move of which only the closing of its last slot is left is taken to its end", async () => {
  const cluster = newCluster({ 3: 2 });
  const expected = { a: "0-2,4-9", b: "3,10-19", c: "20-29" };
  // The target has claimed it, the source has heard of it, and then slotctl died.
  cluster.server("a").refuse(/^CLUSTER SETSLOT 3 NODE/, "ERR refused once", 1);
  const move = [{ from: "a", to: "b", slots: "3" }] as const;
  expect((await runMoves(cluster, move, expected)).error).toBeDefined();
  expect(cluster.openSlots()).toEqual(["a has 3 migrating"]);
  expect((await runMoves(cluster, move, expected)).error).toBeUndefined();
  expect(cluster.openSlots()).toEqual([]);
});
