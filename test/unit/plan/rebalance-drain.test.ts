import fc from "fast-check";
import { expect, test } from "vitest";
import type { Cluster } from "../../../src/model/cluster.ts";
import { SLOT_COUNT } from "../../../src/model/slot.ts";
import { planDrain, type RebalanceOutcome } from "../../../src/plan/rebalance.ts";
import type { SlotMove } from "../../../src/plan/slot-moves.ts";
import { clusterOf, idOf } from "../../helpers/cluster-builder.ts";
import {
  carriedOut,
  countOf,
  countsOf,
  fragmentedCluster,
  movedSlots,
  shuffled,
  shuffleKeys,
} from "./fragmented-clusters.ts";

function drain(cluster: Cluster, names: readonly string[], useEmptyPrimaries = false): RebalanceOutcome {
  return planDrain(cluster, names.map(idOf), { useEmptyPrimaries });
}

function movesOf(outcome: RebalanceOutcome): readonly SlotMove[] {
  if (outcome.kind === "refused") throw new Error(`refused: ${JSON.stringify(outcome.problems)}`);
  return outcome.kind === "planned" ? outcome.moves : [];
}

const FIVE = { a: [0, 3276], b: [3277, 6553], c: [6554, 9829], d: [9830, 13_106], e: [13_107, 16_383] };

test("draining three of five primaries empties all three into the other two", () => {
  const before = clusterOf(FIVE);
  const after = carriedOut(before, movesOf(drain(before, ["a", "c", "e"])));
  expect(countsOf(after)).toEqual([0, 8192, 0, 8192, 0]);
});

test("the others become as even as they can without giving anything", () => {
  const before = clusterOf({ a: [0, 999], b: [1000, 2499], c: [2500, 4499], d: [4500, 16_383] });
  expect(countsOf(carriedOut(before, movesOf(drain(before, ["a"]))))).toEqual([0, 2250, 2250, 11_884]);
});

test.each([
  ["get nothing of it by default", { a: [0, 8191], b: [8192, 16_383], c: [] }, false, [0, 16_384, 0]],
  ["get their part when asked for", { a: [0, 8191], b: [8192, 16_383], c: [] }, true, [0, 8192, 8192]],
  ["get all of it when there is nobody else", { a: [0, 16_383], b: [], c: [] }, false, [0, 8192, 8192]],
])("primaries without slots %s", (_, slots: Record<string, number[]>, useEmptyPrimaries, expected) => {
  const before = clusterOf(slots);
  expect(countsOf(carriedOut(before, movesOf(drain(before, ["a"], useEmptyPrimaries))))).toEqual(expected);
});

test("a primary that owns nothing is drained already", () => {
  expect(drain(clusterOf({ a: [0, 16_383], b: [] }), ["b"]).kind).toBe("balanced");
});

test("a drain is refused for the last primary, for replicas and for nodes that nobody knows", () => {
  const cluster = clusterOf({ a: [0, 16_383] }, { replicas: { a1: "a" } });
  expect(drain(cluster, ["a", "a1", "ffff"])).toEqual({
    kind: "refused",
    problems: [
      { kind: "not-a-primary", node: idOf("a1"), primary: idOf("a") },
      { kind: "unknown-node", node: idOf("ffff") },
      { kind: "no-primary-left" },
    ],
  });
});

test("any part of any cluster is drained completely; nobody else gives, and once is enough", () => {
  fc.assert(
    fc.property(fragmentedCluster, fc.nat(), shuffleKeys, (before, mask, keys) => {
      const drained = before.nodes.map(({ id }) => id).filter((_, i) => i > 0 && (mask >> i) % 2 === 1);
      const outcome = planDrain(before, drained, { useEmptyPrimaries: true });
      const after = carriedOut(before, movesOf(outcome));
      const others = before.nodes.filter(({ id }) => !drained.includes(id)).map(({ id }) => id);

      expect(drained.map((id) => countOf(after, id))).toEqual(drained.map(() => 0));
      const kept = others.reduce((sum, id) => sum + countOf(before, id), 0);
      expect(movedSlots(movesOf(outcome))).toBe(SLOT_COUNT - kept);
      const level = Math.min(...others.map((id) => countOf(after, id)));
      for (const id of others) expect(countOf(after, id)).toBeLessThanOrEqual(Math.max(countOf(before, id), level + 1));
      for (const id of others) expect(countOf(after, id)).toBeGreaterThanOrEqual(countOf(before, id));
      expect(planDrain(after, drained, { useEmptyPrimaries: true }).kind).toBe("balanced");
      expect(planDrain(shuffled(before, keys), drained, { useEmptyPrimaries: true })).toEqual(outcome);
    }),
  );
});
