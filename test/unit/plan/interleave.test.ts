import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PlacementNode } from "../../../src/plan/cluster-map.ts";
import { choosePrimaries, interleave } from "../../../src/plan/placement.ts";
import { someNodes } from "../../helpers/placement-clusters.ts";
import { namesOf, nodesOf, without } from "../../helpers/placement-pictures.ts";

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

  test("17.4.57 gives the order of redis-cli wherever no zone is known", () => {
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
