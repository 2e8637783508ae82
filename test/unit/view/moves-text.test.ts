import { Chalk } from "chalk";
import { describe, expect, test } from "vitest";
import type { MovePreview } from "../../../src/plan/move-plan.ts";
import { planMoves } from "../../../src/plan/move-plan.ts";
import { applyMoves } from "../../../src/plan/slot-moves.ts";
import { movesText } from "../../../src/view/moves-text.ts";
import { clusterOf, idOf, slotRangesOf } from "../../helpers/cluster-builder.ts";

const NODES = ["a", "b", "c"].map((name, i) => [
  name,
  { host: "10.255.255.1", port: 17_001 + i, keys: 1_234_567, facts: { usedMemoryBytes: 2_500_000_000 } },
]);
const CLUSTER = clusterOf(
  { a: [0, 5460, 10_924, 10_924], b: [5461, 10_923], c: [10_925, 16_383] },
  { nodes: Object.fromEntries(NODES) },
);
/** Every other slot: as many ranges as can be. */
const SLOTS = slotRangesOf(Array.from({ length: 600 }, (_, i) => i * 2).flatMap((slot) => [slot, slot]));
const MOVES = [{ from: idOf("a"), to: idOf("b"), slots: SLOTS }];

function textOf(rest: Partial<MovePreview> = {}, bytes: number | undefined = 271_000_000): string {
  const plan = planMoves("rebalance", CLUSTER, MOVES, () => "keys", { reasons: ["because"] });
  const key = { key: `user:\\x00${"x".repeat(100)}`, type: "hash", bytes: 20_100_000, slot: 4 };
  const evidence = { keys: 135_000, bytes, sampledKeys: 2000, bigKeys: [key] };
  const preview = { moves: [{ move: MOVES[0]!, evidence }], before: CLUSTER, after: applyMoves(CLUSTER, MOVES) };
  return movesText({ plan, preview: { ...preview, ...rest } }, new Chalk({ level: 0 }));
}

describe("a plan of moves", () => {
  test("shows what goes over and what everybody has before and after, in 80 columns", () => {
    const lines = textOf({ rate: { unit: "keys", perSecond: 20_000 } }).split("\n");
    expect(lines[0]).toBe(
      "Plan: rebalance, 600 slots with 135,000 keys, about 271 MB, in 1 move, at least 6.8 s at 20,000 keys a second",
    );
    expect(lines.slice(1).join("\n")).toBe(`\
  FROM                TO                  SLOTS     KEYS    SIZE  BY    RANGES
  10.255.255.1:17001  10.255.255.1:17002    600  135,000  271 MB  keys  0,2,4,…

  PRIMARY             SLOTS  AFTER  CHANGE      RANGES AFTERWARDS
  10.255.255.1:17001  5,462  4,862  ========-   1,3,5,7,9,11,13,15,17,19,21,23,…
  10.255.255.1:17002  5,463  6,063  =========+  0,2,4,6,8,10,12,14,16,18,20,22,…
  10.255.255.1:17003  5,459  5,459  =========   10925-16383

  PRIMARY                  KEYS      AFTER  MEMORY   AFTER  CHANGE
  10.255.255.1:17001  1,234,567  1,099,567  2.5 GB  2.2 GB  ========-
  10.255.255.1:17002  1,234,567  1,369,567  2.5 GB  2.8 GB  =========+
  10.255.255.1:17003  1,234,567  1,234,567  2.5 GB  2.5 GB  =========
big key: "user:\\x00${"x".repeat(50)}…", a hash of 20.1 MB in slot 4, from 10.255.255.1:17001 to 10.255.255.1:17002
estimate: about 7 s
because`);
    for (const line of lines.slice(1, -3)) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("shows the load that it evens out as part of all of it", () => {
    const side = (loads: readonly number[]) =>
      ["a", "b", "c"].map((name, i) => {
        return { id: idOf(name), slots: 1, load: loads[i]!, share: 20, deviationPercent: 0, exceeds: false };
      });
    const text = textOf({ load: { by: "cpu", before: side([45, 0, 15]), after: side([25, 20, 15]) } });
    expect(text).toContain(`\
  PRIMARY                  KEYS      AFTER     CPU   AFTER  CHANGE
  10.255.255.1:17001  1,234,567  1,099,567  75.0 %  41.7 %  ======----
  10.255.255.1:17002  1,234,567  1,369,567   0.0 %  33.3 %  ++++
  10.255.255.1:17003  1,234,567  1,234,567  25.0 %  25.0 %  ===`);
  });

  test("says nothing of sizes that nobody knows", () => {
    const text = textOf({ moves: [{ move: MOVES[0]!, evidence: { keys: 3 } }] });
    expect(text).toContain("600 slots with 3 keys in 1 move\n");
    expect(text).not.toMatch(/SIZE|big key/);
  });
});
