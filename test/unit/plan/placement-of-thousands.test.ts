import { describe, expect, test } from "vitest";
import type { PlacementNode } from "../../../src/plan/cluster-map.ts";
import { place, replicaCounts } from "../../helpers/placement-pictures.ts";

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
