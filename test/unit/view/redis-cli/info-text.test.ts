import { describe, expect, test } from "vitest";
import { discoveryText } from "../../../../src/view/redis-cli/discovery-text.ts";
import { infoText } from "../../../../src/view/redis-cli/info-text.ts";
import { listedNodes } from "../../../../src/view/redis-cli/listing.ts";
import { clusterOf, idOf, nodeNamed } from "../../../helpers/cluster-builder.ts";
import { COLOURED, REDIS, REPLICAS, THIRDS, threeShards, VALKEY } from "../../../helpers/redis-cli-clusters.ts";

describe("infoText", () => {
  test("17.3.40 has a line for each primary, the entry node as typed and first, and the totals", () => {
    const cluster = threeShards({ a: { keys: 92 }, b: { keys: 65 }, c: { keys: 97 }, b1: { keys: 1000 } });
    expect(infoText(cluster, REDIS)).toBe(
      `localhost:7001 (a0000000...) -> 92 keys | 5461 slots | 1 slaves.
127.0.0.1:7002 (b0000000...) -> 65 keys | 5462 slots | 1 slaves.
127.0.0.1:7003 (c0000000...) -> 97 keys | 5461 slots | 1 slaves.
[OK] 254 keys in 3 masters.
0.02 keys per slot on average.
`,
    );
  });

  test("12.3 valkey-cli speaks of primaries and replicas", () => {
    expect(infoText(clusterOf({ a: [0, 16383] }, { replicas: { a1: "a", a2: "a" } }), VALKEY)).toBe(
      `localhost:7001 (a0000000...) -> 0 keys | 16384 slots | 2 replicas.
[OK] 0 keys in 1 primaries.
0.00 keys per slot on average.
`,
    );
  });

  test("17.3.41 counts only who was reached", () => {
    const text = infoText(threeShards({ b: { unreachable: true, keys: 5 }, c1: { unreachable: true } }), REDIS);
    expect(text).toContain(
      "127.0.0.1:7003 (c0000000...) -> 0 keys | 5461 slots | 0 slaves.\n[OK] 0 keys in 2 masters.",
    );
    expect(text).not.toContain("7002");
  });

  test("sums up the keys of all databases", () => {
    const keysByDatabase = new Map([
      [0, 3],
      [5, 4],
    ]);
    expect(infoText(clusterOf({ a: [0, 16383] }, { facts: { keysByDatabase } }), REDIS)).toContain("-> 7 keys |");
  });

  test.each([
    [2048, "0.12"],
    [2049, "0.13"],
    [6144, "0.38"],
    [10240, "0.62"],
    [16384, "1.00"],
    [1_000_000, "61.04"],
  ])("%d keys are %s per slot, rounded as C does", (keys, average) => {
    const cluster = clusterOf({ a: [0, 16383] }, { nodes: { a: { keys } } });
    expect(infoText(cluster, REDIS)).toContain(`\n${average} keys per slot on average.\n`);
  });

  test("IPv6 addresses have no brackets", () => {
    const cluster = clusterOf({ a: [0, 8191], b: [8192, 16383] }, { nodes: { b: { host: "::1" } } });
    expect(infoText(cluster, { ...REDIS, seedLabel: "::1:7001" })).toMatch(/^::1:7001 .*\n::1:7002 /);
  });

  test("4.2 only the line with the total is coloured, and the reset begins the next line", () => {
    const lines = infoText(clusterOf({ a: [0, 16383] }), COLOURED).split("\n");
    expect(lines.slice(1)).toEqual([
      "\u001b[32;1m[OK] 0 keys in 1 masters.",
      "\u001b[0m0.00 keys per slot on average.",
      "",
    ]);
    expect(lines[0]).toMatch(/^localhost/);
  });
});

describe("discoveryText", () => {
  test("17.2.39 warns of replicas whose primary is not in the list", () => {
    const cluster = threeShards({ b: { unreachable: true } });
    const warning = `*** WARNING: 127.0.0.1:7005 claims to be slave of unknown node ID ${idOf("b")}.\n`;
    expect(discoveryText(cluster, REDIS)).toBe(warning);
    expect(discoveryText(cluster, VALKEY)).toBe(warning.replace("slave", "replica"));
    expect(discoveryText(cluster, COLOURED)).toBe(`\u001b[33;1m${warning}\u001b[0m`);
  });

  test("is empty for a healthy cluster", () => {
    expect(discoveryText(threeShards(), REDIS)).toBe("");
  });

  test("names the entry node as it was typed", () => {
    const cluster = clusterOf(THIRDS, { replicas: REPLICAS, nodes: { b: { unreachable: true } } });
    const seenFromReplica = {
      nodes: [nodeNamed(cluster, "b1"), ...cluster.nodes.filter(({ id }) => id !== idOf("b1"))],
    };
    expect(discoveryText(seenFromReplica, REDIS)).toContain("WARNING: localhost:7001 claims to be slave");
  });
});

describe("listedNodes", () => {
  test("17.2.34 leaves out who failed, has no address or does not answer, and keeps who is only suspected", () => {
    const cluster = clusterOf(
      { ...THIRDS, d: [] },
      {
        replicas: REPLICAS,
        nodes: {
          b: { health: "suspected" },
          c: { health: "failing" },
          d: { noAddress: true },
          a1: { unreachable: true },
          b1: { handshake: true },
        },
      },
    );
    expect(listedNodes(cluster).map(({ id }) => id)).toEqual([idOf("a"), idOf("b"), idOf("c1")]);
  });

  test("goes by what the entry node holds of the others", () => {
    const cluster = threeShards({ c: { health: "failing" } });
    const [seed, ...others] = cluster.nodes;
    const view = nodeNamed(threeShards(), "a").view;
    expect(listedNodes({ nodes: [{ ...seed!, view }, ...others] })).toHaveLength(6);
  });
});
