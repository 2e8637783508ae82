import { expect, test } from "vitest";
import type { Cluster } from "../../../src/model/cluster.ts";
import { loadReasons } from "../../../src/plan/load-reasons.ts";
import { planRebalance } from "../../../src/plan/rebalance.ts";
import { clusterOf } from "../../helpers/cluster-builder.ts";

const HALVES = clusterOf({ a: [0, 8191], b: [8192, 16_383] });

function reasonsFor(load: (slot: number) => number, cluster: Cluster, sampledKeys?: number): readonly string[] {
  const outcome = planRebalance(cluster, { weights: new Map(), thresholdPercent: 2, useEmptyPrimaries: true, load });
  if (outcome.kind === "refused") throw new Error("refused");
  return loadReasons(outcome, { by: "keys", sampledKeys }, cluster);
}

test("a slot that is too heavy is named with its part, also when nothing is left to move", () => {
  const heavy = (slot: number) => (slot === 77 ? 1200 : Number(slot >= 8192 && slot < 8992));
  const reason = "slot 77 alone holds 60 % of the keys: no placement gets closer";
  expect(reasonsFor(heavy, HALVES)).toEqual([reason]);
});

test("of many heavy slots the heaviest are named", () => {
  const cluster = clusterOf({ a: [0, 8191], ...Object.fromEntries("bcdefghi".split("").map((name) => [name, []])) });
  const reasons = reasonsFor((slot) => (slot < 6 ? 100 + slot : 0), cluster);
  expect(reasons).toHaveLength(5);
  expect(reasons[0]).toContain("slot 5 alone holds 17 % of the keys");
  expect(reasons.at(-1)).toBe("so it is with 2 more slots");
});

test("a primary that stays above its share without any heavy slot is named", () => {
  // Three of 4 against two of 4: moving one only changes sides.
  const [reason, ...more] = reasonsFor((slot) => (slot < 3 || (slot >= 9000 && slot < 9002) ? 4 : 0), HALVES);
  expect(more).toEqual([]);
  expect(reason).toBe("127.0.0.1:7001 keeps 60 % of the keys: no slot that it could give gets it closer to its share");
});

test("an estimate is said to be one only where something rests on it", () => {
  expect(reasonsFor(() => 1, HALVES, 40)).toEqual([]);
  expect(reasonsFor((slot) => (slot < 8192 ? 3 : 1), HALVES, 40)).toEqual([
    "the memory of the slots is an estimate from 40 keys that were looked at",
  ]);
});
