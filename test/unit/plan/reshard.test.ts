import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cluster } from "../../../src/model/cluster.ts";
import { countSlots, formatRanges, intersectRanges, SLOT_COUNT } from "../../../src/model/slot.ts";
import { planReshard, type ReshardOutcome, type ReshardRequest } from "../../../src/plan/reshard.ts";
import { applyMoves, type MoveProblem, type SlotMove } from "../../../src/plan/slot-moves.ts";
import { clusterOf, idOf, nodeNamed, type Slots, slotRangesOf } from "../../helpers/cluster-builder.ts";
import {
  carriedOut,
  countOf,
  fragmentedCluster,
  movedSlots,
  rangeCount,
  shuffled,
  shuffleKeys,
} from "./fragmented-clusters.ts";

interface Ask {
  readonly from?: "all" | readonly string[];
  readonly to: string;
  readonly count?: number;
  readonly slots?: Slots;
  readonly order?: ReshardRequest["order"];
}

function reshard(cluster: Cluster, { from = "all", to, count = 0, slots, order = "contiguous" }: Ask): ReshardOutcome {
  return planReshard(cluster, {
    sources: from === "all" ? "all" : from.map(idOf),
    target: idOf(to),
    amount: slots === undefined ? { kind: "count", slots: count } : { kind: "ranges", slots: slotRangesOf(slots) },
    order,
  });
}

function movesOf(outcome: ReshardOutcome): readonly SlotMove[] {
  if (outcome.kind !== "planned") throw new Error(`refused: ${JSON.stringify(outcome.problems)}`);
  return outcome.moves;
}

function problemsOf(outcome: ReshardOutcome): readonly MoveProblem[] {
  return outcome.kind === "refused" ? outcome.problems : [];
}

/** What each named source gives. */
function given(outcome: ReshardOutcome): readonly string[] {
  return movesOf(outcome).map(({ slots }) => formatRanges(slots));
}

const THREE = { a: [0, 5460], b: [5461, 10922], c: [10923, 16383] };

describe("a number of slots", () => {
  // What redis-cli takes from three sources of 4096 slots, and from two of 5462 and 5461: SPEC 16.2.
  test.each([
    [1, [1, 0, 0]],
    [2, [1, 0, 0]],
    [3, [1, 1, 1]],
    [4, [2, 1, 1]],
    [5, [2, 1, 1]],
    [6, [2, 2, 2]],
    [7, [3, 2, 2]],
    [8, [3, 2, 2]],
    [10, [4, 3, 3]],
    [100, [34, 33, 33]],
    [12_288, [4096, 4096, 4096]],
  ])("%i from three equal sources is exact, with at most one more from each than redis-cli takes", (count, theirs) => {
    const before = clusterOf({ a: [0, 4095], b: [4096, 8191], c: [8192, 12_287], d: [12_288, 16_383] });
    for (const order of ["contiguous", "redis-cli"] as const) {
      const after = carriedOut(before, movesOf(reshard(before, { from: ["a", "b", "c"], to: "d", count, order })));
      const taken = ["a", "b", "c"].map((name) => 4096 - countOf(after, idOf(name)));
      expect(taken.reduce((sum, own) => sum + own)).toBe(count);
      for (const [i, own] of taken.entries()) expect([theirs[i], theirs[i]! + 1]).toContain(own);
    }
  });

  test("is shared in proportion to what the sources own", () => {
    const cluster = clusterOf({ a: [0, 5461], b: [5462, 10_922], c: [10_923, 16_383] });
    const outcome = reshard(cluster, { from: ["a", "b"], to: "c", count: 7, order: "redis-cli" });
    expect(given(outcome)).toEqual(["0-3", "5462-5464"]);
  });

  test("comes from the lowest slots of each source in redis-cli's order", () => {
    const cluster = clusterOf({ a: "0-1,10-12,100-8191", b: [8192, 16_383], c: "2-9,13-99" });
    expect(given(reshard(cluster, { from: ["a"], to: "c", count: 4, order: "redis-cli" }))).toEqual(["0-1,10-11"]);
  });

  test("comes from the ends that face each other when it is to stay in few ranges", () => {
    const cluster = clusterOf({ ...THREE, d: [] });
    const outcome = reshard(cluster, { to: "d", count: 4096 });
    expect(given(outcome)).toEqual(["4096-5460", "5461-6826", "15019-16383"]);
    expect(formatRanges(nodeNamed(applyMoves(cluster, movesOf(outcome)), "d").slots)).toBe("4096-6826,15019-16383");
  });

  test.each([
    ["between two ranges of the target first", { a: "5-6,100-8191", b: "0-4,7-99", c: [8192, 16_383] }, 2, "5-6"],
    ["whole ranges beside the target next", { a: "50-60,100-8000", b: "0-49", c: "61-99,8001-16383" }, 11, "50-60"],
    ["then ends that touch the target", { a: "50-60,100-8000", b: "0-49", c: "61-99,8001-16383" }, 5, "50-54"],
    [
      "whole ranges that fit before it cuts one",
      { a: "0-9,20-29,40-8000", b: [], c: "10-19,30-39,8001-16383" },
      20,
      "0-9,20-29",
    ],
    ["the largest that fit", { a: "0-9,20-39,50-8000", b: [], c: "10-19,40-49,8001-16383" }, 20, "20-39"],
  ])("takes %s", (_, slots: Record<string, Slots>, count, expected) => {
    expect(given(reshard(clusterOf(slots), { from: ["a"], to: "b", count }))).toEqual([expected]);
  });
});

describe("named slots", () => {
  test("come from whoever owns them, and those that the target has already are done", () => {
    const outcome = reshard(clusterOf(THREE), { to: "b", slots: "5459-5463,10922-10924" });
    expect(movesOf(outcome).map(({ from, slots }) => [from, formatRanges(slots)])).toEqual([
      [idOf("a"), "5459-5460"],
      [idOf("c"), "10923-10924"],
    ]);
    expect(movesOf(reshard(applyMoves(clusterOf(THREE), movesOf(outcome)), { to: "b", slots: "5459-5463" }))).toEqual(
      [],
    );
  });

  test("are refused, with the owner, when none of the sources owns them", () => {
    const cluster = clusterOf({ a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_000] });
    expect(problemsOf(reshard(cluster, { from: ["a"], to: "b", slots: "0-6000,12000-12001,16383" }))).toEqual([
      { kind: "slots-not-owned", slots: slotRangesOf("12000-12001"), owner: idOf("c") },
      { kind: "slots-not-owned", slots: slotRangesOf("16383"), owner: undefined },
    ]);
  });
});

describe("a reshard is refused", () => {
  const cluster = clusterOf(THREE, { replicas: { a1: "a" } });
  const unknown = idOf("ffff");

  test.each<readonly [string, Ask, MoveProblem[]]>([
    [
      "more slots than there are",
      { from: ["a"], to: "b", count: 99_999 },
      [{ kind: "too-many-slots", asked: 99_999, available: 5461 }],
    ],
    ["a negative number", { to: "b", count: -5 }, [{ kind: "invalid-count", asked: -5 }]],
    ["half a slot", { to: "b", count: 1.5 }, [{ kind: "invalid-count", asked: 1.5 }]],
    ["no slots", { to: "b", count: 0 }, [{ kind: "nothing-to-move" }]],
    ["an empty list of slots", { to: "b", slots: "" }, [{ kind: "nothing-to-move" }]],
    ["no sources", { from: [], to: "b", count: 5 }, [{ kind: "no-sources" }]],
    [
      "the target as a source",
      { from: ["a", "b"], to: "b", count: 5 },
      [{ kind: "target-among-sources", node: idOf("b") }],
    ],
    ["a replica as target", { to: "a1", count: 5 }, [{ kind: "not-a-primary", node: idOf("a1"), primary: idOf("a") }]],
    [
      "unknown nodes and replicas among the sources, all at once",
      { from: ["ffff", "a1", "c"], to: "b", count: 5 },
      [
        { kind: "unknown-node", node: unknown },
        { kind: "not-a-primary", node: idOf("a1"), primary: idOf("a") },
      ],
    ],
  ])("for %s", (_, ask, expected) => {
    expect(problemsOf(reshard(cluster, ask))).toEqual(expected);
  });

  test("while two primaries claim the same slots", () => {
    const contested = clusterOf({ a: [0, 8191], b: [8190, 16_383], c: [] });
    expect(problemsOf(reshard(contested, { to: "c", count: 5 }))).toEqual([
      { kind: "several-owners", slots: slotRangesOf([8190, 8191]), owners: [idOf("a"), idOf("b")] },
    ]);
  });

  test("when the target alone owns slots", () => {
    expect(problemsOf(reshard(clusterOf({ a: [0, 16_383], b: [] }), { to: "a", count: 1 }))).toEqual([
      { kind: "no-sources" },
    ]);
  });
});

test("any number of slots of any cluster arrives exactly, in proportion, safely and in few new ranges", () => {
  const request = fc.record({ cluster: fragmentedCluster, count: fc.nat(SLOT_COUNT), keys: shuffleKeys });
  fc.assert(
    fc.property(request, fc.constantFrom("contiguous", "redis-cli"), ({ cluster, count, keys }, order) => {
      const target = cluster.nodes.at(-1)!.id;
      const available = SLOT_COUNT - countOf(cluster, target);
      fc.pre(available > 0);
      const asked = 1 + (count % available);
      const ask: ReshardRequest = { sources: "all", target, amount: { kind: "count", slots: asked }, order };
      const moves = movesOf(planReshard(cluster, ask));
      const after = carriedOut(cluster, moves);

      expect(movedSlots(moves)).toBe(asked);
      for (const { from, to, slots } of moves) {
        expect(to).toBe(target);
        expect(Math.abs(countSlots(slots) - (asked * countOf(cluster, from)) / available)).toBeLessThan(1);
      }
      if (order === "contiguous") expect(rangeCount(after)).toBeLessThanOrEqual(rangeCount(cluster) + moves.length);
      expect(planReshard(shuffled(cluster, keys), ask)).toEqual({ kind: "planned", moves });
    }),
  );
});

test("named slots of any cluster all end at the target, and asking again plans nothing", () => {
  fc.assert(
    fc.property(fragmentedCluster, fc.nat(SLOT_COUNT - 1), fc.nat(SLOT_COUNT - 1), (cluster, one, other) => {
      const slots = [{ start: Math.min(one, other), end: Math.max(one, other) }];
      const target = cluster.nodes[0]!.id;
      const ask: ReshardRequest = { sources: "all", target, amount: { kind: "ranges", slots }, order: "contiguous" };
      const after = carriedOut(cluster, movesOf(planReshard(cluster, ask)));
      expect(intersectRanges(after.nodes[0]!.slots, slots)).toEqual(slots);
      expect(movesOf(planReshard(after, ask))).toEqual([]);
    }),
  );
});

test("applying a move that takes what its source does not own throws", () => {
  const cluster = clusterOf(THREE);
  const move = { from: idOf("a"), to: idOf("b"), slots: slotRangesOf([5460, 5461]) };
  expect(() => applyMoves(cluster, [move])).toThrow("does not own them all");
  expect(() => applyMoves(cluster, [{ ...move, slots: slotRangesOf([0, 1]), to: idOf("ffff") }])).toThrow("no node");
});
