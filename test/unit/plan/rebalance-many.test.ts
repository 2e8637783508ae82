import { expect, test } from "vitest";
import { SLOT_COUNT } from "../../../src/model/slot.ts";
import { planRebalance } from "../../../src/plan/rebalance.ts";
import { clusterOf, idOf } from "../../helpers/cluster-builder.ts";
import { carriedOut, countsOf, movedSlots } from "./fragmented-clusters.ts";

/** Where redis-cli left one node with 184 slots and the others with 81, or went round for ever. */
test("200 primaries with one more are even to a slot, with no slot moved for nothing", () => {
  const names = Array.from({ length: 201 }, (_, i) => `${i.toString(16).padStart(4, "0")}a`);
  const slots = names.map((name, i) => {
    const first = Math.round((i * SLOT_COUNT) / 200);
    return [name, i === 200 ? [] : [first, Math.round(((i + 1) * SLOT_COUNT) / 200) - 1]] as const;
  });
  const before = clusterOf(Object.fromEntries(slots));
  const request = { weights: new Map(), thresholdPercent: 0, useEmptyPrimaries: true };
  const outcome = planRebalance(before, request);
  if (outcome.kind !== "planned") throw new Error(outcome.kind);
  const counts = countsOf(carriedOut(before, outcome.moves));
  expect(Math.max(...counts) - Math.min(...counts)).toBe(1);
  expect(movedSlots(outcome.moves)).toBe(81);
  expect(new Set(outcome.moves.map(({ to }) => to))).toEqual(new Set([idOf(names[200]!)]));
  expect(planRebalance(before, request)).toEqual(outcome);
});
