import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cluster, NodeId } from "../../../src/model/cluster.ts";
import { SLOT_COUNT, slotsOf } from "../../../src/model/slot.ts";
import { planRebalance, type RebalanceOutcome, type RebalanceRequest } from "../../../src/plan/rebalance.ts";
import type { Balance } from "../../../src/plan/rebalance-balance.ts";
import { clusterOf, idOf } from "../../helpers/cluster-builder.ts";
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

type Load = (slot: number) => number;

function byLoad(cluster: Cluster, load: Load, rest: Partial<RebalanceRequest> = {}): Planned {
  const request = { weights: new Map<NodeId, number>(), thresholdPercent: 2, useEmptyPrimaries: true };
  return read(planRebalance(cluster, { ...request, ...rest, load }), cluster);
}

/** A balanced cluster is one that nothing changes. */
function read(outcome: RebalanceOutcome, cluster: Cluster) {
  if (outcome.kind === "refused") throw new Error(`refused: ${JSON.stringify(outcome.problems)}`);
  if (outcome.kind === "planned") return { ...outcome, cluster: carriedOut(cluster, outcome.moves) };
  return { ...outcome, moves: [], before: outcome.balance, after: outcome.balance, cluster };
}

type Planned = ReturnType<typeof read>;

function worst(balance: Balance): number {
  return Math.max(...balance.map(({ deviationPercent }) => Math.abs(deviationPercent)));
}

const HALVES = { a: [0, 8191], b: [8192, 16_383] };

describe("by load", () => {
  test("the loads even out, not the numbers of slots", () => {
    const planned = byLoad(clusterOf(HALVES), (slot) => (slot < 4096 ? 3 : 1));
    expect(worst(planned.before)).toBeCloseTo(33.33);
    expect(worst(planned.after)).toBeLessThanOrEqual(2);
    expect(planned.after.map(({ share }) => share)).toEqual([12_288, 12_288]);
    expect(rangeCount(planned.cluster)).toBeLessThanOrEqual(3);
  });

  test("one hot slot moves alone when it is what is too much", () => {
    const planned = byLoad(clusterOf(HALVES), (slot) => (slot === 5 ? 2000 : 1), { thresholdPercent: 12 });
    expect(planned.moves).toEqual([]);
    const hotter = byLoad(clusterOf(HALVES), (slot) => (slot < 2 ? 4096 : Number(slot < 16_382)));
    expect(movedSlots(hotter.moves)).toBe(1);
    expect(worst(hotter.after)).toBe(0);
  });

  test("a slot heavier than any share is named, and the rest is still spread", () => {
    const planned = byLoad(clusterOf({ ...HALVES, c: [] }), (slot) => (slot === 7 ? 100_000 : 1));
    expect(planned.tooHeavy).toEqual([{ slot: 7, load: 100_000, owner: idOf("a") }]);
    expect(planned.after.every(({ exceeds }) => exceeds)).toBe(true);
    expect(planned.after.map(({ slots }) => slots)).toEqual([1, 8192, 8191]);
  });

  test("a primary of weight 0 gives its slots without load too, and those are spread evenly", () => {
    const planned = byLoad(
      clusterOf({ a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] }),
      (slot) => Number(slot % 1000 === 0),
      {
        weights: new Map([[idOf("b"), 0]]),
        thresholdPercent: 10,
      },
    );
    const [a, b, c] = countsOf(planned.cluster);
    expect(b).toBe(0);
    expect(Math.abs(a! - c!)).toBeLessThan(200);
    expect(worst(planned.after)).toBeLessThanOrEqual(10);
  });

  test("a cluster without any load is balanced, and can be drained all the same", () => {
    expect(byLoad(clusterOf({ ...HALVES, c: [] }), () => 0).moves).toEqual([]);
    const planned = byLoad(clusterOf({ ...HALVES, c: [] }), () => 0, { weights: new Map([[idOf("a"), 0]]) });
    expect(countsOf(planned.cluster)).toEqual([0, 12_288, 4096]);
  });

  test("a thousand primaries are planned for", () => {
    const before = clusterOwnedBy(1000, (slot) => Math.min(999, Math.floor(1000 * (slot / SLOT_COUNT) ** 2)));
    const request = { weights: new Map(), thresholdPercent: 2, useEmptyPrimaries: true };
    const outcome = planRebalance(before, { ...request, load: (slot) => 90 + ((slot * 7919) % 21) });
    if (outcome.kind !== "planned") throw new Error(outcome.kind);
    expect(worst(outcome.before)).toBeGreaterThan(90);
    // Sixteen slots each: one slot more or less is six percent.
    expect(worst(outcome.after)).toBeLessThan(4);
  });
});

const LOADS: Readonly<Record<string, Load>> = {
  alike: () => 10,
  similar: (slot) => 90 + ((slot * 7919) % 21),
  skewed: (slot) => Math.floor(1 / (0.0001 + ((slot * 7919) % SLOT_COUNT) / SLOT_COUNT)),
  sparse: (slot) => (slot % 997 === 3 ? 5 : 0),
  hot: (slot) => (slot % 5000 === 77 ? 40_000 : 1),
  fractional: (slot) => ((slot * 7919) % SLOT_COUNT) / SLOT_COUNT / 3,
};

/** Fewer than usual: each plans for 16,384 slots several times. */
const RUNS = 40;

const anyRequest = fc.record({
  cluster: fragmentedCluster,
  loadName: fc.constantFrom(...Object.keys(LOADS)),
  weights: fc.array(fc.constantFrom(0, 0.5, 1, 1, 1, 2), { minLength: 1, maxLength: 9 }),
  thresholdPercent: fc.constantFrom(0, 2, 10),
  useEmptyPrimaries: fc.boolean(),
});

test("any load on any cluster settles in one run, whatever the order of the nodes, and weight 0 empties", () => {
  fc.assert(
    fc.property(anyRequest, shuffleKeys, ({ cluster, loadName, weights: list, ...rest }, keys) => {
      const weights = new Map(cluster.nodes.map(({ id }, i) => [id, i === 0 ? 1 : list[i % list.length]!]));
      const planned = byLoad(cluster, LOADS[loadName]!, { ...rest, weights });

      expect(byLoad(planned.cluster, LOADS[loadName]!, { ...rest, weights }).moves).toEqual([]);
      expect(byLoad(shuffled(cluster, keys), LOADS[loadName]!, { ...rest, weights }).moves).toEqual(planned.moves);
      for (const { id, slots } of planned.cluster.nodes) if (weights.get(id) === 0) expect(slots).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

test("nobody ends further from its share than the worst was, and no single slot would still help", () => {
  fc.assert(
    fc.property(anyRequest, ({ cluster, loadName, thresholdPercent, useEmptyPrimaries }) => {
      const load = LOADS[loadName]!;
      const planned = byLoad(cluster, load, { thresholdPercent, useEmptyPrimaries });
      expect(worst(planned.after)).toBeLessThanOrEqual(worst(planned.before) + 1e-6);
      const isFine = ["alike", "similar", "fractional"].includes(loadName) && thresholdPercent > 0;
      if (isFine) expect(planned.after.filter(({ exceeds }) => exceeds)).toEqual([]);
      for (const giver of planned.after.filter((node) => node.load > node.share)) {
        const { slots } = planned.cluster.nodes.find(({ id }) => id === giver.id)!;
        const loads = [...new Set(slotsOf(slots).map(load))];
        for (const taker of planned.after.filter((node) => node.load < node.share)) {
          if (giver.exceeds || taker.exceeds)
            expect(Math.max(...loads.map((one) => gain(giver, taker, one)))).toBeLessThan(0.11);
        }
      }
    }),
    { numRuns: RUNS },
  );
});

/** By how much of a percent the worse of two primaries would come nearer to its share. */
function gain(giver: Balance[number], taker: Balance[number], load: number): number {
  const off = (node: Balance[number], change: number) => (100 * Math.abs(node.load + change - node.share)) / node.share;
  return Math.max(off(giver, 0), off(taker, 0)) - Math.max(off(giver, -load), off(taker, load));
}
