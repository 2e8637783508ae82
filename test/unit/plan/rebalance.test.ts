import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Cluster, type NodeId, slotCountOf } from "../../../src/model/cluster.ts";
import { countSlots, formatRanges, SLOT_COUNT } from "../../../src/model/slot.ts";
import { planRebalance, type RebalanceOutcome, type RebalanceRequest } from "../../../src/plan/rebalance.ts";
import type { MoveProblem, SlotMove } from "../../../src/plan/slot-moves.ts";
import { clusterOf, idOf, nodeNamed } from "../../helpers/cluster-builder.ts";
import {
  carriedOut,
  clusterOwnedBy,
  countsOf,
  fragmentedCluster,
  movedSlots,
  rangeCount,
  shuffled,
  shuffleKeys,
} from "./fragmented-clusters.ts";

function requestOf(weights: Readonly<Record<string, number>> = {}, rest: Partial<RebalanceRequest> = {}) {
  const byId = new Map(Object.entries(weights).map(([name, weight]) => [idOf(name), weight]));
  return { weights: byId, thresholdPercent: 0, useEmptyPrimaries: false, ...rest };
}

function movesOf(outcome: RebalanceOutcome): readonly SlotMove[] {
  if (outcome.kind === "refused") throw new Error(`refused: ${JSON.stringify(outcome.problems)}`);
  return outcome.kind === "planned" ? outcome.moves : [];
}

function problemsOf(outcome: RebalanceOutcome): readonly MoveProblem[] {
  return outcome.kind === "refused" ? outcome.problems : [];
}

const FOUR = { a: [0, 4095], b: [4096, 8191], c: [8192, 12_287], d: [12_288, 16_383] };
const THREE = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] };

describe("by slots", () => {
  // These three are the cases of SPEC 16.4; in the second redis-cli moves 9 slots.
  test("a primary of weight 0 is emptied into the others", () => {
    const before = clusterOf(FOUR);
    const moves = movesOf(planRebalance(before, requestOf({ d: 0 }, { thresholdPercent: 2 })));
    expect(moves.map(({ slots }) => countSlots(slots)).sort()).toEqual([1365, 1365, 1366]);
    expect(countsOf(carriedOut(before, moves))).toEqual([5462, 5461, 5461, 0]);
  });

  test("shares that differ by one leave the odd slot where it is", () => {
    const before = clusterOf({ a: [0, 5455], b: [5456, 10_913], c: [10_914, 16_383] });
    expect(planRebalance(before, requestOf({}, { thresholdPercent: 2 })).kind).toBe("balanced");
    const moves = movesOf(planRebalance(before, requestOf({}, { thresholdPercent: 0.01 })));
    expect(movedSlots(moves)).toBe(8);
    expect(countsOf(carriedOut(before, moves))).toEqual([5461, 5461, 5462]);
  });

  test("weights of 3, 1 and 0 give 12288, 4096 and 0 slots", () => {
    const before = clusterOf({ a: [0, 5471], b: [5472, 10_927], c: [10_928, 16_383] });
    const after = carriedOut(before, movesOf(planRebalance(before, requestOf({ a: 3, c: 0 }))));
    expect(countsOf(after)).toEqual([12_288, 4096, 0]);
  });

  test("plans nothing where shares differ only by rounding, even for a threshold of 0", () => {
    expect(planRebalance(clusterOf(THREE), requestOf())).toMatchObject({
      kind: "balanced",
      balance: [
        { id: idOf("a"), slots: 5461, load: 5461, share: 5461, deviationPercent: 0, exceeds: false },
        { slots: 5462, share: 5462 },
        { slots: 5461, share: 5461 },
      ],
    });
  });

  test.each([
    ["stays empty unless asked for", {}, false, 0],
    ["takes part when empty primaries are used", {}, true, 4096],
    ["takes part when it has a weight", { d: 0.5 }, false, 2340],
  ])("an empty primary %s", (_, weights, useEmptyPrimaries, expected) => {
    const before = clusterOf({ ...THREE, d: [] });
    const outcome = planRebalance(before, requestOf(weights, { useEmptyPrimaries }));
    expect(slotCountOf(nodeNamed(carriedOut(before, movesOf(outcome)), "d"))).toBe(expected);
  });

  test("new primaries get what others give in whole ranges", () => {
    const before = clusterOf({ a: [0, 8191], b: [8192, 16_383], c: [], d: [] });
    const moves = movesOf(planRebalance(before, requestOf({}, { useEmptyPrimaries: true })));
    expect(moves.map(({ from, to, slots }) => [from, to, formatRanges(slots)])).toEqual([
      [idOf("a"), idOf("c"), "4096-8191"],
      [idOf("b"), idOf("d"), "12288-16383"],
    ]);
  });

  test("neighbours shift the border between them", () => {
    const before = clusterOf({ a: [0, 5999], b: [6000, 9999], c: [10_000, 16_383] });
    const after = carriedOut(before, movesOf(planRebalance(before, requestOf())));
    expect(after.nodes.map(({ slots }) => formatRanges(slots))).toEqual(["0-5461", "5462-10922", "10923-16383"]);
  });

  test("201 primaries that were left with 184 and 81 slots end within one slot of each other", () => {
    // https://github.com/redis/redis/issues/4941
    const before = clusterOwnedBy(201, (slot) => (slot < 184 ? 0 : Math.min(200, 1 + Math.floor((slot - 184) / 81))));
    const moves = movesOf(planRebalance(before, requestOf()));
    const counts = countsOf(carriedOut(before, moves));
    expect([Math.min(...counts), Math.max(...counts)]).toEqual([81, 82]);
    expect(movedSlots(moves)).toBe(102);
  });

  test("a thousand primaries get their shares", () => {
    const before = clusterOwnedBy(1000, (slot) => Math.min(999, Math.floor(1000 * (slot / SLOT_COUNT) ** 2)));
    const after = carriedOut(before, movesOf(planRebalance(before, requestOf({}, { useEmptyPrimaries: true }))));
    expect(new Set(countsOf(after))).toEqual(new Set([16, 17]));
  });
});

describe("the threshold", () => {
  // |100 - 100 * expected / slots|: 5574 slots are 2.03 % over, 5572 slots 1.99 %.
  test.each([
    [5572, "balanced"],
    [5574, "planned"],
  ])("is measured as redis-cli does: %i slots are %s", (slots, expected) => {
    const rest = SLOT_COUNT - slots;
    const middle = slots + Math.floor(rest / 2);
    const cluster = clusterOf({ a: [0, slots - 1], b: [slots, middle - 1], c: [middle, SLOT_COUNT - 1] });
    expect(planRebalance(cluster, requestOf({}, { thresholdPercent: 2 })).kind).toBe(expected);
  });

  test("does not keep slots on a primary of weight 0, however high it is", () => {
    const before = clusterOf(THREE);
    const moves = movesOf(planRebalance(before, requestOf({ b: 0 }, { thresholdPercent: 1000 })));
    expect(countsOf(carriedOut(before, moves))).toEqual([8192, 0, 8192]);
  });
});

describe("a rebalance is refused", () => {
  test.each<readonly [string, Readonly<Record<string, number>>, Partial<RebalanceRequest>, MoveProblem[]]>([
    ["weights that are all 0", { a: 0, b: 0, c: 0 }, {}, [{ kind: "all-weights-zero" }]],
    ["a negative weight", { a: -1 }, {}, [{ kind: "invalid-weight", node: idOf("a"), weight: -1 }]],
    [
      "a weight that is no number",
      { a: Number.NaN },
      {},
      [{ kind: "invalid-weight", node: idOf("a"), weight: Number.NaN }],
    ],
    ["an unknown node", { ffff: 1 }, {}, [{ kind: "unknown-node", node: idOf("ffff") }]],
    ["a replica", { a1: 1 }, {}, [{ kind: "not-a-primary", node: idOf("a1"), primary: idOf("a") }]],
    ["a negative threshold", {}, { thresholdPercent: -1 }, [{ kind: "invalid-threshold", thresholdPercent: -1 }]],
  ])("for %s", (_, weights, rest, expected) => {
    const cluster = clusterOf(THREE, { replicas: { a1: "a" } });
    expect(problemsOf(planRebalance(cluster, requestOf(weights, rest)))).toEqual(expected);
  });

  test("while two primaries claim the same slots", () => {
    const contested = clusterOf({ a: [0, 8192], b: [8192, 16_383] });
    expect(problemsOf(planRebalance(contested, requestOf()))).toMatchObject([{ kind: "several-owners" }]);
  });
});

/** Weights for the nodes of a cluster, 0 among them but never only 0. */
function weightsFor({ nodes }: Cluster, weights: readonly number[]): ReadonlyMap<NodeId, number> {
  return new Map(nodes.map(({ id }, i) => [id, i === 0 ? 1 + weights[0]! : weights[i % weights.length]!]));
}

const wholeWeights = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 9 });
const anyWeights = fc.array(fc.constantFrom(0, 0.1, 0.3, 1, 1.7, 3, 1e-9, 1e12), { minLength: 1, maxLength: 9 });

test("any cluster gets shares within one slot of the exact ones, with the fewest slots and few pairs", () => {
  fc.assert(
    fc.property(fragmentedCluster, wholeWeights, shuffleKeys, (before, list, keys) => {
      const weights = weightsFor(before, list);
      const request = requestOf({}, { weights });
      const moves = movesOf(planRebalance(before, request));
      const after = carriedOut(before, moves);

      const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
      const quotas = before.nodes.map(({ id }) => (SLOT_COUNT * weights.get(id)!) / total);
      const held = countsOf(before);
      for (const [i, count] of countsOf(after).entries()) expect(Math.abs(count - quotas[i]!)).toBeLessThan(1);
      const above = held.reduce((sum, count, i) => sum + Math.max(0, count - Math.ceil(quotas[i]!)), 0);
      const below = held.reduce((sum, count, i) => sum + Math.max(0, Math.floor(quotas[i]!) - count), 0);
      expect(movedSlots(moves)).toBe(Math.max(above, below));
      expect(moves.length).toBeLessThan(before.nodes.length);
      expect(rangeCount(after)).toBeLessThanOrEqual(rangeCount(before) + moves.length);
      expect(movesOf(planRebalance(shuffled(before, keys), request))).toEqual(moves);
    }),
  );
});

test("any cluster settles in one run, whatever the weights and the threshold", () => {
  const threshold = fc.constantFrom(0, 0.01, 2, 30);
  fc.assert(
    fc.property(fragmentedCluster, anyWeights, threshold, (before, list, thresholdPercent) => {
      const request = requestOf({}, { weights: weightsFor(before, list), thresholdPercent });
      const after = carriedOut(before, movesOf(planRebalance(before, request)));
      expect(planRebalance(after, request).kind).toBe("balanced");
      for (const { id, slots } of after.nodes) if (request.weights.get(id) === 0) expect(slots).toEqual([]);
    }),
  );
});
