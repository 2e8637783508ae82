import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Cluster, membersOf, primariesOf, slotCountOf } from "../../../src/model/cluster.ts";
import { countSlots, parseRanges, unionRanges } from "../../../src/model/slot.ts";
import { type DelNodeRequest, designDelNode, planDelNode } from "../../../src/plan/del-node.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { simulate } from "../../../src/plan/simulate.ts";
import { clusterOf, idOf, nodeNamed } from "../../helpers/cluster-builder.ts";

const THIRDS = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] };

function request(cluster: Cluster, names: readonly string[], more: Partial<DelNodeRequest> = {}): DelNodeRequest {
  return { cluster, leaving: names.map(idOf), drain: true, reset: "hard", shutdown: false, ...more };
}

function planOf(asked: DelNodeRequest): Plan {
  const outcome = designDelNode(asked);
  if (outcome.kind === "refused") throw new Error(JSON.stringify(outcome.problems));
  return planDelNode(outcome.design, () => "keys");
}

function problemsOf(asked: DelNodeRequest) {
  const outcome = designDelNode(asked);
  return outcome.kind === "refused" ? outcome.problems : [];
}

describe("removing nodes", () => {
  test("slots go first, then replicas; everybody forgets; and who has left is reset and shut down last", () => {
    const cluster = clusterOf({ ...THIRDS, d: [] }, { replicas: { a1: "a", c1: "c", b1: "b" } });
    const plan = planOf(request(cluster, ["a"], { shutdown: true }));
    expect(plan.steps.map(({ kind }) => kind)).toEqual([
      ...["move-slots", "move-slots", "replicate", "forget", "reset", "shutdown"],
    ]);
    const after = plan.steps.reduce(simulate, cluster);
    expect(primariesOf(after).map(slotCountOf)).toEqual([8192, 8192, 0]);
    expect(plan.steps[3]).toMatchObject({
      from: ["b", "b1", "c", "c1", "d", "a1"].map((name) => ({ id: idOf(name) })).sort(byId),
    });
  });

  test("a replica whose primary leaves goes where one is missing, else to another host", () => {
    const cluster = clusterOf(THIRDS, { replicas: { a1: "a", b1: "b" } });
    expect(planOf(request(cluster, ["a"])).steps).toContainEqual(
      expect.objectContaining({ kind: "replicate", primary: expect.objectContaining({ id: idOf("c") }) }),
    );
    const hosts = { b: { host: "10.0.0.2" }, a1: { host: "10.0.0.2" }, c: { host: "10.0.0.3" } };
    const spread = clusterOf(THIRDS, { replicas: { a1: "a" }, nodes: hosts });
    expect(planOf(request(spread, ["a"])).steps).toContainEqual(
      expect.objectContaining({ kind: "replicate", primary: expect.objectContaining({ id: idOf("c") }) }),
    );
  });

  test("a dead node is forgotten and not reset, and a dead bystander is told of", () => {
    const dead = { unreachable: true, health: "failing" } as const;
    const cluster = clusterOf(THIRDS, { replicas: { a1: "a", b1: "b" }, nodes: { a1: dead, b1: dead } });
    const plan = planOf(request(cluster, ["a1"]));
    expect(plan.steps.map(({ kind }) => kind)).toEqual(["forget"]);
    expect(plan.steps[0]).toMatchObject({ from: [{ id: idOf("a") }, { id: idOf("b") }, { id: idOf("c") }] });
    expect(plan.warnings).toEqual([
      "127.0.0.1:7001 will have no replica",
      expect.stringMatching(/^127.0.0.1:7004 does not answer: it is forgotten, but cannot be reset/),
      expect.stringMatching(/^127.0.0.1:7005 does not answer and still remembers who leaves/),
    ]);
  });

  test("what cannot be is refused", () => {
    const dead = { unreachable: true, health: "failing" } as const;
    const cluster = clusterOf(
      { ...THIRDS, d: [] },
      { replicas: { a1: "a" }, nodes: { c: dead, a1: dead, d: { keys: 2 } } },
    );
    expect(problemsOf(request(cluster, ["a"], { drain: false }))).toEqual([
      { kind: "owns-slots", node: idOf("a"), slots: "0-5460" },
    ]);
    expect(problemsOf(request(cluster, ["c"]))).toEqual([
      { kind: "dead-owner", node: idOf("c"), slots: "10923-16383" },
    ]);
    expect(problemsOf(request(cluster, ["d"]))).toEqual([{ kind: "holds-keys", node: idOf("d"), keys: 2 }]);
    expect(problemsOf(request(cluster, ["d"], { reset: "none" }))).toEqual([]);
    expect(problemsOf(request(cluster, ["a"]))).toEqual([
      { kind: "replica-unreachable", node: idOf("a1"), primary: idOf("a") },
      { kind: "no-majority", voters: 2, answering: 1, needed: 2 },
    ]);
    expect(problemsOf(request(clusterOf(THIRDS), ["a", "b", "c"]))).toEqual([{ kind: "last-primary" }]);
  });

  test("any nodes leave: legal, safe after every step, bounded, settled, deterministic", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 6 }),
        fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 0, max: 13 }), { minLength: 1, maxLength: 6 }),
        (shards, followed, chosen) => {
          const names = Array.from({ length: shards }, (_, i) => `a${i}`);
          const edge = (i: number) => Math.floor((i * 16_384) / shards);
          const slots = Object.fromEntries(names.map((name, i) => [name, [edge(i), edge(i + 1) - 1]]));
          const replicas = Object.fromEntries(followed.map((i, n) => [`b${n}`, names[i % shards]!]));
          const cluster = clusterOf(slots, { replicas });
          const all = [...names, ...Object.keys(replicas)];
          // The first primary stays, so that there is somewhere to go.
          const leaving = [...new Set(chosen.map((i) => all[1 + (i % (all.length - 1))]!))];
          const plan = planOf(request(cluster, leaving));

          let after = cluster;
          for (const step of plan.steps) {
            after = simulate(after, step);
            expect(countSlots(unionRanges(...primariesOf(after).map((node) => node.slots)))).toBe(16_384);
            const ids = new Set(membersOf(after).map(({ id }) => id));
            for (const { primaryId } of membersOf(after))
              expect(primaryId === undefined || ids.has(primaryId)).toBe(true);
          }
          const staying = all.filter((name) => !leaving.includes(name)).map(idOf);
          expect(membersOf(after).map(({ id }) => id)).toEqual(staying);
          const moved = plan.steps.flatMap((step) => (step.kind === "move-slots" ? parseRanges(step.slots)! : []));
          const owned = leaving.map((name) => slotCountOf(nodeNamed(cluster, name)));
          expect(countSlots(moved)).toBe(owned.reduce((sum, slots) => sum + slots, 0));
          const shuffled = { nodes: [...cluster.nodes].reverse() };
          expect(planOf(request(shuffled, [...leaving].reverse()))).toEqual(plan);
        },
      ),
      { numRuns: 80 },
    );
  });
});

function byId(left: { id: string }, right: { id: string }): number {
  return left.id < right.id ? -1 : 1;
}
