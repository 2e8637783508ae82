import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Cluster } from "../../../src/model/cluster.ts";
import { formatRanges } from "../../../src/model/slot.ts";
import { findProblems, hasErrors, type Problem, severityOf, viewsAgree } from "../../../src/plan/problems.ts";
import { clusterOf, idOf } from "../../helpers/cluster-builder.ts";

const THIRDS = { a: [0, 5460], b: [5461, 10922], c: [10923, 16383] } as const;
const REPLICAS = { a1: "a", b1: "b", c1: "c" } as const;

/** Three shards on three hosts, nothing wrong with them but what the overrides say. */
function cluster(
  nodes: Parameters<typeof clusterOf>[1] = {},
  slots: Parameters<typeof clusterOf>[0] = THIRDS,
): Cluster {
  const hosts = { a: "10.0.0.1", b: "10.0.0.2", c: "10.0.0.3", a1: "10.0.0.2", b1: "10.0.0.3", c1: "10.0.0.1" };
  const placed = Object.fromEntries(
    Object.entries(hosts).map(([name, host]) => [name, { host, ...nodes.nodes?.[name] }]),
  );
  return clusterOf(slots, { replicas: REPLICAS, ...nodes, nodes: { ...nodes.nodes, ...placed } });
}

function only(kind: Problem["kind"], of: Cluster): Problem[] {
  return findProblems(of).filter((problem) => problem.kind === kind);
}

test("a healthy cluster has no problem", () => {
  expect(findProblems(cluster())).toEqual([]);
});

describe("slots", () => {
  test("without an owner are named", () => {
    const [problem] = only("uncovered-slots", cluster({}, { ...THIRDS, c: [10_923, 16_000] }));
    expect(problem).toEqual({ kind: "uncovered-slots", slots: [{ start: 16_001, end: 16_383 }] });
  });

  test("of an unreachable primary still have an owner", () => {
    const sick = cluster({ nodes: { b: { unreachable: true } } });
    expect(only("uncovered-slots", sick)).toEqual([]);
    expect(only("node-unreachable", sick)).toMatchObject([{ node: idOf("b"), role: "primary" }]);
  });

  test("claimed by two nodes are named with both", () => {
    const [problem] = only("several-owners", cluster({}, { ...THIRDS, b: [5461, 10_930] }));
    expect(problem).toMatchObject({ owners: [idOf("b"), idOf("c")], slots: [{ start: 10_923, end: 10_930 }] });
  });

  test("that are open are grouped by node and direction", () => {
    const openSlots = [5, 6, 9].map((slot) => ({ slot, state: "migrating" as const, peer: "b" }));
    const [problem, ...rest] = only("open-slots", cluster({ nodes: { a: { openSlots } } }));
    expect(problem).toMatchObject({ node: idOf("a"), state: "migrating", peers: [idOf("b")] });
    expect(formatRanges((problem as Extract<Problem, { kind: "open-slots" }>).slots)).toBe("5-6,9");
    expect(rest).toEqual([]);
  });

  test("that are open on a replica count as well, for they come alive at the next failover", () => {
    const openSlots = [{ slot: 5, state: "importing" as const, peer: "b" }];
    expect(only("open-slots", cluster({ nodes: { a1: { openSlots } } }))).toMatchObject([{ node: idOf("a1") }]);
  });

  test("that nodes disagree about are named with what each side says", () => {
    const sick = cluster({ nodes: { c1: { sees: { a: [0, 5459], b: [5460, 10_922] } } } });
    expect(viewsAgree(sick)).toBe(false);
    expect(only("disagreement", sick)).toEqual([
      {
        kind: "disagreement",
        nodes: [idOf("c1")],
        differences: [{ slots: [{ start: 5460, end: 5460 }], owner: idOf("b"), elsewhere: idOf("a") }],
      },
    ]);
  });

  test("that one node gives to nobody are a disagreement, too", () => {
    const [problem] = only("disagreement", cluster({ nodes: { b1: { sees: { a: [] } } } }));
    expect(problem).toMatchObject({ differences: [{ owner: undefined, elsewhere: idOf("a") }] });
  });

  test("with keys on a node that does not own them are reported", () => {
    const strayKeys = { keys: 2, slots: [{ start: 9, end: 9 }] };
    expect(only("stray-keys", cluster({ nodes: { b: { strayKeys } } }))).toEqual([
      { kind: "stray-keys", node: idOf("b"), ...strayKeys },
    ]);
  });
});

describe("nodes", () => {
  test("held for dead by others are named with who says so", () => {
    const [problem] = only("node-suspected", cluster({ nodes: { a: { health: "failing" } } }));
    expect(problem).toMatchObject({ node: idOf("a"), health: "failing" });
    expect((problem as Extract<Problem, { kind: "node-suspected" }>).saidBy).not.toContain(idOf("a"));
  });

  test("that others have never heard of are reported", () => {
    expect(only("unknown-member", cluster({ nodes: { b: { ignores: ["c1"] } } }))).toEqual([
      { kind: "unknown-member", node: idOf("c1"), unknownTo: [idOf("b")] },
    ]);
  });

  test("that serve nobody are reported together", () => {
    const down = { facts: { clusterState: "fail" as const } };
    expect(only("cluster-state", cluster({ nodes: { a: down, b: down } }))).toEqual([
      { kind: "cluster-state", nodes: [idOf("a"), idOf("b")] },
    ]);
  });

  test("without an address are ghosts, and no members", () => {
    const sick = cluster({ replicas: { ...REPLICAS, d1: "a" }, nodes: { d1: { noAddress: true } } });
    expect(only("ghost", sick)).toMatchObject([{ node: idOf("d1") }]);
    expect(only("node-unreachable", sick)).toEqual([]);
  });

  test("in a handshake are named by address", () => {
    const sick = cluster({ replicas: { ...REPLICAS, d1: "a" }, nodes: { d1: { handshake: true, host: "10.0.0.9" } } });
    expect(only("handshake", sick)).toMatchObject([{ address: expect.stringContaining("10.0.0.9:") as string }]);
  });

  test("with one address for two are reported", () => {
    const twins = { a: { port: 7000 }, c1: { host: "10.0.0.1", port: 7000 } };
    expect(only("duplicate-address", cluster({ nodes: twins }))).toMatchObject([
      { address: "10.0.0.1:7000", nodes: [idOf("a"), idOf("c1")] },
    ]);
  });

  test("with one config epoch for two primaries collide; primaries without slots do not", () => {
    const sick = cluster({ nodes: { a: { configEpoch: 7 }, b: { configEpoch: 7 } } });
    expect(only("epoch-collision", sick)).toEqual([
      { kind: "epoch-collision", epoch: 7, nodes: [idOf("a"), idOf("b")] },
    ]);
    const empty = cluster({ nodes: { d: { configEpoch: 1 }, e: { configEpoch: 1 } } }, { ...THIRDS, d: [], e: [] });
    expect(only("epoch-collision", empty)).toEqual([]);
  });
});

describe("replicas", () => {
  const down = {
    role: "replica" as const,
    linkUp: false,
    syncing: false,
    offset: 0,
    lastHeardSeconds: undefined,
    primaryAddress: "10.0.0.1:7001",
  };

  test("whose link is down are reported, with the missing password when that is why", () => {
    const sick = cluster({
      nodes: {
        a: { facts: { secretsSet: new Set(["requirepass"]) } },
        a1: { facts: { replication: down, secretsSet: new Set(["requirepass"]) } },
      },
    });
    expect(only("replica-link-down", sick)).toEqual([
      { kind: "replica-link-down", node: idOf("a1"), primary: idOf("a"), syncing: false, wantsPassword: true },
    ]);
  });

  test("are not said to want a password when nothing could be learned about it", () => {
    const sick = cluster({ nodes: { a1: { facts: { replication: down, secretsSet: undefined } } } });
    expect(only("replica-link-down", sick)).toMatchObject([{ wantsPassword: false }]);
  });

  test("far behind their primary are a warning; what arrived while we asked is not", () => {
    const behind = (bytes: number) =>
      cluster({
        nodes: {
          a: { facts: { replication: { role: "primary", offset: 50_000_000, replicas: 1 } } },
          a1: { facts: { replication: { ...down, linkUp: true, offset: 50_000_000 - bytes } } },
        },
      });
    expect(only("replica-lagging", behind(1_000_000))).toEqual([]);
    expect(only("replica-lagging", behind(20_000_000))).toMatchObject([{ node: idOf("a1"), bytes: 20_000_000 }]);
  });

  test("that are missing or uneven are warnings", () => {
    const problems = findProblems(clusterOf(THIRDS, { replicas: { a1: "a", a2: "a" } }));
    expect(problems).toContainEqual({ kind: "no-replica", primaries: [idOf("b"), idOf("c")] });
    expect(problems).toContainEqual({ kind: "uneven-replicas", fewest: 0, most: 2, shards: [idOf("b"), idOf("c")] });
    expect(hasErrors(problems)).toBe(false);
  });

  test("on the host of their primary violate anti-affinity", () => {
    const [problem] = only("anti-affinity", clusterOf(THIRDS, { replicas: REPLICAS }));
    expect(problem).toMatchObject({ shards: 3 });
    expect((problem as Extract<Problem, { kind: "anti-affinity" }>).violations).toHaveLength(3);
  });
});

describe("drift", () => {
  test("in settings is told with who has which value", () => {
    const facts = { settings: new Map([["cluster-node-timeout", "15000"]]) };
    const odd = { facts: { settings: new Map([["cluster-node-timeout", "5000"]]) } };
    const problems = findProblems(clusterOf(THIRDS, { facts, nodes: { b: odd } }));
    expect(problems).toContainEqual({
      kind: "setting-drift",
      setting: "cluster-node-timeout",
      values: [
        { value: "15000", nodes: [idOf("a"), idOf("c")] },
        { value: "5000", nodes: [idOf("b")] },
      ],
    });
  });

  test("in function libraries is an error, for FCALL then depends on the key", () => {
    const sick = clusterOf(THIRDS, {
      nodes: {
        a: { facts: { functions: new Map([["lib", "one"]]) } },
        b: { facts: { functions: new Map([["lib", "two"]]) } },
        c: { facts: { functions: new Map() } },
      },
    });
    const [problem] = only("function-drift", sick);
    expect(problem).toEqual({
      kind: "function-drift",
      library: "lib",
      missingOn: [idOf("c")],
      versions: [[idOf("a")], [idOf("b")]],
    });
    expect(severityOf(problem!)).toBe("error");
  });

  test("in versions is a warning", () => {
    const mixed = cluster({ nodes: { a1: { facts: { version: "7.2.4" } } } });
    expect(only("mixed-versions", mixed)).toHaveLength(1);
    expect(hasErrors(findProblems(mixed))).toBe(false);
  });
});

test("the order in which nodes are listed changes nothing but the order of what is said", () => {
  const sick = cluster({
    nodes: { a: { health: "failing" }, b: { configEpoch: 3 }, c: { configEpoch: 3 }, c1: { sees: { a: [] } } },
  });
  const keyOf = (problems: readonly Problem[]) => new Set(problems.map(({ kind }) => kind));
  fc.assert(
    fc.property(fc.shuffledSubarray([...sick.nodes.keys()], { minLength: sick.nodes.length }), (order) => {
      const nodes = order.map((i) => sick.nodes[i]!);
      const shuffled = nodes.map((node) => ({
        ...node,
        view: node.view && { ...node.view, lines: [...node.view.lines].reverse() },
      }));
      expect(keyOf(findProblems({ nodes: shuffled }))).toEqual(keyOf(findProblems(sick)));
      expect(findProblems({ nodes: shuffled })).toHaveLength(findProblems(sick).length);
    }),
  );
});

test("errors come before warnings", () => {
  const severities = findProblems(
    clusterOf({ a: [0, 100] }, { nodes: { a: { facts: { clusterState: "fail" } } } }),
  ).map(severityOf);
  expect(severities).toEqual([...severities].sort());
  expect(new Set(severities)).toEqual(new Set(["error", "warning"]));
});
