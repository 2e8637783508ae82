import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { placeReplicas } from "../../../src/plan/placement.ts";
import { findViolations } from "../../../src/plan/violations.ts";
import { cluster, clusterWithAnyPrimaries } from "../../helpers/placement-clusters.ts";
import { nodesOf, place, placeBehindFirst, without } from "../../helpers/placement-pictures.ts";

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
