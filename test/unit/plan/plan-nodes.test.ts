import { expect, test } from "vitest";
import { signatureOf } from "../../../src/model/cluster.ts";
import type { NodeRef, Plan } from "../../../src/plan/plan.ts";
import { areOfOneCluster, membersIn } from "../../../src/plan/plan-nodes.ts";
import { clusterOf, idOf } from "../../helpers/cluster-builder.ts";

const CLUSTER = clusterOf({ a: [0, 8191], b: [8192, 16_383], c: [], d: [] });
const PLAN: Plan = {
  schemaVersion: 1,
  command: "reshard",
  madeFor: signatureOf(CLUSTER),
  steps: [],
  reasons: [],
  warnings: [],
  expected: [],
};

function ref(name: string): NodeRef {
  return { id: idOf(name), address: { host: "127.0.0.1", port: 7000, busPort: 17_000 } };
}

function moving(from: string, to: string, cluster = CLUSTER): Plan {
  const step = { kind: "move-slots", from: ref(from), to: ref(to), slots: "0", method: "keys" } as const;
  return { ...PLAN, madeFor: signatureOf(cluster), steps: [step] };
}

test("plans are for one cluster when one names members of the other, also when they have no step in common", () => {
  expect(areOfOneCluster(moving("a", "b"), moving("c", "d"))).toBe(true);
  const elsewhere = clusterOf({ e: [0, 16_383], f: [] });
  expect(areOfOneCluster(moving("a", "b"), moving("e", "f", elsewhere))).toBe(false);
});

test("plans of which one begins with the node that the other has added are for one cluster", () => {
  const before = clusterOf({ a: [0, 16_383] });
  const adding: Plan = {
    ...PLAN,
    madeFor: signatureOf(before),
    command: "add-node",
    steps: [{ kind: "meet", nodes: [ref("e")] }],
  };
  expect(areOfOneCluster(adding, moving("e", "f", clusterOf({ e: [0, 16_383], f: [] })))).toBe(true);
});

test("who joins and who leaves is no member before, while and after a plan", () => {
  const joining: Plan = { ...PLAN, command: "add-node", steps: [{ kind: "meet", nodes: [ref("a"), ref("e")] }] };
  expect(membersIn(joining)).toEqual([ref("a")]);
  const leaving: Plan = { ...PLAN, command: "del-node", steps: [{ kind: "forget", node: ref("a"), from: [ref("b")] }] };
  expect(membersIn(leaving)).toEqual([ref("b")]);
});
