import { describe, expect, test } from "vitest";
import { type Cluster, nodeById } from "../../../src/model/cluster.ts";
import { withoutOvertaken } from "../../../src/plan/overtaken.ts";
import type { NodeRef, Plan } from "../../../src/plan/plan.ts";
import { planReplaceNode } from "../../../src/plan/replace-node.ts";
import { simulate } from "../../../src/plan/simulate.ts";
import { type ClusterOptions, clusterOf, idOf, nodeNamed } from "../../helpers/cluster-builder.ts";

const LAYOUT = { a: [0, 8191], b: [8192, 16_383] };
const BEFORE = clusterOf(LAYOUT, { replicas: { a1: "a" } });
const NEWCOMER = nodeNamed(clusterOf({ f: [] }, { nodes: { f: { port: 7999, configEpoch: 0 } } }), "f");

/** f takes the place of the named node. */
function replacing(name: string): Plan {
  const newcomer = { typed: "f", node: NEWCOMER, announcedFailure: undefined, replicationRefusal: undefined };
  const outcome = planReplaceNode({ cluster: BEFORE, old: idOf(name), newcomer });
  if (outcome.kind === "refused") throw new Error("It is refused");
  return outcome.plan;
}

/** The cluster when a run has ended right after the step of that kind. */
function clusterAfter(plan: Plan, kind: string): Cluster {
  const done = plan.steps.slice(0, plan.steps.findIndex((step) => step.kind === kind) + 1);
  return done.reduce<Cluster>(simulate, { nodes: [...BEFORE.nodes, NEWCOMER] });
}

function textOf(plan: Plan): readonly string[] {
  const name = ({ id }: NodeRef) => id.replace(/0+$/, "");
  return plan.steps.map((step) => {
    if (step.kind === "meet") return `meet ${step.nodes.map(name).sort().join(" ")}`;
    if (step.kind === "replicate" || step.kind === "failover") {
      return `${step.kind} ${name(step.node)} ${name(step.primary)}`;
    }
    return "node" in step ? `${step.kind} ${name(step.node)}` : step.kind;
  });
}

describe("what is left of a replacement", () => {
  test("is all of it while the old node is the primary", () => {
    const plan = replacing("a");
    const whole = ["meet a a1 b f", "replicate f a", "failover f a", "forget a", "reset a"];
    expect(textOf(plan)).toEqual(whole);
    expect(textOf(withoutOvertaken(plan, BEFORE))).toEqual(whole);
    expect(textOf(withoutOvertaken(plan, clusterAfter(plan, "replicate")))).toEqual(whole);
  });

  test("does not follow the old primary again once the newcomer has taken over", () => {
    const plan = replacing("a");
    const left = withoutOvertaken(plan, clusterAfter(plan, "failover"));
    expect(textOf(left)).toEqual(["meet a a1 b f", "failover f a", "forget a", "reset a"]);
  });

  test("introduces the newcomer to who leaves, so that it can forget it, but not once somebody has forgotten it or it is dead", () => {
    const plan = replacing("a1");
    const meetIn = (nodes: NonNullable<ClusterOptions["nodes"]>) => {
      const cluster = clusterOf(LAYOUT, { replicas: { a1: "a" }, nodes });
      return textOf(withoutOvertaken(plan, cluster))[0];
    };
    expect(meetIn({})).toBe("meet a a1 b f");
    expect(meetIn({ b: { ignores: ["a1"] } })).toBe("meet a b f");
    expect(meetIn({ a1: { unreachable: true } })).toBe("meet a b f");
  });

  test("never names who was forgotten, but to be sure that it is, and to reset it", () => {
    for (const name of ["a", "a1"]) {
      const plan = replacing(name);
      const forgotten = clusterAfter(plan, "forget");
      expect(nodeById(forgotten, idOf(name))).toBeUndefined();
      const named = textOf(withoutOvertaken(plan, forgotten)).filter((step) => step.split(" ").includes(name));
      expect(named).toEqual([`forget ${name}`, `reset ${name}`]);
    }
  });
});

test("other replicas follow the one that has taken over", () => {
  const ref = (name: string): NodeRef => ({ id: idOf(name), address: nodeNamed(BEFORE, name).address });
  const plan: Plan = {
    ...replacing("b"),
    command: "rebalance-replicas",
    steps: [
      { kind: "replicate", node: ref("b"), primary: ref("a") },
      { kind: "failover", node: ref("a1"), primary: ref("a"), mode: "safe" },
    ],
  };
  expect(textOf(withoutOvertaken(plan, BEFORE))).toEqual(textOf(plan));
  const now = simulate(BEFORE, plan.steps[1]!);
  expect(textOf(withoutOvertaken(plan, now))).toEqual(["replicate b a1", "failover a1 a"]);
});

test("what is left of a removal moves no slots of a node that everybody has forgotten: another id may answer there", () => {
  const ref = (name: string): NodeRef => {
    const { id, address } = nodeNamed(BEFORE, name);
    return { id, address };
  };
  const plan: Plan = {
    ...replacing("a1"),
    command: "del-node",
    steps: [
      { kind: "move-slots", from: ref("a"), to: ref("b"), slots: "0-8191", method: "keys" },
      { kind: "forget", node: ref("a"), from: [ref("b")] },
      { kind: "reset", node: ref("a"), hard: true },
    ],
  };
  expect(textOf(withoutOvertaken(plan, BEFORE))).toEqual(["move-slots", "forget a", "reset a"]);
  expect(textOf(withoutOvertaken(plan, clusterOf({ b: [0, 16_383] })))).toEqual(["forget a", "reset a"]);
});
