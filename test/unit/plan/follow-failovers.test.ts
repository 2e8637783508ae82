import { describe, expect, test } from "vitest";
import { formatPlan } from "../../../src/commands/plan-file.ts";
import { type Cluster, signatureOf } from "../../../src/model/cluster.ts";
import { planFailover } from "../../../src/plan/failover.ts";
import { type FollowedPlan, followFailovers } from "../../../src/plan/follow-failovers.ts";
import type { NodeRef, Plan } from "../../../src/plan/plan.ts";
import { readPlan } from "../../../src/plan/read-plan.ts";
import { type ClusterOptions, clusterOf, idOf, nodeNamed } from "../../helpers/cluster-builder.ts";

/** The plan moves slots 0-9 from a to b; a1 and b1 are their replicas. */
const BEFORE = clusterOf({ a: [0, 8191], b: [8192, 16_383], c: [] }, { replicas: { a1: "a", b1: "b" } });

function refIn(cluster: Cluster, name: string): NodeRef {
  return { id: idOf(name), address: nodeNamed(cluster, name).address };
}

const PLAN: Plan = {
  schemaVersion: 1,
  command: "reshard",
  madeFor: signatureOf(BEFORE),
  steps: [{ kind: "move-slots", from: refIn(BEFORE, "a"), to: refIn(BEFORE, "b"), slots: "0-9", method: "keys" }],
  reasons: [],
  warnings: [],
  expected: [
    { primary: refIn(BEFORE, "a"), slots: "10-8191", replicas: [] },
    { primary: refIn(BEFORE, "b"), slots: "0-9,8192-16383", replicas: [] },
  ],
};

/** Who the step names now, by the beginning of the id: "a -> b". */
function movesOf({ plan }: FollowedPlan): string {
  const step = plan.steps[0]!;
  if (step.kind !== "move-slots") throw new Error("It moves slots no more");
  return [step.from, step.to].map(({ id }) => id.replace(/0+$/, "")).join(" -> ");
}

function clusterNow(slots: Parameters<typeof clusterOf>[0], options: ClusterOptions = {}): FollowedPlan {
  return followFailovers(PLAN, clusterOf(slots, options));
}

describe("a plan whose primaries", () => {
  test("are what they were stays as it is", () => {
    expect(followFailovers(PLAN, BEFORE)).toEqual({ plan: PLAN, failovers: [] });
  });

  test("have given a newcomer its share are not taken for failed over to it", () => {
    const now = clusterOf({ a: [0, 2729], b: [8192, 16_383], d: [2730, 8191] });
    const meet = { kind: "meet", nodes: ["a", "b", "d"].map((name) => refIn(now, name)) } as const;
    const steps = [meet, { ...PLAN.steps[0]!, to: refIn(now, "d") }] as Plan["steps"];
    const plan: Plan = { ...PLAN, command: "add-node", steps };
    expect(followFailovers(plan, now)).toEqual({ plan, failovers: [] });
  });

  test("have become replicas of their own replicas goes on with those", () => {
    const followed = clusterNow({ a1: [0, 8191], b1: [8192, 16_383], c: [] }, { replicas: { a: "a1", b: "b1" } });
    expect(movesOf(followed)).toBe("a1 -> b1");
    expect(followed.plan.steps[0]).toMatchObject({
      from: { id: idOf("a1"), formerly: [idOf("a")] },
      to: { id: idOf("b1"), formerly: [idOf("b")] },
    });
    expect(followed.plan.expected.map(({ primary, slots }) => [primary.id, slots])).toEqual([
      [idOf("a1"), "10-8191"],
      [idOf("b1"), "0-9,8192-16383"],
    ]);
    expect(followed.failovers.map(({ from, to }) => [from.id, to.id])).toEqual([
      [idOf("a"), idOf("a1")],
      [idOf("b"), idOf("b1")],
    ]);
  });

  test("are dead goes on with the replica that has their slots", () => {
    const dead = { a: { unreachable: true, health: "failing" } } as const;
    const followed = clusterNow(
      { a: [], a1: [0, 8191], b: [8192, 16_383], c: [] },
      { replicas: { b1: "b" }, nodes: dead },
    );
    expect(movesOf(followed)).toBe("a1 -> b");
  });

  test("are dead and still own their slots waits for them", () => {
    const dead = { a: { unreachable: true, health: "failing" } } as const;
    const followed = clusterNow(
      { a: [0, 8191], b: [8192, 16_383], c: [] },
      { replicas: { a1: "a", b1: "b" }, nodes: dead },
    );
    expect(followed.failovers).toEqual([]);
  });

  test("failed over to a replica that joined later goes on with it", () => {
    const followed = clusterNow({ fa: [0, 8191], b: [8192, 16_383], c: [] }, { replicas: { a: "fa", b1: "b" } });
    expect(movesOf(followed)).toBe("fa -> b");
  });

  test("were emptied and became replicas of another shard have no heir", () => {
    const followed = clusterNow({ b: [8192, 16_383], c: [0, 8191] }, { replicas: { a: "c", a1: "c", b1: "b" } });
    expect(followed.failovers).toEqual([]);
    const ofTarget = clusterNow({ b: [0, 16_383], c: [] }, { replicas: { a: "b", a1: "b", b1: "b" } });
    expect(ofTarget.failovers).toEqual([]);
  });

  test("gave a last slot away while they failed over go on with the heir, whomever they follow now", () => {
    const follows = clusterNow({ a1: [0, 8190], b: [8191, 16_383], c: [] }, { replicas: { a: "b", b1: "b" } });
    expect(movesOf(follows)).toBe("a1 -> b");
    const empty = clusterNow({ a: [], a1: [0, 8191], b: [8192, 16_383], c: [] }, { replicas: { b1: "b" } });
    expect(movesOf(empty)).toBe("a1 -> b");
    const few = clusterNow({ a: [0, 3], a1: [4, 8191], b: [8192, 16_383], c: [] }, { replicas: { b1: "b" } });
    expect(movesOf(few)).toBe("a1 -> b");
  });

  test("failed over twice remembers every one of them, also in its file", () => {
    const once = clusterNow({ a1: [0, 8191], b: [8192, 16_383], c: [] }, { replicas: { a: "a1", a2: "a1", b1: "b" } });
    const again = clusterOf({ a2: [0, 8191], b: [8192, 16_383], c: [] }, { replicas: { a: "a2", a1: "a2", b1: "b" } });
    const twice = followFailovers(once.plan, again);
    expect(twice.plan.steps[0]).toMatchObject({ from: { id: idOf("a2"), formerly: [idOf("a"), idOf("a1")] } });
    expect(readPlan(formatPlan(twice.plan))).toMatchObject({ kind: "plan", plan: twice.plan });
  });
});

test("a plan that creates a cluster names nobody who could have failed over", () => {
  const plan: Plan = { ...PLAN, command: "create" };
  const now = clusterOf({ a1: [0, 8191], b: [8192, 16_383] }, { replicas: { a: "a1" } });
  expect(followFailovers(plan, now)).toEqual({ plan, failovers: [] });
});

test.each([
  ["before", BEFORE],
  ["after", clusterOf({ a1: [0, 8191], b: [8192, 16_383], c: [] }, { replicas: { a: "a1", b1: "b" } })],
])("a plan that fails over itself means the same %s it has", (_, cluster) => {
  const outcome = planFailover(BEFORE, { node: idOf("a1"), mode: "safe" });
  if (outcome.kind !== "planned") throw new Error(outcome.kind);
  expect(followFailovers(outcome.plan, cluster)).toEqual({ plan: outcome.plan, failovers: [] });
});

test("of a cluster that none of its members is in, nobody is an heir, whatever slots it owns", () => {
  const other = clusterOf({ d: [0, 8191], e: [8192, 16_383], f: [] });
  expect(followFailovers(PLAN, other)).toEqual({ plan: PLAN, failovers: [] });
});
