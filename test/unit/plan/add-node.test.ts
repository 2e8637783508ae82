import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Candidate } from "../../../src/model/candidate.ts";
import { type Cluster, primariesOf, slotCountOf } from "../../../src/model/cluster.ts";
import { countSlots, unionRanges } from "../../../src/model/slot.ts";
import { designAddNode, planAddNode } from "../../../src/plan/add-node.ts";
import type { AddNodeRequest } from "../../../src/plan/add-node-problems.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { simulate } from "../../../src/plan/simulate.ts";
import { clusterOf, idOf, type NodeOverrides, nodeNamed } from "../../helpers/cluster-builder.ts";

const HALVES = { a: [0, 8191], b: [8192, 16_383] };

/** A blank server. */
function blank(name: string, overrides: NodeOverrides = {}): Candidate {
  const port = 8000 + Number.parseInt(idOf(name).slice(0, 2), 16);
  const [node] = clusterOf({ [name]: [] }, { nodes: { [name]: { port, ...overrides } } }).nodes;
  return candidate(node!);
}

function candidate(node: Candidate["node"]): Candidate {
  const typed = `${node.address.host}:${node.address.port}`;
  return { typed, node, announcedFailure: undefined, replicationRefusal: undefined };
}

function request(cluster: Cluster, candidates: AddNodeRequest["candidates"], more: Partial<AddNodeRequest> = {}) {
  return { cluster, candidates, role: { kind: "primary" }, acceptOtherRole: false, rebalance: false, ...more } as const;
}

function planOf(asked: AddNodeRequest): { readonly plan: Plan; readonly before: Cluster } {
  const outcome = designAddNode(asked);
  if (outcome.kind === "refused") throw new Error(JSON.stringify(outcome.problems));
  return { plan: planAddNode(outcome.design, () => "keys"), before: outcome.design.cluster };
}

function kindsOf(asked: AddNodeRequest): readonly string[] {
  const outcome = designAddNode(asked);
  return outcome.kind === "refused" ? outcome.problems.map(({ kind }) => kind) : [];
}

const REPLICA = { role: { kind: "replica" } } as const;

describe("adding nodes", () => {
  test("many join in one meeting, and new primaries take their share of the slots", () => {
    const { plan, before } = planOf(request(clusterOf(HALVES), [blank("c"), blank("d")], { rebalance: true }));
    expect(plan.steps.map(({ kind }) => kind)).toEqual(["meet", ...Array(plan.steps.length - 1).fill("move-slots")]);
    const after = plan.steps.reduce(simulate, before);
    expect(primariesOf(after).map(slotCountOf)).toEqual([4096, 4096, 4096, 4096]);
    expect(plan.expected.map(({ primary }) => primary.id)).toEqual(["a", "b", "c", "d"].map(idOf));
  });

  test("slots that go from a primary with replicas to one without are spoken of", () => {
    const warningsFor = (replicas: Record<string, string>) =>
      planOf(request(clusterOf(HALVES, { replicas }), [blank("c")], { rebalance: true })).plan.warnings;
    expect(warningsFor({ a1: "a", b1: "b" }).join()).toContain("no replica yet for the slots of 127.0.0.1:");
    expect(warningsFor({})).toEqual([]);
  });

  test("functions are copied before a primary joins, and only those that it lacks", () => {
    const functions = { functions: new Map([["lib", "digest"]]) };
    const cluster = clusterOf(HALVES, { facts: functions });
    const has = blank("d", { facts: functions });
    const { plan } = planOf(request(cluster, [blank("c"), has]));
    expect(plan.steps.map(({ kind }) => kind)).toEqual(["load-functions", "meet"]);
    expect(plan.steps[0]).toMatchObject({ node: { id: idOf("c") }, from: { id: idOf("a") } });
    expect(planOf(request(cluster, [blank("c")], REPLICA)).plan.steps.map(({ kind }) => kind)).toEqual([
      "meet",
      "replicate",
    ]);
  });

  test.each([
    ["a shard without any", { a1: "a" }, {}, {}, "b"],
    ["another host", {}, { a: { host: "10.0.0.1" }, b: { host: "10.0.0.2" } }, { host: "10.0.0.1" }, "b"],
    [
      "another zone",
      { a1: "a", b1: "b" },
      zones({ a: "x", a1: "x", b: "y", b1: "y" }),
      { host: "10.9.9.9", zone: "y" },
      "a",
    ],
  ] as const)("a replica goes to %s", (_, replicas, nodes, overrides, primary) => {
    const cluster = clusterOf(HALVES, { replicas, nodes });
    const { plan } = planOf(request(cluster, [blank("c", overrides)], REPLICA));
    expect(plan.steps.at(-1)).toMatchObject({ kind: "replicate", primary: { id: idOf(primary) } });
  });

  test("replicas change places where together they do better", () => {
    const nodes = { a: { host: "10.0.0.1" }, b: { host: "10.0.0.2" } };
    const pair = [blank("c", { host: "10.0.0.3" }), blank("d", { host: "10.0.0.2" })].reverse();
    const { plan } = planOf(request(clusterOf(HALVES, { nodes }), [pair[1]!, pair[0]!], REPLICA));
    expect(plan.steps.filter(({ kind }) => kind === "replicate")).toMatchObject([
      { node: { id: idOf("c") }, primary: { id: idOf("b") } },
      { node: { id: idOf("d") }, primary: { id: idOf("a") } },
    ]);
    expect(plan.warnings).toEqual([]);
  });

  test("the plan warns of what the newcomers do to placement, not of what was so before", () => {
    const cluster = clusterOf(HALVES, { replicas: { a1: "a" } });
    const { plan } = planOf(request(cluster, [blank("c")], { role: { kind: "replica-of", primary: idOf("a") } }));
    expect(plan.warnings).toEqual([expect.stringContaining("is on the same host as its primary")]);
    expect(plan.warnings[0]).toContain(blank("c").typed);
  });

  test("what an interrupted run has done is not done again, and a member needs nothing", () => {
    const cluster = clusterOf({ ...HALVES, c: [] }, { nodes: { a: { ignores: ["c"] } } });
    const member = candidate(nodeNamed(cluster, "c"));
    expect(planOf(request(cluster, [member])).plan.steps.map(({ kind }) => kind)).toEqual(["meet"]);
    const joined = clusterOf({ ...HALVES, c: [] });
    expect(planOf(request(joined, [candidate(nodeNamed(joined, "c"))])).plan.steps).toEqual([]);
    const role = { role: { kind: "replica-of", primary: idOf("b") } } as const;
    const { plan } = planOf(request(joined, [candidate(nodeNamed(joined, "c"))], role));
    expect(plan.steps).toMatchObject([{ kind: "replicate", primary: { id: idOf("b") } }]);
  });

  test("every obstacle is named", () => {
    const cluster = clusterOf(HALVES, { replicas: { a1: "a" } });
    const foreign = clusterOf({ x: [0, 8191], y: [] });
    const odd = blank("f", { facts: { functions: new Map([["lib", "other"]]) } });
    expect(kindsOf(request(cluster, [candidate(nodeNamed(foreign, "x"))]))).toEqual(["knows-others", "owns-slots"]);
    expect(kindsOf(request(cluster, [blank("c", { keys: 3 }), odd]))).toEqual(["has-keys", "functions-differ"]);
    expect(kindsOf(request(cluster, [blank("c", { facts: { engine: "valkey" } })]))).toEqual(["mixed-engines"]);
    expect(kindsOf(request(cluster, [{ typed: "h:1", failure: "down", hint: undefined }]))).toEqual(["unreachable"]);
    const toReplica = { role: { kind: "replica-of", primary: idOf("a1") } } as const;
    expect(kindsOf(request(cluster, [blank("c")], toReplica))).toEqual(["primary-unfit"]);
    const [b, a1] = [candidate(nodeNamed(cluster, "b")), candidate(nodeNamed(cluster, "a1"))];
    expect(kindsOf(request(cluster, [b], REPLICA))).toEqual(["other-role"]);
    expect(kindsOf(request(cluster, [a1]))).toEqual(["other-role"]);
    expect(kindsOf(request(cluster, [a1, b], { acceptOtherRole: true }))).toEqual([]);
    expect(planOf(request(cluster, [b], { ...REPLICA, acceptOtherRole: true })).plan.steps).toEqual([]);
  });

  test("a member that cannot be asked is no stranger to a newcomer that has met it", () => {
    const cluster = clusterOf({ ...HALVES, c: [], d: [] }, { nodes: { d: { unreachable: true } } });
    expect(planOf(request(cluster, [candidate(nodeNamed(cluster, "c"))])).plan.steps).toEqual([]);
  });

  test("any newcomers find a place: legal, safe, settled, deterministic, and within one slot of even", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        fc.infiniteStream(fc.integer({ min: 1, max: 3 })),
        (shards, count, replicas, hosts) => {
          const host = () => `10.0.0.${hosts.next().value}`;
          const names = Array.from({ length: shards }, (_, i) => `a${i}`);
          const edge = (i: number) => Math.floor((i * 16_384) / shards);
          const slots = Object.fromEntries(names.map((name, i) => [name, [edge(i), edge(i + 1) - 1]]));
          const cluster = clusterOf(slots, {
            nodes: Object.fromEntries(names.map((name) => [name, { host: host() }])),
          });
          const newcomers = Array.from({ length: count }, (_, i) => blank(`b${i}`, { host: host() }));
          const asked = request(cluster, newcomers, replicas ? REPLICA : { rebalance: true });
          const { plan, before } = planOf(asked);

          let after = before;
          for (const step of plan.steps) {
            after = simulate(after, step);
            expect(countSlots(unionRanges(...primariesOf(after).map((node) => node.slots)))).toBe(16_384);
          }
          const again = newcomers.map(({ node }) => candidate(after.nodes.find(({ id }) => id === node.id)!));
          expect(planOf({ ...asked, cluster: after, candidates: again }).plan.steps).toEqual([]);
          expect(planOf({ ...asked, cluster: { nodes: [...cluster.nodes].reverse() } }).plan).toEqual(plan);
          const sizes = primariesOf(after).map(slotCountOf);
          if (!replicas) expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          const followers = plan.steps.flatMap((step) => (step.kind === "replicate" ? [step.primary.id] : []));
          if (replicas) expect(new Set(followers).size).toBe(Math.min(shards, count));
        },
      ),
      { numRuns: 60 },
    );
  });
});

function zones(byName: Readonly<Record<string, string>>) {
  const entries = Object.entries(byName);
  return Object.fromEntries(entries.map(([name, zone], i) => [name, { zone, host: `10.0.0.${i}` }]));
}
