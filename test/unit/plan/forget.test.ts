import { expect, test } from "vitest";
import { findFailedNodes, findGhostNodes, planForget } from "../../../src/plan/forget.ts";
import { simulate } from "../../../src/plan/simulate.ts";
import { clusterOf, idOf, nodeNamed } from "../../helpers/cluster-builder.ts";

const DEAD = { unreachable: true, health: "failing" } as const;

test("ghosts and failed nodes that nothing depends on are found, and everybody who answers forgets them", () => {
  const cluster = clusterOf(
    { a: [0, 8191], b: [8192, 16_383], c: [], d: [], e: [], f: [] },
    {
      replicas: { a1: "a", e1: "e" },
      nodes: { c: { noAddress: true }, d: { handshake: true }, e: DEAD, f: DEAD, a1: DEAD },
    },
  );
  expect(findGhostNodes(cluster).map(({ id }) => id)).toEqual([idOf("c"), idOf("d")]);
  expect(findFailedNodes(cluster).map(({ id }) => id)).toEqual([idOf("f"), idOf("a1")]);
  const outcome = planForget(cluster, [...findGhostNodes(cluster), ...findFailedNodes(cluster)]);
  if (outcome.kind === "refused") throw new Error(JSON.stringify(outcome.problems));
  const from = ["a", "b", "e1"].map((name) => ({ id: idOf(name) }));
  expect(outcome.plan.steps).toMatchObject(["c", "d", "f", "a1"].map((name) => ({ node: { id: idOf(name) }, from })));
  const after = outcome.plan.steps.reduce(simulate, cluster);
  expect([...findGhostNodes(after), ...findFailedNodes(after)]).toEqual([]);
});

test("nobody who answers, owns slots or has replicas is forgotten", () => {
  const cluster = clusterOf(
    { a: [0, 8191], b: [8192, 16_383], c: [] },
    { replicas: { c1: "c" }, nodes: { b: DEAD, c: DEAD } },
  );
  const problems = (name: string) => planForget(cluster, [nodeNamed(cluster, name)]);
  expect(problems("a")).toEqual({ kind: "refused", problems: [{ kind: "answers", node: idOf("a") }] });
  expect(problems("b")).toMatchObject({ problems: [{ kind: "owns-slots", slots: "8192-16383" }] });
  expect(problems("c")).toMatchObject({ problems: [{ kind: "has-replicas", replicas: [idOf("c1")] }] });
});
