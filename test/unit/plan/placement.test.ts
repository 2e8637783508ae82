import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  choosePrimaries,
  findViolations,
  interleave,
  type PlacedShard,
  type Placement,
  type PlacementNode,
  placeReplicas,
} from "../../../src/plan/placement.ts";

/** "a a b" is nodes a1 and a2 on host a and b1 on host b; "a/x" puts the node in zone x. */
function nodesOf(picture: string): readonly PlacementNode[] {
  const seen = new Map<string, number>();
  return picture.split(" ").map((word) => {
    const [host, zone] = word.split("/") as [string, string | undefined];
    seen.set(host, (seen.get(host) ?? 0) + 1);
    return { name: `${host}${seen.get(host)}`, host, ...(zone !== undefined && { zone }) };
  });
}

/** What `create` does: chooses the primaries, then gives them all other nodes. */
function place(nodes: readonly PlacementNode[], count: number, perPrimary: number): Placement {
  const primaries = choosePrimaries(nodes, count);
  return placeReplicas(primaries, without(primaries, nodes), perPrimary);
}

/** The same with the first `count` as primaries, wherever they are. */
function placeBehindFirst(count: number, nodes: readonly PlacementNode[], perPrimary: number): Placement {
  return placeReplicas(nodes.slice(0, count), nodes.slice(count), perPrimary);
}

function without(primaries: readonly PlacementNode[], nodes: readonly PlacementNode[]): readonly PlacementNode[] {
  return nodes.filter((node) => !primaries.includes(node));
}

function namesOf(nodes: readonly PlacementNode[]): string[] {
  return nodes.map(({ name }) => name);
}

/** { a1: "b2 c1" }: primary a1 with its replicas. */
function picture({ shards }: Placement): Record<string, string> {
  return Object.fromEntries(shards.map(({ primary, replicas }) => [primary, replicas.join(" ")]));
}

function replicaCounts({ shards }: Placement): number[] {
  return shards.map(({ replicas }) => replicas.length);
}

function kindsOf({ violations }: Pick<Placement, "violations">): string[] {
  return violations.map(({ kind }) => kind);
}

describe("interleave", () => {
  test("takes one node from each host in turn, in order of first appearance", () => {
    expect(namesOf(interleave(nodesOf("b b b a c a")))).toEqual(["b1", "a1", "c1", "b2", "a2", "b3"]);
  });

  test("takes one node from each zone in turn, and inside a zone one from each host", () => {
    const nodes = nodesOf("a/x a/x b/x b/x c/y c/y d/y");
    expect(namesOf(interleave(nodes))).toEqual(["a1", "c1", "b1", "d1", "a2", "c2", "b2"]);
  });

  test("treats each host whose zone is unknown as a zone of its own", () => {
    expect(namesOf(interleave(nodesOf("a/x b/x c d")))).toEqual(["a1", "c1", "d1", "b1"]);
  });

  test("holds one node's zone to be known for every node on its host", () => {
    expect(namesOf(interleave(nodesOf("a/x a c/x b/y")))).toEqual(["a1", "b1", "c1", "a2"]);
  });

  test("gives the order of redis-cli wherever no zone is known", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 12 }), (hosts) => {
        const nodes = nodesOf(hosts.join(" "));
        const left = [...new Set(hosts)].map((host) => nodes.filter((node) => node.host === host));
        const expected: PlacementNode[] = [];
        while (expected.length < nodes.length) for (const group of left) expected.push(...group.splice(0, 1));
        expect(interleave(nodes)).toEqual(expected);
      }),
    );
  });
});

describe("choosePrimaries", () => {
  test("spreads the primaries over zones before hosts", () => {
    expect(namesOf(choosePrimaries(nodesOf("a/x b/x c/x d/y e/y f/z"), 3))).toEqual(["a1", "d1", "f1"]);
  });

  test("gives all nodes when there are fewer than asked for", () => {
    expect(namesOf(choosePrimaries(nodesOf("a b"), 3))).toEqual(["a1", "b1"]);
  });

  test("puts on no host more than one primary above any other that has nodes left", () => {
    fc.assert(
      fc.property(someNodes, fc.integer({ min: 1, max: 8 }), (zoned, count) => {
        const nodes = zoned.map(({ name, host }) => ({ name, host }));
        const chosen = choosePrimaries(nodes, count);
        const left = new Set(without(chosen, nodes).map(({ host }) => host));
        const chosenOn = (host: string) => chosen.filter((node) => node.host === host).length;
        const most = Math.max(...nodes.map(({ host }) => chosenOn(host)));
        for (const host of left) expect(chosenOn(host)).toBeGreaterThanOrEqual(most - 1);
      }),
    );
  });
});

describe("placeReplicas, where redis-cli's own assignment is as good as any,", () => {
  test("places six nodes on three hosts as redis-cli does", () => {
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

  test("places six nodes on one host as redis-cli does", () => {
    expect(picture(place(nodesOf("h h h h h h"), 3, 1))).toEqual({ h1: "h5", h2: "h6", h3: "h4" });
  });

  test("places the seventh node on one host as redis-cli does", () => {
    expect(picture(place(nodesOf("h h h h h h h"), 3, 1))).toEqual({ h1: "h5 h4", h2: "h6", h3: "h7" });
  });

  test("never departs from redis-cli without need", () => {
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

  test("places all of 23 nodes, where redis-cli leaves two as empty primaries", () => {
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

  test("gives the same answer to the same question", () => {
    fc.assert(
      fc.property(cluster, ({ nodes, count, perPrimary }) => {
        expect(place(structuredClone(nodes), count, perPrimary)).toEqual(place(nodes, count, perPrimary));
      }),
    );
  });

  test("is never beaten by any other assignment", { timeout: 60_000 }, () => {
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

describe("the reason placeReplicas gives", () => {
  test("names the only host there is", () => {
    const { violations } = place(nodesOf("h h h h"), 2, 1);
    expect(violations.map(({ why }) => why)).toEqual(["all 4 nodes are on host h", "all 4 nodes are on host h"]);
  });

  test("names the zone that has too few replicas outside it", () => {
    const { violations } = placeBehindFirst(3, nodesOf("a/x b/x c/y d/x e/x f/y"), 1);
    expect(violations).toEqual([
      {
        kind: "one-zone",
        shard: "b1",
        zone: "x",
        why: "zone x has 2 primaries, but no more than 1 replica outside it",
      },
    ]);
  });

  test("names the zone that has too few primaries outside it, when not every shard gets a replica", () => {
    const { violations } = placeBehindFirst(3, nodesOf("a/x b/x c/y d/x e/x"), 1);
    expect(violations.map(({ why }) => why)).toEqual(["zone x has 2 replicas, but no more than 1 primary outside it"]);
  });

  test("names a true shortage for every shard that is left in one zone", () => {
    fc.assert(
      fc.property(clusterWithAnyPrimaries, ({ nodes, primaries, perPrimary }) => {
        const { violations } = placeReplicas(primaries, without(primaries, nodes), perPrimary);
        for (const { why } of violations.filter(({ kind }) => kind === "one-zone")) {
          const [, inside, outside] =
            /^zone . has (\d) \w+, but no (?:more than (\d) )?\w+ outside it$/.exec(why) ?? [];
          expect(Number(inside)).toBeGreaterThan(Number(outside ?? 0));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("names the host that holds more nodes than there are shards, whenever no zone is known", () => {
    fc.assert(
      fc.property(cluster, ({ nodes, count, perPrimary }) => {
        const withoutZones = nodes.map(({ name, host }) => ({ name, host }));
        for (const violation of place(withoutZones, count, perPrimary).violations) {
          if (violation.kind !== "replica-on-primary-host") continue;
          const held = nodes.filter(({ host }) => host === violation.host).length;
          expect(held).toBeGreaterThan(count);
          expect(violation.why).toMatch(/^all \d+ nodes are on host|more than one per shard$/);
        }
      }),
    );
  });
});

describe("findViolations", () => {
  const nodes = nodesOf("a/x a/x b/x b/x c/y");

  test("says what is so, shard by shard", () => {
    const shards = [
      { primary: "a1", replicas: ["a2", "b1", "b2"] },
      { primary: "c1", replicas: [] },
    ];
    expect(findViolations(shards, nodes)).toEqual([
      { kind: "one-zone", shard: "a1", zone: "x", why: "all 4 copies are in zone x" },
      {
        kind: "replica-on-primary-host",
        shard: "a1",
        replica: "a2",
        host: "a",
        why: "a2 is on the same host as its primary a1",
      },
      {
        kind: "replicas-share-host",
        shard: "a1",
        replicas: ["b1", "b2"],
        host: "b",
        why: "2 replicas of a1 are on host b",
      },
    ]);
  });

  test("finds nothing wrong with a shard that is spread, or that has no replica", () => {
    const shards = [
      { primary: "a1", replicas: ["c1"] },
      { primary: "b1", replicas: [] },
    ];
    expect(findViolations(shards, nodes)).toEqual([]);
  });

  test("holds one zone against nobody in a cluster that has no other", () => {
    expect(findViolations([{ primary: "a1", replicas: ["b1"] }], nodesOf("a/x b/x c"))).toEqual([]);
  });

  test("never takes an unknown zone to be the same as another", () => {
    expect(findViolations([{ primary: "a1", replicas: ["b1"] }], nodesOf("a b c/x d/y"))).toEqual([]);
    expect(findViolations([{ primary: "a1", replicas: ["b1"] }], nodesOf("a/x b c/x d/y"))).toEqual([]);
  });

  test("takes nodes with one host text but different zones to be on different hosts", () => {
    expect(findViolations([{ primary: "a1", replicas: ["a2"] }], nodesOf("a/x a/y"))).toEqual([]);
  });

  test("does not guess where a copy is that is not among the nodes", () => {
    expect(findViolations([{ primary: "gone", replicas: ["lost", "a1"] }], nodes)).toEqual([]);
  });
});

describe("a cluster of a thousand nodes", () => {
  test.each([
    ["50 hosts, 3 zones, 500 primaries", { hosts: 50, zones: 3, count: 500, perPrimary: 1 }],
    ["50 hosts, 3 zones, 250 primaries", { hosts: 50, zones: 3, count: 250, perPrimary: 3 }],
    ["500 hosts, 3 zones, 500 primaries", { hosts: 500, zones: 3, count: 500, perPrimary: 1 }],
    ["1000 hosts, no zones, 500 primaries", { hosts: 1000, zones: 0, count: 500, perPrimary: 1 }],
    ["1000 hosts, 3 zones, 500 primaries", { hosts: 1000, zones: 3, count: 500, perPrimary: 1 }],
  ])("is placed without a violation: %s", (_, { hosts, zones, count, perPrimary }) => {
    const placement = place(largeCluster(hosts, zones), count, perPrimary);
    expect(placement.violations).toEqual([]);
    expect(new Set(replicaCounts(placement))).toEqual(new Set([perPrimary]));
  });

  test("is placed on a single host", () => {
    const placement = place(largeCluster(1, 0), 500, 1);
    expect(new Set(replicaCounts(placement))).toEqual(new Set([1]));
    expect(placement.violations).toHaveLength(500);
  });
});

function largeCluster(hosts: number, zones: number): readonly PlacementNode[] {
  return Array.from({ length: 1000 }, (_, i) => {
    const host = Math.floor((i * hosts) / 1000);
    const zone = `z${Math.floor((host * zones) / hosts)}`;
    return { name: `${host}:${i}`, host: `${host}`, ...(zones > 0 && { zone }) };
  });
}

const node = fc.record({ host: fc.constantFrom("a", "b", "c", "d"), zone: fc.constantFrom("x", "y", "z", undefined) });

/** Most hosts are in one zone, or in an unknown one; some have nodes that say nothing, or each something else. */
const someNodes = fc
  .tuple(
    fc.array(node, { minLength: 2, maxLength: 8 }),
    fc.constantFrom("as they say", "one per host", "one per host", "none"),
    fc.array(fc.constantFrom("x", "y", "z", undefined), { minLength: 4, maxLength: 4 }),
  )
  .map(([nodes, zones, zoneOfHost]): readonly PlacementNode[] =>
    nodes.map(({ host, zone: said }, i) => {
      const zone = { "as they say": said, "one per host": zoneOfHost["abcd".indexOf(host)], none: undefined }[zones];
      return { name: `${host}${i}`, host, ...(zone !== undefined && { zone }) };
    }),
  );

const cluster = fc.record({
  nodes: someNodes,
  count: fc.integer({ min: 1, max: 4 }),
  perPrimary: fc.integer({ min: 0, max: 3 }),
});

/** Up to four primaries, chosen without regard to hosts and zones. */
const clusterWithAnyPrimaries = cluster.map(({ nodes, count, perPrimary }) => ({
  nodes,
  primaries: nodes.slice(0, count),
  perPrimary,
}));

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

type Cost = readonly number[];

/** The criteria of `placeReplicas` once more, written as they read. */
function costOf(shards: readonly PlacedShard[], nodes: readonly PlacementNode[], perPrimary: number): Cost {
  const whereIs = new Map(nodes.map((node) => [node.name, whereabouts(node, nodes)]));
  const zones = new Set(nodes.flatMap(({ zone }) => zone ?? []));
  const copies = shards.map(({ primary, replicas }) => [primary, ...replicas].map((name) => whereIs.get(name)!));
  const shortfalls = copies.map(({ length }) => Math.max(Math.max(perPrimary, 1) - (length - 1), 0));
  const inOneZone = copies.filter((all) => all.length > 1 && all.every(({ zone }) => zone && zone === all[0]!.zone));
  const withPrimary = copies.flatMap(([primary, ...replicas]) => replicas.filter(({ host }) => host === primary!.host));
  const pairs = copies.flatMap((all) =>
    all.flatMap((one, i) => all.slice(0, i).filter(({ host }) => host === one.host)),
  );
  return [
    sumOfSquares(shortfalls),
    zones.size > 1 ? inOneZone.length : 0,
    withPrimary.length,
    pairs.length,
    sumOfSquares(copies.map(({ length }) => length - 1)),
  ];
}

function whereabouts({ host, zone }: PlacementNode, nodes: readonly PlacementNode[]) {
  const said = new Set(nodes.flatMap((other) => (other.host === host ? (other.zone ?? []) : [])));
  const known = zone ?? (said.size === 1 ? [...said][0] : undefined);
  return { host: `${host} in ${known}`, zone: known };
}

function sumOfSquares(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number ** 2, 0);
}

/** Tries every assignment there is. */
function leastCost(primaries: readonly PlacementNode[], replicas: readonly PlacementNode[], perPrimary: number): Cost {
  const shards = primaries.map(({ name }) => ({ primary: name, replicas: [] as string[] }));
  let least: Cost | undefined;
  const assign = (r: number): void => {
    if (r === replicas.length) {
      const cost = costOf(shards, [...primaries, ...replicas], perPrimary);
      if (least === undefined || isLess(cost, least)) least = cost;
      return;
    }
    for (const shard of shards) {
      shard.replicas.push(replicas[r]!.name);
      assign(r + 1);
      shard.replicas.pop();
    }
  };
  assign(0);
  return least!;
}

function isLess(cost: Cost, other: Cost): boolean {
  const i = cost.findIndex((criterion, c) => criterion !== other[c]);
  return i >= 0 && cost[i]! < other[i]!;
}
