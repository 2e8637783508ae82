import { describe, expect, test } from "vitest";
import { type NodeId, primariesOf } from "../../../src/model/cluster.ts";
import { planMoves } from "../../../src/plan/move-plan.ts";
import { type MoveTotals, moveTotals, primaryBalances } from "../../../src/plan/move-totals.ts";
import { simulate } from "../../../src/plan/simulate.ts";
import { applyMoves, type SlotMove } from "../../../src/plan/slot-moves.ts";
import { clusterOf, idOf, slotRangesOf } from "../../helpers/cluster-builder.ts";

const SETTING = "cluster-allow-replica-migration";
const settings = (value: string) => ({ facts: { settings: new Map([[SETTING, value]]) } });

function clusterWith(value: string, rest: Readonly<Record<string, ReturnType<typeof settings>>> = {}) {
  return clusterOf(
    { a: [0, 99], b: [100, 16_383], c: [] },
    { replicas: { a1: "a", b1: "b" }, ...settings(value), nodes: rest },
  );
}

const move = (from: string, to: string, slots: readonly number[]): SlotMove => {
  return { from: idOf(from), to: idOf(to), slots: slotRangesOf(slots) };
};

describe("--keep-empty", () => {
  const keep = (cluster: ReturnType<typeof clusterWith>, ...moves: readonly SlotMove[]) =>
    planMoves("reshard", cluster, moves, () => "keys", { keepEmpty: true });

  test("holds the emptied primary and its replicas for the time of the moves, and expects them to stay", () => {
    const cluster = clusterWith("yes");
    const plan = keep(cluster, move("a", "b", [0, 99]));
    const told = plan.steps.map((step) =>
      step.kind === "set-config" ? [step.node.id, step.setting, step.value] : step.kind,
    );
    expect(told).toEqual([
      [idOf("a"), SETTING, "no"],
      [idOf("a1"), SETTING, "no"],
      "move-slots",
      [idOf("a"), SETTING, "yes"],
      [idOf("a1"), SETTING, "yes"],
    ]);
    expect(plan.warnings).toEqual([expect.stringContaining("stay what they are")]);
    const kept = plan.expected.find(({ primary }) => primary.id === idOf("a"));
    expect(kept).toMatchObject({ slots: "", replicas: [{ id: idOf("a1") }] });
    const after = plan.steps.reduce(simulate, cluster);
    expect(after.nodes.map(({ facts }) => facts!.settings.get(SETTING))).toEqual(Array(5).fill("yes"));
    expect(plan.steps.slice(0, 1).reduce(simulate, cluster).nodes[0]!.facts!.settings.get(SETTING)).toBe("no");
  });

  test("touches nothing where nobody is emptied, or where it is so already", () => {
    const kinds = (plan: ReturnType<typeof keep>) => plan.steps.map(({ kind }) => kind);
    expect(kinds(keep(clusterWith("yes"), move("a", "b", [0, 98])))).toEqual(["move-slots"]);
    expect(kinds(keep(clusterWith("no"), move("a", "b", [0, 99])))).toEqual(["move-slots"]);
    const mixed = keep(clusterWith("no", { a1: settings("yes") }), move("a", "b", [0, 99]));
    expect(kinds(mixed)).toEqual(["set-config", "move-slots", "set-config"]);
  });

  test("attaches the replicas again where they may take the move for a failover", () => {
    const plan = keep(clusterWith("yes"), move("a", "c", [0, 99]));
    expect(plan.steps.at(-1)).toMatchObject({
      kind: "replicate",
      node: { id: idOf("a1") },
      primary: { id: idOf("a") },
    });
  });
});

test.each([
  ["yes", /it and its replicas then become replicas of the primary that gets its last slot/],
  ["no", /will own no slots$/],
])("without --keep-empty the plan says what becomes of an emptied primary (%s)", (value, text) => {
  const plan = planMoves("reshard", clusterWith(value), [move("a", "b", [0, 99])], () => "keys");
  expect(plan.steps.map(({ kind }) => kind)).toEqual(["move-slots"]);
  expect(plan.warnings).toEqual([expect.stringMatching(text)]);
  expect(plan.expected.map(({ primary }) => primary.id)).not.toContain(idOf("a"));
});

describe("what a plan of moves comes to", () => {
  const before = clusterOf(
    { a: [0, 99], b: [100, 16_383] },
    {
      nodes: { a: { keys: 500, facts: { usedMemoryBytes: 9000 } }, b: { keys: 20, facts: { usedMemoryBytes: 2000 } } },
    },
  );
  const moves = [move("a", "b", [0, 49]), move("b", "a", [100, 100])];
  const known = [
    { keys: 300, bytes: 6000, sampledKeys: 30, bigKeys: [] },
    { keys: 5, bytes: 100, sampledKeys: 5, bigKeys: [] },
  ];
  const previewOf = (
    evidence: readonly { readonly keys: number | undefined; readonly bytes?: number | undefined }[],
  ) => ({
    moves: moves.map((one, i) => ({ move: one, evidence: evidence[i]! })),
    before,
    after: applyMoves(before, moves),
    rate: { unit: "keys", perSecond: 100 } as const,
  });

  test("adds up, and is as slow as --rate where it applies to all of it", () => {
    const totals: MoveTotals = { slots: 51, keys: 305, bytes: 6100, sampledKeys: 35, atLeastSeconds: 3.05 };
    const plan = planMoves("reshard", before, moves, () => "keys");
    expect(moveTotals(plan, previewOf(known))).toEqual(totals);
    const atomic = planMoves("reshard", before, moves, ({ from }) => (from === idOf("a") ? "atomic" : "keys"));
    expect(moveTotals(atomic, previewOf(known))).toEqual({ ...totals, atLeastSeconds: undefined });
    expect(moveTotals(plan, { ...previewOf(known), rate: undefined }).atLeastSeconds).toBeUndefined();
    const slow = { unit: "bytes", perSecond: 1000 } as const;
    expect(moveTotals(plan, { ...previewOf(known), rate: slow }).atLeastSeconds).toBe(6.1);
  });

  test("is told for every primary before and after", () => {
    expect(primaryBalances(previewOf(known))).toEqual([
      {
        node: idOf("a"),
        slots: { before: 100, after: 51 },
        keys: { before: 500, after: 205 },
        memoryBytes: { before: 9000, after: 3100 },
        load: undefined,
      },
      {
        node: idOf("b"),
        slots: { before: 16_284, after: 16_333 },
        keys: { before: 20, after: 315 },
        memoryBytes: { before: 2000, after: 7900 },
        load: undefined,
      },
    ]);
    expect(primariesOf(before).map(({ id }: { readonly id: NodeId }) => id)).toEqual([idOf("a"), idOf("b")]);
  });

  test("leaves out what nobody could count", () => {
    const preview = previewOf([{ keys: undefined, bytes: undefined }, known[1]!]);
    expect(
      moveTotals(
        planMoves("reshard", before, moves, () => "keys"),
        preview,
      ),
    ).toMatchObject({
      keys: 5,
      bytes: undefined,
    });
    expect(primaryBalances(preview)[0]).toMatchObject({
      slots: { after: 51 },
      keys: undefined,
      memoryBytes: undefined,
    });
  });
});
