import { describe, expect, test } from "vitest";
import type { Candidate } from "../../../src/model/candidate.ts";
import type { Cluster } from "../../../src/model/cluster.ts";
import { formatRanges } from "../../../src/model/slot.ts";
import { planReplaceNode } from "../../../src/plan/replace-node.ts";
import { simulate } from "../../../src/plan/simulate.ts";
import { type ClusterOptions, clusterOf, idOf, nodeNamed } from "../../helpers/cluster-builder.ts";

const THREE = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383], e: [] };
const REPLICAS = { a1: "a", a2: "a" };
const DEAD = { unreachable: true, health: "failing" } as const;

function blank(name: string): Candidate {
  const alone = clusterOf({ [name]: [] }, { nodes: { [name]: { port: 7999, configEpoch: 0 } } });
  return {
    typed: "127.0.0.1:7999",
    node: nodeNamed(alone, name),
    announcedFailure: undefined,
    replicationRefusal: undefined,
  };
}

function factsWith(migration: string) {
  const { facts } = blank("f").node;
  return { ...facts!, settings: new Map([["cluster-allow-replica-migration", migration]]) };
}

function clusterWith(nodes: NonNullable<ClusterOptions["nodes"]> = {}): Cluster {
  return clusterOf(THREE, { replicas: REPLICAS, nodes });
}

/** It does not answer us, but its peers have their links to it. */
function onlyWeMiss(name: string): Cluster {
  const { nodes } = clusterWith({ [name]: { unreachable: true } });
  return { nodes: nodes.map((node) => (node.id === idOf(name) ? { ...node, linkUp: true } : node)) };
}

function plan(cluster: Cluster, old: string, newcomer = blank("f")) {
  return planReplaceNode({ cluster, old: idOf(old), newcomer });
}

function stepsOf(outcome: ReturnType<typeof plan>) {
  if (outcome.kind === "refused") return outcome.problems.map(({ kind }) => kind);
  const name = (ref: { id: string }) => ref.id.replace(/0+$/, "");
  return outcome.plan.steps.map((step) => {
    if (step.kind === "replicate") return `${name(step.node)} of ${name(step.primary)}`;
    if (step.kind === "failover") return `${name(step.node)} for ${name(step.primary)}, ${step.mode}`;
    return step.kind === "forget" || step.kind === "reset" ? `${step.kind} ${name(step.node)}` : step.kind;
  });
}

describe("the steps", () => {
  test.each<[string, Cluster, string, readonly string[]]>([
    ["a replica", clusterWith(), "a1", ["meet", "f of a", "forget a1", "reset a1"]],
    ["a primary", clusterWith(), "a", ["meet", "f of a", "f for a, safe", "forget a", "reset a"]],
    ["a primary without slots", clusterWith(), "e", ["meet", "forget e", "reset e"]],
    ["a dead replica", clusterWith({ a1: DEAD }), "a1", ["meet", "f of a", "forget a1"]],
    ["a dead primary", clusterWith({ a: DEAD }), "a", ["a1 for a, force", "meet", "f of a1", "forget a"]],
    ["a dead one that has lost its slots", clusterWith({ e: DEAD }), "e", ["meet", "f of b", "forget e"]],
    ["a dead primary without a copy", clusterWith({ b: DEAD }), "b", ["no-copy"]],
    ["a dead primary whose copies are dead", clusterWith({ a: DEAD, a1: DEAD, a2: DEAD }), "a", ["no-copy"]],
    ["one that only we miss", onlyWeMiss("a1"), "a1", ["only-we-miss-it"]],
  ])("for %s", (_, cluster, old, steps) => {
    expect(stepsOf(plan(cluster, old))).toEqual(steps);
  });

  test("a run that was cut short is gone on with", () => {
    const begun = plan(clusterWith(), "a");
    if (begun.kind === "refused") throw new Error(begun.kind);
    const whole = { nodes: [...clusterWith().nodes, begun.newcomer] };
    const cutAfter = (steps: number) => begun.plan.steps.slice(0, steps).reduce<Cluster>(simulate, whole);
    const again = (cluster: Cluster) => stepsOf(plan(cluster, "a", { ...blank("f"), node: nodeNamed(cluster, "f") }));
    expect(again(cutAfter(2)).slice(-3)).toEqual(["f for a, safe", "forget a", "reset a"]);
    expect(again(cutAfter(3)).slice(-2)).toEqual(["forget a", "reset a"]);
    expect(again(cutAfter(3))).not.toContain("f for a, safe");
  });

  test("in the end the newcomer has what the old one had, and the old one is nobody's node", () => {
    const outcome = plan(clusterWith(), "a");
    if (outcome.kind === "refused") throw new Error(outcome.kind);
    const end = outcome.plan.steps.reduce<Cluster>(simulate, { nodes: [...clusterWith().nodes, outcome.newcomer] });
    expect(formatRanges(nodeNamed(end, "f").slots)).toBe("0-5460");
    expect(nodeNamed(end, "a1").primaryId).toBe(idOf("f"));
    expect(() => nodeNamed(end, "a")).toThrow();
    expect(outcome.plan.expected).toContainEqual(expect.objectContaining({ slots: "0-5460" }));
  });

  test("who is in use is no newcomer", () => {
    const cluster = clusterWith();
    const busy = { ...blank("f"), node: nodeNamed(cluster, "b") };
    expect(stepsOf(plan(cluster, "a1", busy))).toContain("newcomer-busy");
    expect(stepsOf(plan(cluster, "a1", { ...busy, node: nodeNamed(cluster, "a1") }))).toEqual(["same-node"]);
  });

  test("who is in the shard anyway adds no copy to it, and the plan says so", () => {
    const cluster = clusterWith();
    const by = (name: string) => plan(cluster, "a1", { ...blank("f"), node: nodeNamed(cluster, name) });
    for (const name of ["a", "a2"]) {
      const outcome = by(name);
      expect(outcome.kind === "planned" && outcome.plan.warnings.join()).toContain("one copy less");
    }
    const fresh = plan(cluster, "a1");
    expect(fresh.kind === "planned" && fresh.plan.warnings).toEqual([]);
  });

  test("a newcomer that the servers might give to a primary without replicas is held until the old one is gone", () => {
    const loose = { facts: factsWith("yes") };
    const cluster = clusterOf(THREE, { replicas: REPLICAS });
    const newcomer = { ...blank("f"), node: { ...blank("f").node, ...loose } };
    const held = ["set-config", "meet", "f of a", "f for a, safe", "forget a", "set-config", "reset a"];
    expect(stepsOf(plan(cluster, "a", newcomer))).toEqual(held);
    const everyone = { ...REPLICAS, b1: "b", c1: "c" };
    expect(stepsOf(plan(clusterOf(THREE, { replicas: everyone }), "a", newcomer))).not.toContain("set-config");
  });
});
