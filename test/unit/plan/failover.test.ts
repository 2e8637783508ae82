import { describe, expect, test } from "vitest";
import { formatRanges } from "../../../src/model/slot.ts";
import { planFailover } from "../../../src/plan/failover.ts";
import type { FailoverMode } from "../../../src/plan/plan.ts";
import { simulate } from "../../../src/plan/simulate.ts";
import { type ClusterOptions, clusterOf, idOf, nodeNamed } from "../../helpers/cluster-builder.ts";

const THREE = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] };
const REPLICAS = { a1: "a", a2: "a", b1: "b" };
const DEAD = { unreachable: true, health: "failing" } as const;

function clusterWith(nodes: NonNullable<ClusterOptions["nodes"]> = {}) {
  return clusterOf(THREE, { replicas: REPLICAS, nodes });
}

function behind(offset: number, linkUp = true) {
  const primaryAddress = "127.0.0.1:7001";
  const replication = { role: "replica", linkUp, syncing: false, offset, lastHeardSeconds: 1, primaryAddress } as const;
  return { facts: { replication } };
}

function plan(
  node: string,
  nodes: NonNullable<ClusterOptions["nodes"]> = {},
  mode: FailoverMode = "safe",
  direction?: "to" | "from",
) {
  return planFailover(clusterWith(nodes), { node: idOf(node), mode, direction });
}

function promotedBy(...args: Parameters<typeof plan>): string | undefined {
  const outcome = plan(...args);
  return outcome.kind === "planned" ? outcome.replica.id.replace(/0+$/, "") : undefined;
}

function problemsOf(...args: Parameters<typeof plan>) {
  const outcome = plan(...args);
  return outcome.kind === "refused" ? outcome.problems.map(({ kind }) => kind) : outcome.kind;
}

describe("who takes over", () => {
  test.each<[string, Parameters<typeof plan>, string | undefined]>([
    ["the replica that was named", ["a2"], "a2"],
    ["the first of equals", ["a"], "a1"],
    ["who has read furthest", ["a", { a2: behind(2000) }], "a2"],
    ["not who has no link", ["a", { a2: behind(2000, false) }], "a1"],
    ["not who was told not to, while there is another", ["a", { a1: { flags: ["nofailover"] } }], "a2"],
    ["not who cannot be reached", ["a", { a1: DEAD }], "a2"],
    [
      "who has read furthest, of a dead primary",
      ["a", { a: DEAD, a1: behind(1, false), a2: behind(2, false) }, "force"],
      "a2",
    ],
  ])("%s", (_, args, expected) => {
    expect(promotedBy(...args)).toBe(expected);
  });

  test("what is so already takes no step, whichever way it is put", () => {
    expect(plan("a", {}, "safe", "to")).toMatchObject({ kind: "nothing", plan: { steps: [] } });
    expect(plan("a1", {}, "safe", "from")).toMatchObject({ kind: "nothing", plan: { steps: [] } });
    expect(plan("a1", {}, "safe", "to")).toMatchObject({ kind: "planned" });
    expect(plan("a", {}, "safe", "from")).toMatchObject({ kind: "planned" });
  });
});

describe("what cannot be", () => {
  test.each<[string, Parameters<typeof plan>, string | readonly string[]]>([
    ["a primary without a replica", ["c"], ["no-replica"]],
    ["none of its replicas can be reached", ["b", { b1: DEAD }], ["replicas-unreachable"]],
    ["the replica has no link", ["a1", { a1: behind(1, false) }], ["link-down"]],
    ["the primary is dead", ["a1", { a: DEAD }], ["primary-down"]],
    ["the primary is dead, by force", ["a1", { a: DEAD }, "force"], "planned"],
    ["the majority is dead, by force", ["a1", { a: DEAD, b: DEAD }, "force"], ["majority-lost"]],
    ["the majority is dead, by takeover", ["a1", { a: DEAD, b: DEAD }, "takeover"], "planned"],
    ["the others are dead", ["a1", { b: DEAD, c: DEAD }], ["majority-lost"]],
    [
      "slots are on the move",
      ["a1", { a: { openSlots: [{ slot: 1, state: "migrating", peer: "b" }] } }],
      ["open-slots"],
    ],
  ])("%s", (_, args, expected) => {
    expect(problemsOf(...args)).toEqual(expected);
  });

  test("nobody stands for a primary that owns nothing", () => {
    const cluster = clusterOf({ ...THREE, d: [] }, { replicas: { d1: "d" } });
    expect(planFailover(cluster, { node: idOf("d"), mode: "safe" })).toMatchObject({
      problems: [{ kind: "no-slots" }],
    });
  });
});

test("the slots, the old primary and the other replicas go over", () => {
  const cluster = clusterWith();
  const outcome = planFailover(cluster, { node: idOf("a2"), mode: "safe" });
  if (outcome.kind !== "planned") throw new Error(outcome.kind);
  const after = outcome.plan.steps.reduce(simulate, cluster);
  expect(formatRanges(nodeNamed(after, "a2").slots)).toBe("0-5460");
  for (const name of ["a", "a1"]) {
    expect(nodeNamed(after, name)).toMatchObject({ role: "replica", primaryId: idOf("a2"), slots: [] });
  }
  expect(outcome.plan.expected).toMatchObject([
    { primary: { id: idOf("a2") }, slots: "0-5460", replicas: [{ id: idOf("a") }, { id: idOf("a1") }] },
  ]);
});

describe("what is said before yes", () => {
  const warningsOf = (...args: Parameters<typeof plan>) => {
    const outcome = plan(...args);
    return outcome.kind === "planned" ? outcome.plan.warnings.join("\n") : outcome.kind;
  };

  test("a safe failover has no price", () => {
    expect(warningsOf("a1")).toBe("");
  });

  test("force and takeover name the loss, and that it need not be", () => {
    expect(warningsOf("a1", { a: DEAD }, "force")).toMatch(/^writes that .* acknowledged and .* has not got are lost$/);
    expect(warningsOf("a1", {}, "force")).toContain("is alive, and without --force nothing would be lost");
    expect(warningsOf("a1", { a: DEAD }, "takeover")).toContain("--force would do");
  });

  test("what stays broken, and then nobody is expected to say ok", () => {
    const nodes = { a: DEAD, b: DEAD, c: DEAD };
    expect(warningsOf("a1", nodes, "takeover")).toContain("10923 slots will still have no living owner");
    expect(warningsOf("a1", nodes, "takeover")).toContain("a majority of the primaries will still be missing");
    const outcome = plan("a1", nodes, "takeover");
    expect(outcome).toMatchObject({ kind: "planned", plan: { expected: [] } });
  });
});

test("no planner may promote a stranger", () => {
  const ref = (name: string) => ({ id: idOf(name), address: { host: "h", port: 1 } });
  const step = { kind: "failover", node: ref("b1"), primary: ref("a"), mode: "safe" } as const;
  expect(() => simulate(clusterWith(), step)).toThrow(RangeError);
});
