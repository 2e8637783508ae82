import { expect, test } from "vitest";
import type { RunEvent } from "../../../src/execute/events.ts";
import { FakeCluster } from "../../helpers/fake-cluster.ts";
import { runMoves } from "../../helpers/run-moves.ts";

/**
 * A node that claims a slot for a moment longer than its new owner, and gets a larger epoch as the target of another
 * move in that moment, would win the slot back: then the new owner deletes the keys.
 */
test("nobody takes slots while it gives some away, and so no key is lost to the quickest gossip", async () => {
  const cluster = new FakeCluster({ a: [0, 9], b: [10, 19], c: [20, 29] });
  for (let slot = 0; slot < 30; slot++) cluster.put("abc"[Math.floor(slot / 10)]!, slot, `key ${slot}`, "value");
  const before = cluster.contents().length;
  const moves = [
    { from: "a", to: "b", slots: "0-4" },
    { from: "b", to: "c", slots: "10-14" },
    { from: "c", to: "a", slots: "20-24" },
  ];
  const expected = { a: "5-9,20-24", b: "0-4,15-19", c: "10-14,25-29" };
  const { error, events } = await runMoves(cluster, moves, expected);
  expect(error).toBeUndefined();
  expect(cluster.contents()).toHaveLength(before);
  expect(cluster.openSlots()).toEqual([]);

  // The last two cross, and so do the first two: each has to wait for the one before.
  expect(orderOf(events)).toEqual(ONE_BY_ONE);
});

/** A server does nothing else while it waits for the target of its MIGRATE: two that send to each other wait for long. */
test("no two nodes bring each other keys at the same time", async () => {
  const cluster = new FakeCluster({ a: [0, 9], b: [10, 19], c: [20, 29] });
  cluster.put("a", 10, "of b", "value");
  cluster.put("b", 20, "of c", "value");
  cluster.put("c", 0, "of a", "value");
  const ways = [
    { from: "a", to: "b", slots: "10" },
    { from: "b", to: "c", slots: "20" },
    { from: "c", to: "a", slots: "0" },
  ];
  const { error, events } = await runMoves(cluster, ways, {}, { kind: "bring-keys" });
  expect(error).toBeUndefined();
  expect(cluster.contents()).toHaveLength(3);
  expect(orderOf(events)).toEqual(ONE_BY_ONE);
});

const ONE_BY_ONE = [0, 1, 2].flatMap((index) => [`step-started ${index}`, `step-done ${index}`]);

function orderOf(events: readonly RunEvent[]): readonly string[] {
  return events.flatMap((event) =>
    event.type === "step-started" || event.type === "step-done" ? [`${event.type} ${event.index}`] : [],
  );
}

test("moves that do not cross go on side by side", async () => {
  const cluster = new FakeCluster({ a: [0, 9], b: [10, 19], c: [] });
  const moves = [
    { from: "a", to: "c", slots: "0-4" },
    { from: "b", to: "c", slots: "10-14" },
  ];
  const { events } = await runMoves(cluster, moves, { a: "5-9", b: "15-19", c: "0-4,10-14" });
  const started = events.flatMap((event) => (event.type === "step-started" ? [event.index] : []));
  const firstDone = events.findIndex(({ type }) => type === "step-done");
  expect(started).toEqual([0, 1]);
  expect(events.slice(0, firstDone).filter(({ type }) => type === "step-started")).toHaveLength(2);
});
