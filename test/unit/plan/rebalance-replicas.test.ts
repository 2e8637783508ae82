import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Cluster, shardsOf } from "../../../src/model/cluster.ts";
import { mapOf, type PlacementNode } from "../../../src/plan/cluster-map.ts";
import { placeReplicas } from "../../../src/plan/placement.ts";
import { planRebalanceReplicas } from "../../../src/plan/rebalance-replicas.ts";
import { bestLayout, countSteps, layoutCost } from "../../../src/plan/replica-layout.ts";
import { simulate } from "../../../src/plan/simulate.ts";
import { clusterOf } from "../../helpers/cluster-builder.ts";
import { everyLayout } from "../../helpers/layouts.ts";
import { someNodes } from "../../helpers/placement-clusters.ts";
import { isLess } from "../../helpers/placement-costs.ts";

const THREE = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] };

function onHosts(hosts: Readonly<Record<string, string>>, replicas: Readonly<Record<string, string>>): Cluster {
  const nodes = Object.fromEntries(Object.entries(hosts).map(([name, host]) => [name, { host }]));
  return clusterOf(THREE, { replicas, nodes });
}

function stepsOf(cluster: Cluster, replicas?: number) {
  const name = (id: string) => id.replace(/0+$/, "");
  return planRebalanceReplicas(cluster, { replicas }).steps.map((step) => {
    if (step.kind === "replicate") return `${name(step.node.id)} to ${name(step.primary.id)}`;
    return step.kind === "failover" ? `${name(step.node.id)} for ${name(step.primary.id)}` : step.kind;
  });
}

describe("the fewest steps", () => {
  test.each<[string, Record<string, string>, Record<string, string>, readonly string[]]>([
    [
      "none where all is well",
      { a: "1", b: "2", c: "3", a1: "2", b1: "3", c1: "1" },
      { a1: "a", b1: "b", c1: "c" },
      [],
    ],
    [
      "two replicas change places where each sits beside its primary",
      { a: "1", b: "2", c: "3", a1: "1", b1: "2", c1: "1" },
      { a1: "a", b1: "b", c1: "c" },
      ["a1 to b", "b1 to a"],
    ],
    [
      "one failover where all primaries but one are on one host",
      { a: "1", b: "1", c: "2", a1: "2", b1: "3", c1: "3" },
      { a1: "a", b1: "b", c1: "c" },
      ["b1 for b"],
    ],
    [
      "one replica goes where there is none",
      { a: "1", b: "2", c: "3", a1: "2", b1: "3", b2: "1" },
      { a1: "a", b1: "b", b2: "b" },
      ["b2 to c"],
    ],
  ])("%s", (_, hosts, replicas, expected) => {
    expect(stepsOf(onHosts(hosts, replicas))).toEqual(expected);
  });

  test("a shard that is bare for a while is told of, and of what cannot be helped", () => {
    const swap = onHosts({ a: "1", b: "2", c: "3", a1: "1", b1: "2", c1: "1" }, { a1: "a", b1: "b", c1: "c" });
    expect(planRebalanceReplicas(swap, { replicas: undefined }).warnings).toEqual([
      "1:7001 has no replica from the moment 1:7004 leaves until another one has copied it: there is none to spare",
    ]);
    const one = onHosts({ a: "1", b: "1", c: "1", a1: "1", b1: "1", c1: "1" }, { a1: "a", b1: "b", c1: "c" });
    const { warnings, steps } = planRebalanceReplicas(one, { replicas: undefined });
    expect(steps).toEqual([]);
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatch(
      /^what remains, for want of nodes elsewhere: a replica is on the host of its primary: 1:/,
    );
  });

  test("--replicas leaves what a shard has beyond that where it is of use", () => {
    const cluster = onHosts(
      { a: "1", b: "2", c: "3", a1: "2", b1: "3", c1: "1", a2: "3" },
      { a1: "a", b1: "b", c1: "c", a2: "a" },
    );
    expect(stepsOf(cluster, 1)).toEqual([]);
  });
});

/** Nodes of which the first few are primaries; each of the others follows any of them. */
const someShards = fc
  .record({
    nodes: someNodes,
    count: fc.integer({ min: 1, max: 3 }),
    homes: fc.array(fc.nat(), { minLength: 8, maxLength: 8 }),
  })
  .map(({ nodes, count, homes }) => {
    const names = nodes.map(({ name }) => name);
    const primaries = names.slice(0, count);
    const replicas = names.slice(primaries.length);
    const shards = primaries.map((primary, s) => ({
      primary,
      replicas: replicas.filter((_, i) => homes[i]! % primaries.length === s),
    }));
    return { nodes, shards, perPrimary: Math.floor(replicas.length / primaries.length) };
  });

describe("the layout", () => {
  const judged = (nodes: readonly PlacementNode[], shards: Parameters<typeof bestLayout>[0], perPrimary: number) => {
    const input = { shards, map: mapOf(nodes), perPrimary };
    return { input, layout: bestLayout(shards, nodes, perPrimary) };
  };

  test("is never worse than what create makes of the same primaries", () => {
    fc.assert(
      fc.property(someShards, ({ nodes, shards, perPrimary }) => {
        const { input, layout } = judged(nodes, shards, perPrimary);
        const isPrimary = ({ name }: PlacementNode) => shards.some(({ primary }) => primary === name);
        const [primaries, pool] = [nodes.filter(isPrimary), nodes.filter((node) => !isPrimary(node))];
        const created = layoutCost(placeReplicas(primaries, pool, perPrimary).shards, input).slice(0, 5);
        expect(isLess(created, layoutCost(layout, input).slice(0, 5))).toBe(false);
      }),
    );
  });

  test("has as few shards in one zone and replicas beside their primary as any layout at all", () => {
    const few = someShards.filter(({ nodes }) => nodes.length <= 6);
    fc.assert(
      fc.property(few, ({ nodes, shards, perPrimary }) => {
        const { input, layout } = judged(nodes, shards, perPrimary);
        const mine = layoutCost(layout, input).slice(0, 3);
        for (const other of everyLayout(
          nodes.map(({ name }) => name),
          shards.length,
        )) {
          expect(isLess(layoutCost(other, input).slice(0, 3), mine)).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("with a replica for each shard it is the best of all by every criterion, in the fewest steps", () => {
    const pairs = someShards.filter(({ nodes, shards }) => nodes.length === 2 * shards.length);
    fc.assert(
      fc.property(pairs, ({ nodes, shards, perPrimary }) => {
        const { input, layout } = judged(nodes, shards, perPrimary);
        const mine = layoutCost(layout, input);
        for (const other of everyLayout(
          nodes.map(({ name }) => name),
          shards.length,
        )) {
          expect(isLess(layoutCost(other, input), mine)).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("needs nothing more once it is there", () => {
    fc.assert(
      fc.property(someShards, ({ nodes, shards, perPrimary }) => {
        const { layout } = judged(nodes, shards, perPrimary);
        expect(countSteps(layout, bestLayout(layout, nodes, perPrimary))).toBe(0);
      }),
    );
  });
});

/** A cluster of three shards with any replicas on any of four hosts. */
const someCluster = fc
  .record({
    hosts: fc.array(fc.constantFrom("1", "2", "3", "4"), { minLength: 9, maxLength: 9 }),
    leaders: fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 6 }),
  })
  .map(({ hosts, leaders }) => {
    const replicas = Object.fromEntries(leaders.map((leader, i) => [`${leader}${i + 1}`, leader]));
    const names = [...Object.keys(THREE), ...Object.keys(replicas)];
    return onHosts(Object.fromEntries(names.map((name, i) => [name, hosts[i]!])), replicas);
  });

test("every step can be taken when its turn comes, leads to what is expected, and no shard is left bare unsaid", () => {
  fc.assert(
    fc.property(someCluster, (cluster) => {
      const plan = planRebalanceReplicas(cluster, { replicas: undefined });
      expect(planRebalanceReplicas(cluster, { replicas: undefined })).toEqual(plan);
      let now = cluster;
      let bare = 0;
      for (const step of plan.steps) {
        const before = countsOf(now);
        now = simulate(now, step);
        if (step.kind === "replicate") {
          expect(now.nodes.find(({ id }) => id === step.primary.id)?.role).toBe("primary");
        }
        if (countsOf(now).filter((count) => count === 0).length > before.filter((count) => count === 0).length) bare++;
      }
      expect(bare).toBeLessThanOrEqual(plan.warnings.filter((text) => text.includes("none to spare")).length);
      expect(shardsOf(now).map(({ primary }) => primary.id)).toEqual(plan.expected.map(({ primary }) => primary.id));
      expect(planRebalanceReplicas(now, { replicas: undefined }).steps).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

function countsOf(cluster: Cluster): readonly number[] {
  return shardsOf(cluster).map(({ replicas }) => replicas.length);
}

test("a thousand nodes are planned in bounded time", () => {
  const slots = Object.fromEntries(
    Array.from({ length: 250 }, (_, i) => [`f${i}f`, [i * 65, i === 249 ? 16_383 : i * 65 + 64]]),
  );
  const replicas = Object.fromEntries(
    Object.keys(slots).flatMap((name, i) => [1, 2, 3].map((r) => [`e${i}e${r}e`, name])),
  );
  const nodes = Object.fromEntries(
    [...Object.keys(slots), ...Object.keys(replicas)].map((name, i) => [name, { host: `h${i % 100}` }]),
  );
  const plan = planRebalanceReplicas(clusterOf(slots, { replicas, nodes }), { replicas: undefined });
  expect(plan.warnings).toEqual([]);
  expect(plan.expected).toHaveLength(250);
});
