import { describe, expect, test } from "vitest";
import type { Cluster } from "../../../src/model/cluster.ts";
import type {
  IntendedMove,
  MemoryFacts,
  NodeEvidence,
  PreflightEvidence,
} from "../../../src/model/preflight-evidence.ts";
import { parseRanges } from "../../../src/model/slot.ts";
import { canRestore } from "../../../src/plan/dump-versions.ts";
import { changedSince, findPreflight, type PreflightFinding, preflightSeverity } from "../../../src/plan/preflight.ts";
import { preflightHint, preflightText, slotChangeText } from "../../../src/view/preflight-text.ts";
import { clusterOf, idOf } from "../../helpers/cluster-builder.ts";

const MB = 1_000_000;

function evidenceOf(memory: Partial<MemoryFacts> = {}, rest: Partial<NodeEvidence> = {}): NodeEvidence {
  return {
    memory: { used: 20 * MB, keyspace: 16 * MB, limit: 0, policy: "noeviction", ...memory },
    keys: 1000,
    keysWithTtl: 0,
    commandsPerSecond: 0,
    slotBytes: undefined,
    ignoresLimitAsReplica: true,
    replicaOutputLimit: 256 * MB,
    refusals: [],
    ...rest,
  };
}

function evidence(
  nodes: Readonly<Record<string, NodeEvidence>>,
  rest: Partial<PreflightEvidence> = {},
): PreflightEvidence {
  const byId = new Map(Object.entries(nodes).map(([name, found]) => [idOf(name), found]));
  return { nodes: byId, replication: [], running: [], ...rest };
}

/** Half of what a owns goes to c, with half of its keys. */
const HALF: IntendedMove = {
  from: idOf("a"),
  to: idOf("c"),
  slots: parseRanges("0-4095")!,
  method: "keys",
  keys: 500,
};
const SLOTS = { a: [0, 8191], b: [8192, 16_383], c: [] };

function textsOf(cluster: Cluster, found: readonly PreflightFinding[], ignoreMemory = false): readonly string[] {
  return found.map((finding) => `${preflightSeverity(finding, { ignoreMemory })}: ${preflightText(finding, cluster)}`);
}

function findings(target: Partial<MemoryFacts>, more: Partial<NodeEvidence> = {}, move: Partial<IntendedMove> = {}) {
  const cluster = clusterOf(SLOTS);
  return findPreflight(cluster, [{ ...HALF, ...move }], evidence({ a: evidenceOf(), c: evidenceOf(target, more) }));
}

describe("room at the target", () => {
  const tight = { used: 4 * MB, limit: 10 * MB };

  test.each([
    ["noeviction", 0, "would-overflow"],
    ["allkeys-lru", 0, "would-evict"],
    ["allkeys-random", 0, "would-evict"],
    ["volatile-ttl", 0, "would-overflow"],
    ["volatile-ttl", 1, "would-evict"],
  ])("8 MB into 6 MB under %s with %i keys that may expire: %s", (policy, keysWithTtl, kind) => {
    const [found, ...others] = findings({ ...tight, policy }, { keysWithTtl });
    expect(found).toMatchObject({ kind, bytes: 8 * MB, room: 6 * MB, role: "primary" });
    expect(others).toEqual([]);
    expect(preflightSeverity(found!, { ignoreMemory: false })).toBe("error");
    expect(preflightSeverity(found!, { ignoreMemory: true })).toBe("warning");
    expect(preflightHint(found!)).toContain("--ignore-memory");
  });

  test.each([
    [12.7 * MB, ["little-room"]],
    [14 * MB, []],
    [0, []],
  ])("with a maxmemory of %i: %j", (limit, kinds) => {
    expect(findings({ used: 4 * MB, limit }).map(({ kind }) => kind)).toEqual(kinds);
  });

  test("what several sources send adds up, slot by slot where the server keeps account", () => {
    const slotBytes = new Map([
      [0, 3 * MB],
      [4095, 2 * MB],
      [5000, 9 * MB],
    ]);
    const other = { ...HALF, from: idOf("b"), slots: parseRanges("8192-12287")! };
    const nodes = { a: evidenceOf({}, { slotBytes }), b: evidenceOf(), c: evidenceOf(tight) };
    expect(findPreflight(clusterOf(SLOTS), [HALF, other], evidence(nodes))).toMatchObject([{ bytes: 13 * MB }]);
  });

  test.each([0, undefined])("nothing is claimed when %s keys go over", (keys) => {
    expect(findings(tight, {}, { keys })).toEqual([]);
  });

  test("a replica that leaves evicting to its primary is a warning, one that does not is an error", () => {
    const cluster = clusterOf(SLOTS, { replicas: { c1: "c" } });
    const found = (ignoresLimitAsReplica: boolean) => {
      const c1 = evidenceOf({ ...tight, policy: "allkeys-lru" }, { ignoresLimitAsReplica });
      return textsOf(cluster, findPreflight(cluster, [HALF], evidence({ a: evidenceOf(), c: evidenceOf(), c1 })));
    };
    const what = "about 8.0 MB go to 127.0.0.1:7004 (c1000000)";
    expect(found(true)).toEqual([
      `warning: ${what}, a replica, which has room for 6.0 MB: once promoted it would evict keys (maxmemory-policy allkeys-lru)`,
    ]);
    expect(found(false)[0]).toMatch(/^error: /);
  });
});

describe("rights", () => {
  test("a command that a node refuses stops the move, with all of them named once", () => {
    const refusals = ["CLUSTER SETSLOT", "SELECT", "SELECT"].map((command) => ({ command, why: "no permissions" }));
    const cluster = clusterOf(SLOTS);
    const found = findPreflight(cluster, [HALF], evidence({ b: evidenceOf({}, { refusals }) }));
    expect(textsOf(cluster, found)).toEqual([
      "error: 127.0.0.1:7002 (b0000000) does not let this user run CLUSTER SETSLOT and SELECT: no permissions",
    ]);
  });

  test("a replication user that the target turns away stops the move", () => {
    const replication = [{ from: idOf("a"), to: idOf("c"), why: "NOPERM" }];
    const found = findPreflight(clusterOf(SLOTS), [{ ...HALF, method: "atomic" }], evidence({}, { replication }));
    expect(found.map(({ kind }) => kind)).toEqual(["replication-refused"]);
    expect(preflightHint(found[0]!)).toContain("--method keys");
  });
});

describe("migrations that run already", () => {
  const atomic = { ...HALF, method: "atomic" } as const;
  const own = { source: idOf("a"), target: idOf("c"), slots: HALF.slots, node: idOf("a") };

  test.each([
    ["the one that an earlier run began", [own], [atomic], 0],
    ["the same for a move key by key", [own], [HALF], 1],
    ["other slots of the same pair", [{ ...own, slots: parseRanges("1-9")! }], [atomic], 1],
    [
      "one of others, told by both ends",
      [
        { ...own, target: idOf("b") },
        { ...own, target: idOf("b"), node: idOf("b") },
      ],
      [atomic],
      1,
    ],
  ])("%s", (_, running, moves, count) => {
    const found = findPreflight(clusterOf(SLOTS), moves, evidence({}, { running }));
    expect(found.map(({ kind }) => kind)).toEqual(Array<string>(count).fill("migration-running"));
  });
});

/** As DUMP on the one and RESTORE on the other real server answered, and by the tables of their sources. */
test.each([
  ["redis 7.0.15", "redis 8.0.2", "yes"],
  ["redis 8.0.2", "redis 7.0.15", "no"],
  ["redis 8.0.2", "valkey 8.1.1", "no"],
  ["redis 8.0.2", "valkey 9.1.2", "no"],
  ["redis 7.0.15", "valkey 9.1.2", "yes"],
  ["redis 7.2.4", "valkey 8.1.1", "yes"],
  ["valkey 8.1.1", "redis 7.0.15", "no"],
  ["valkey 8.1.1", "redis 8.0.2", "yes"],
  ["valkey 8.1.1", "valkey 9.1.2", "yes"],
  ["valkey 9.1.2", "valkey 8.1.1", "no"],
  ["valkey 9.1.2", "redis 8.0.2", "no"],
  ["redis 7.0.15", "redis 7.0.9", "yes"],
  ["redis 8.2.1", "redis 8.0.2", "yes"],
  ["redis 8.10.1", "redis 8.0.2", "unknown"],
  ["redis 8.10.1", "redis 8.10.2", "yes"],
  ["redis 8.10.1", "valkey 9.1.2", "no"],
  ["valkey 9.3.0", "valkey 9.1.2", "unknown"],
])("keys of %s on %s: %s", (source, target, answer) => {
  const server = (text: string) => {
    const [engine, version] = text.split(" ");
    return { engine: engine as "redis" | "valkey", version: version! };
  };
  expect(canRestore(server(source), server(target))).toBe(answer);
});

test("a key that takes as long as a failover is named, with what helps; the servers' own migration cuts it up", () => {
  const settings = new Map([["cluster-node-timeout", "500"]]);
  const cluster = clusterOf(SLOTS, { nodes: { a: { facts: { settings } }, c: { facts: { settings } } } });
  const keyOf = (bytes: number) => ({ key: "board", type: "zset", bytes, slot: 7 });
  const textsFor = (bytes: number, method: IntendedMove["method"]) =>
    textsOf(cluster, findPreflight(cluster, [{ ...HALF, method, largestKey: keyOf(bytes) }], evidence({})));
  expect(textsFor(245 * MB, "keys")).toEqual([
    'warning: big key "board" (245 MB) may keep 127.0.0.1:7001 (a0000000) from answering for 4.9 s, and after 0.5 s others hold it for dead: raise that first with slotctl set-timeout',
  ]);
  expect(textsFor(10 * MB, "keys")).toEqual([]);
  expect(textsFor(245 * MB, "atomic")).toEqual([]);
});

describe("versions", () => {
  const mixed = clusterOf(SLOTS, { nodes: { a: { facts: { version: "8.0.2" } } } });

  test.each([
    [500, "error"],
    [undefined, "error"],
    [0, "warning"],
  ] as const)("an older target with %s keys to read: %s", (keys, severity) => {
    const [found, ...others] = findPreflight(mixed, [{ ...HALF, keys }], evidence({}));
    expect(textsOf(mixed, [found!])[0]).toMatch(new RegExp(`^${severity}: 127.0.0.1:7003 .* with Redis 7.0.15 `));
    expect(others).toEqual([]);
  });

  test("Valkey's own migration sends no dumps", () => {
    const facts = (version: string) => ({ facts: { engine: "valkey", version } as const });
    const cluster = clusterOf(SLOTS, { nodes: { a: facts("9.1.2"), b: facts("9.0.2"), c: facts("8.1.1") } });
    expect(findPreflight(cluster, [{ ...HALF, method: "atomic" }], evidence({}))).toEqual([]);
    expect(findPreflight(cluster, [HALF], evidence({}))).toMatchObject([{ kind: "incompatible-dump", certain: true }]);
  });

  test.each([
    ["valkey", "9.1.1", 20_000, ["breaks-under-writes"]],
    ["valkey", "9.1.1", 10, []],
    ["valkey", "9.1.2", 20_000, []],
    ["valkey", "9.0.0", 0, ["needs-syncslots-right", "needs-syncslots-right"]],
    ["redis", "8.4.0", 0, ["adjacent-ranges", "adjacent-ranges"]],
    ["redis", "8.4.1", 0, []],
  ] as const)("what is known of %s %s at %i commands a second: %j", (engine, version, commandsPerSecond, defects) => {
    const cluster = clusterOf(SLOTS, { facts: { engine, version } });
    const nodes = { a: evidenceOf({}, { commandsPerSecond }), c: evidenceOf() };
    const found = findPreflight(cluster, [{ ...HALF, method: "atomic" }], evidence(nodes));
    expect(found.map((finding) => finding.kind === "known-defect" && finding.defect)).toEqual(defects);
    expect(textsOf(cluster, found).every((text) => text.startsWith("warning: "))).toBe(true);
    expect(findPreflight(cluster, [HALF], evidence(nodes))).toEqual([]);
  });
});

test("an atomic move on Redis would delete stray keys at the target; one on Valkey, or key by key, does not", () => {
  const strays = { nodes: { c: { strayKeys: { keys: 3, slots: parseRanges("9")! } } } };
  const found = (engine: "redis" | "valkey", method: "keys" | "atomic") =>
    findPreflight(
      clusterOf(SLOTS, { ...strays, facts: { engine, version: "9.1.2" } }),
      [{ ...HALF, method }],
      evidence({}),
    );
  expect(found("redis", "atomic")).toEqual([{ kind: "trims-stray-keys", node: idOf("c"), keys: 3 }]);
  expect(found("redis", "keys")).toEqual([]);
  expect(found("valkey", "atomic")).toEqual([]);
});

test("a replica of the target without a link is a warning", () => {
  const replication = {
    role: "replica",
    linkUp: false,
    syncing: true,
    offset: 0,
    lastHeardSeconds: undefined,
  } as const;
  const down = { facts: { replication: { ...replication, primaryAddress: "127.0.0.1:7003" } } };
  const cluster = clusterOf(SLOTS, { replicas: { a1: "a", c1: "c" }, nodes: { a1: down, c1: down } });
  expect(textsOf(cluster, findPreflight(cluster, [HALF], evidence({})))).toEqual([
    "warning: 127.0.0.1:7005 (c1000000), a replica of 127.0.0.1:7003 (c0000000), has no link to it: what arrives is not copied until it has",
  ]);
});

test("an atomic move that is larger than the output buffer is a warning", () => {
  const nodes = { a: evidenceOf({}, { replicaOutputLimit: 5 * MB }), c: evidenceOf() };
  const kinds = (method: "keys" | "atomic") =>
    findPreflight(clusterOf(SLOTS), [{ ...HALF, method }], evidence(nodes)).map(({ kind }) => kind);
  expect(kinds("atomic")).toEqual(["output-buffer"]);
  expect(kinds("keys")).toEqual([]);
});

test("errors come before warnings", () => {
  const nodes = {
    a: evidenceOf({}, { replicaOutputLimit: MB }),
    c: evidenceOf({ used: 0, limit: MB, policy: "allkeys-lru" }),
  };
  const found = findPreflight(clusterOf(SLOTS), [{ ...HALF, method: "atomic" }], evidence(nodes));
  expect(found.map(({ kind }) => kind)).toEqual(["would-evict", "output-buffer"]);
});

describe("a second look", () => {
  const before = clusterOf(SLOTS, { replicas: { a1: "a" } });
  const open = { slot: 7, state: "migrating", peer: "b" } as const;

  test.each([
    ["the same", clusterOf(SLOTS, { replicas: { a1: "a" } }), undefined],
    ["a further replica", clusterOf(SLOTS, { replicas: { a1: "a", b1: "b" } }), undefined],
    [
      "another owner",
      clusterOf({ a: [1, 8191], b: [8192, 16_383], c: [0, 0] }, { replicas: { a1: "a" } }),
      "127.0.0.1:7001 (a0000000) owned slots 0-8191 and now owns slots 1-8191",
    ],
    [
      "an open slot",
      clusterOf(SLOTS, { replicas: { a1: "a" }, nodes: { a: { openSlots: [open] } } }),
      "127.0.0.1:7001 (a0000000) has slot 7 half way to or from another node",
    ],
    [
      "another role",
      { nodes: before.nodes.map((node) => (node.id === idOf("c") ? ({ ...node, role: "replica" } as const) : node)) },
      "127.0.0.1:7003 (c0000000) is a replica now",
    ],
  ])("%s", (_, now, text) => {
    const change = changedSince(before, now);
    expect(change === undefined ? undefined : slotChangeText(change, now)).toBe(text);
  });

  test("slots that were open before are no news", () => {
    const sick = clusterOf(SLOTS, { nodes: { a: { openSlots: [open] } } });
    expect(changedSince(sick, sick)).toBeUndefined();
  });
});
