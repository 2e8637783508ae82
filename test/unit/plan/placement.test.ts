import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PlacementNode } from "../../../src/plan/cluster-map.ts";
import { choosePrimaries, interleave, placeReplicas } from "../../../src/plan/placement.ts";
import { cluster, clusterWithAnyPrimaries } from "../../helpers/placement-clusters.ts";
import { costOf, isLess, leastCost } from "../../helpers/placement-costs.ts";
import {
  kindsOf,
  namesOf,
  nodesOf,
  picture,
  place,
  placeBehindFirst,
  replicaCounts,
  without,
} from "../../helpers/placement-pictures.ts";

describe("placeReplicas, where redis-cli's own assignment is as good as any,", () => {
  test("17.4.58 places six nodes on three hosts as redis-cli does", () => {
    const nodes = [
      "127.0.0.1:7201",
      "127.0.0.1:7202",
      "127.0.0.2:7203",
      "127.0.0.2:7204",
      "127.0.0.3:7205",
      "127.0.0.3:7206",
    ];
    const placement = place(
      nodes.map((name) => ({ name, host: name.split(":")[0]! })),
      3,
      1,
    );
    expect(picture(placement)).toEqual({
      "127.0.0.1:7201": "127.0.0.2:7204",
      "127.0.0.2:7203": "127.0.0.3:7206",
      "127.0.0.3:7205": "127.0.0.1:7202",
    });
    expect(placement.violations).toEqual([]);
  });

  test("17.4.58 places six nodes on one host as redis-cli does", () => {
    expect(picture(place(nodesOf("h h h h h h"), 3, 1))).toEqual({ h1: "h5", h2: "h6", h3: "h4" });
  });

  test("17.4.59 places the seventh node on one host as redis-cli does", () => {
    expect(picture(place(nodesOf("h h h h h h h"), 3, 1))).toEqual({ h1: "h5 h4", h2: "h6", h3: "h7" });
  });

  test("17.4.61 never departs from redis-cli without need", () => {
    fc.assert(
      fc.property(cluster, ({ nodes: zoned, count, perPrimary }) => {
        const nodes = zoned.map(({ name, host }) => ({ name, host }));
        const primaries = choosePrimaries(nodes, count);
        const asRedis = placeAsRedis(primaries, interleave(nodes).slice(count), perPrimary);
        const least = leastCost(primaries, without(primaries, nodes), perPrimary);
        fc.pre(!isLess(least, costOf(asRedis, nodes, perPrimary)));
        expect(place(nodes, count, perPrimary).shards).toEqual(asRedis);
      }),
    );
  });

  test("finds the same assignment whether the replicas come in command line order or interleaved", () => {
    fc.assert(
      fc.property(cluster, ({ nodes, count, perPrimary }) => {
        const primaries = choosePrimaries(nodes, count);
        const interleaved = interleave(nodes).slice(count);
        expect(placeReplicas(primaries, interleaved, perPrimary)).toEqual(place(nodes, count, perPrimary));
      }),
    );
  });
});

/** The assignment of redis-cli before its random swaps, with as many extra rounds as it takes. */
function placeAsRedis(primaries: readonly PlacementNode[], replicas: readonly PlacementNode[], perPrimary: number) {
  const pool = [...replicas.slice(1), ...replicas.slice(0, 1)];
  const families = primaries.map((primary) => ({ primary, replicas: [] as string[] }));
  for (let asked = perPrimary; pool.length > 0; asked++) {
    for (const family of families) {
      while (pool.length > 0 && family.replicas.length < asked) {
        const elsewhere = pool.findIndex(({ host }) => host !== family.primary.host);
        family.replicas.push(...pool.splice(Math.max(elsewhere, 0), 1).map(({ name }) => name));
      }
    }
  }
  return families.map(({ primary, replicas }) => ({ primary: primary.name, replicas }));
}

describe("placeReplicas", () => {
  test("crosses the replicas of two hosts with three nodes each", () => {
    const placement = place(nodesOf("a a a b b b"), 3, 1);
    expect(picture(placement)).toEqual({ a1: "b3", b1: "a3", a2: "b2" });
    expect(placement.violations).toEqual([]);
  });

  test("keeps every copy on a host of its own where three hosts hold three shards with two replicas each", () => {
    expect(place(nodesOf("a a a b b b c c c"), 3, 2).violations).toEqual([]);
  });

  test("finds the good assignment where each replica going to the first it fits ends badly", () => {
    // redis-cli starts by giving c2 to a1. Only b2 and b3 are left then, and b1 has to take one of them.
    const placement = place(nodesOf("a b c c b b"), 3, 1);
    expect(picture(placement)).toEqual({ a1: "b3", b1: "c2", c1: "b2" });
    expect(placement.violations).toEqual([]);
  });

  test("breaks the rules no more than it must on hosts with four, two and one nodes", () => {
    const placement = place(nodesOf("a a a a b b c"), 3, 1);
    expect(picture(placement)).toEqual({ a1: "b2", b1: "a3 a4", c1: "a2" });
    expect(placement.violations).toEqual([
      {
        kind: "replicas-share-host",
        shard: "b1",
        replicas: ["a3", "a4"],
        host: "a",
        why: "host a holds 4 of the 7 nodes, more than one per shard",
      },
    ]);
  });

  test("parts a shard's replicas from its primary's host before parting them from each other", () => {
    const placement = place(nodesOf("a a a b b b"), 2, 2);
    expect(picture(placement)).toEqual({ a1: "b2 b3", b1: "a3 a2" });
    expect(kindsOf(placement)).toEqual(["replicas-share-host", "replicas-share-host"]);
  });

  test("prefers another zone to another host", () => {
    const nodes = "a/x b/x a/x a/x c/y c/y";
    const blind = placeBehindFirst(2, nodesOf(nodes.replace(/.x|.y/g, "")), 2);
    expect(picture(blind)).toEqual({ a1: "c2 c1", b1: "a2 a3" });

    // That would leave b1 and its replicas in zone x. So a1 takes one of its own host rather than both of c.
    const placement = placeBehindFirst(2, nodesOf(nodes), 2);
    expect(picture(placement)).toEqual({ a1: "c2 a2", b1: "c1 a3" });
    expect(kindsOf(placement)).toEqual(["replica-on-primary-host"]);
  });

  test("spreads left-over replicas as evenly as it can", () => {
    expect(replicaCounts(place(nodesOf("a b c d e f g h"), 3, 1)).sort()).toEqual([1, 2, 2]);
    expect(replicaCounts(place(nodesOf("a a a a a a a a a a a"), 3, 2)).sort()).toEqual([2, 3, 3]);
  });

  test("17.4.59 places all of 23 nodes, where redis-cli leaves two as empty primaries", () => {
    expect(replicaCounts(place(nodesOf("h ".repeat(23).trim()), 3, 5)).sort()).toEqual([6, 7, 7]);
  });

  test("spreads replicas evenly when there are too few of them", () => {
    expect(replicaCounts(place(nodesOf("a b c d e f g"), 3, 2)).sort()).toEqual([1, 1, 2]);
    expect(replicaCounts(place(nodesOf("a b c d e"), 3, 2)).sort()).toEqual([0, 1, 1]);
  });

  test("gives each shard one before any gets two, even when none was asked for", () => {
    // All in one shard would leave only that shard in one zone; but a shard without replicas is worse off.
    const placement = placeBehindFirst(4, nodesOf("a/x b/x c/x d/y e/x f/x g/x h/x"), 0);
    expect(replicaCounts(placement)).toEqual([1, 1, 1, 1]);
  });

  test("places nothing where there is nothing to place", () => {
    expect(placeReplicas([], [], 1)).toEqual({ shards: [], violations: [] });
    expect(picture(placeReplicas(nodesOf("a b"), [], 0))).toEqual({ a1: "", b1: "" });
  });

  test("refuses replicas without any primary", () => {
    expect(() => placeReplicas([], nodesOf("a"), 1)).toThrow(RangeError);
  });

  test("places every node exactly once and keeps the order of the primaries", () => {
    fc.assert(
      fc.property(cluster, ({ nodes, count, perPrimary }) => {
        const { shards } = place(nodes, count, perPrimary);
        expect(shards.map(({ primary }) => primary)).toEqual(namesOf(choosePrimaries(nodes, count)));
        expect(shards.flatMap(({ primary, replicas }) => [primary, ...replicas]).sort()).toEqual(namesOf(nodes).sort());
      }),
    );
  });

  test("gives every shard what was asked for when there are enough replicas", () => {
    fc.assert(
      fc.property(cluster, ({ nodes, count, perPrimary }) => {
        fc.pre(nodes.length >= count * (perPrimary + 1));
        expect(Math.min(...replicaCounts(place(nodes, count, perPrimary)))).toBeGreaterThanOrEqual(perPrimary);
      }),
    );
  });

  test("17.4.61 gives the same answer to the same question", () => {
    fc.assert(
      fc.property(cluster, ({ nodes, count, perPrimary }) => {
        expect(place(structuredClone(nodes), count, perPrimary)).toEqual(place(nodes, count, perPrimary));
      }),
    );
  });

  test("17.4.61 is never beaten by any other assignment", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(clusterWithAnyPrimaries, ({ nodes, primaries, perPrimary }) => {
        const replicas = without(primaries, nodes);
        const { shards } = placeReplicas(primaries, replicas, perPrimary);
        expect(costOf(shards, nodes, perPrimary)).toEqual(leastCost(primaries, replicas, perPrimary));
      }),
      { numRuns: 1000 },
    );
  });
});
