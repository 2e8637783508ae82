import { Buffer } from "node:buffer";
import type { FileProblem, VerifiedFile } from "../../src/archive/verify-backup.ts";
import type { RunEvent } from "../../src/execute/events.ts";
import type { Counts } from "../../src/execute/transfer/tally.ts";
import type { NodeId } from "../../src/model/cluster.ts";
import type { Manifest } from "../../src/model/manifest.ts";
import { ALL_SLOTS } from "../../src/model/slot.ts";
import type { ImportPlan } from "../../src/plan/import.ts";
import type { MovePreview } from "../../src/plan/move-plan.ts";
import type { NodeRef, Plan, Step } from "../../src/plan/plan.ts";
import type { Problem } from "../../src/plan/problems.ts";
import type { RestorePlan } from "../../src/plan/restore.ts";
import { applyMoves } from "../../src/plan/slot-moves.ts";
import type { PlacementViolation } from "../../src/plan/violations.ts";
import type { Result, ShownCreate, ShownMoves, ShownSteps } from "../../src/view/view.ts";
import { clusterOf, idOf, nodeNamed } from "./cluster-builder.ts";

const [a, b] = [idOf("a"), idOf("b")];
const ref = (id: NodeId, port: number): NodeRef => ({ id, address: { host: "127.0.0.1", port } });
const [nodeA, nodeB] = [ref(a, 7001), { ...ref(b, 7002), formerly: [a] }];
const slots = [{ start: 0, end: 99 }];

const cluster = clusterOf(
  { a: [0, 8191], b: [8192, 16_383], c: [] },
  {
    replicas: { a1: "a", c1: "c" },
    nodes: {
      a: { hostname: "a.example.com", zone: "east", keys: 12 },
      b: { unreachable: true, health: "failing" },
    },
  },
);

/** One of every kind, so that a new kind does not compile without one. */
export const STEPS: { readonly [Kind in Step["kind"]]: Extract<Step, { kind: Kind }> } = {
  "set-config-epoch": { kind: "set-config-epoch", node: nodeA, epoch: 1 },
  "add-slots": { kind: "add-slots", node: nodeA, slots: "0-5460,7000" },
  meet: { kind: "meet", nodes: [nodeA, nodeB] },
  replicate: { kind: "replicate", node: nodeA, primary: nodeB, inSync: true },
  "move-slots": { kind: "move-slots", from: nodeA, to: nodeB, slots: "5", method: "keys", onConflict: "leave" },
  "set-config": { kind: "set-config", node: nodeA, setting: "cluster-allow-replica-migration", value: "no" },
  failover: { kind: "failover", node: nodeA, primary: nodeB, mode: "safe" },
  "load-functions": { kind: "load-functions", node: nodeA, from: nodeB },
  forget: { kind: "forget", node: { id: b, address: { host: "", port: 0 } }, from: [nodeA] },
  reset: { kind: "reset", node: nodeA, hard: false },
  shutdown: { kind: "shutdown", node: nodeA },
  "del-slots": { kind: "del-slots", node: nodeA, owner: nodeB, slots: "1-2" },
  "assign-slots": { kind: "assign-slots", node: nodeA, slots: "1-2" },
  "close-slots": { kind: "close-slots", node: nodeA, slots: "1-2" },
  "bring-keys": { kind: "bring-keys", from: nodeA, to: nodeB, slots: "1", onConflict: "ask" },
  "bump-epoch": { kind: "bump-epoch", node: nodeA },
};

const VIOLATIONS: { readonly [Kind in PlacementViolation["kind"]]: Extract<PlacementViolation, { kind: Kind }> } = {
  "one-zone": { kind: "one-zone", shard: "a", zone: "east", why: "because" },
  "replica-on-primary-host": { kind: "replica-on-primary-host", shard: "a", replica: "b", host: "h", why: "because" },
  "replicas-share-host": { kind: "replicas-share-host", shard: "a", replicas: ["b", "c"], host: "h", why: "because" },
};

const PROBLEMS: { readonly [Kind in Problem["kind"]]: Extract<Problem, { kind: Kind }> } = {
  "uncovered-slots": { kind: "uncovered-slots", slots },
  "several-owners": { kind: "several-owners", slots, owners: [a, b] },
  "open-slots": { kind: "open-slots", node: a, state: "importing", slots, peers: [b] },
  disagreement: { kind: "disagreement", nodes: [a], differences: [{ slots, owner: undefined, elsewhere: b }] },
  "unknown-member": { kind: "unknown-member", node: a, unknownTo: [b] },
  "node-unreachable": { kind: "node-unreachable", node: b, role: "primary", reason: { code: "X", message: "no" } },
  "node-suspected": { kind: "node-suspected", node: b, health: "failing", saidBy: [a] },
  "cluster-state": { kind: "cluster-state", nodes: [a] },
  "epoch-collision": { kind: "epoch-collision", epoch: 4, nodes: [a, b] },
  "stray-keys": { kind: "stray-keys", node: a, keys: 3, slots },
  ghost: { kind: "ghost", node: b, knownTo: [a] },
  handshake: { kind: "handshake", address: "10.0.0.1:7000", seenBy: [a] },
  "duplicate-address": { kind: "duplicate-address", address: "10.0.0.1:7000", nodes: [a, b] },
  "unknown-primary": { kind: "unknown-primary", node: a, primary: undefined },
  "replica-link-down": { kind: "replica-link-down", node: a, primary: b, syncing: false, wantsPassword: true },
  "function-drift": { kind: "function-drift", library: "lib", missingOn: [a], versions: [[a], [b]] },
  "replica-lagging": { kind: "replica-lagging", node: a, primary: b, bytes: 20_000_000 },
  "no-replica": { kind: "no-replica", primaries: [b] },
  "uneven-replicas": { kind: "uneven-replicas", fewest: 0, most: 2, shards: [a] },
  "few-primaries": { kind: "few-primaries", count: 2 },
  "anti-affinity": { kind: "anti-affinity", shards: 2, violations: Object.values(VIOLATIONS) },
  "setting-drift": { kind: "setting-drift", setting: "maxmemory", values: [{ value: "0", nodes: [a, b] }] },
  "mixed-versions": { kind: "mixed-versions", versions: [{ version: "redis 7.0.15", nodes: [a] }] },
};

export const PLAN: Plan = {
  schemaVersion: 1,
  command: "rebalance",
  madeFor: `${a} 0-8191\n${b} 8192-16383`,
  steps: Object.values(STEPS),
  reasons: ["because"],
  warnings: ["look out"],
  expected: [{ primary: nodeA, slots: "", replicas: [nodeB] }],
};

const moves = [{ from: a, to: b, slots }];
const bigKey = { key: "user:\\x00", type: "hash", bytes: 20_000_000, slot: 4 };
const balance = [a, b].map((id) => ({ id, slots: 1, load: 2.5, share: 20, deviationPercent: 0, exceeds: false }));
const preview: MovePreview = {
  moves: [{ move: moves[0]!, evidence: { keys: 10, bytes: 1000.5, sampledKeys: 5, bigKeys: [bigKey] } }],
  before: cluster,
  after: applyMoves(cluster, moves),
};

const shownCreate: ShownCreate = {
  kind: "create",
  plan: { ...PLAN, command: "create" },
  design: { candidates: [], shards: [], violations: Object.values(VIOLATIONS) },
};

export const SHOWN_MOVES: ShownMoves = {
  kind: "moves",
  plan: PLAN,
  preview: { ...preview, rate: { unit: "keys", perSecond: 100 } },
};
const shownByLoad: ShownMoves = {
  kind: "moves",
  plan: { ...PLAN, command: "reshard" },
  preview: {
    ...preview,
    moves: [{ move: moves[0]!, evidence: { keys: undefined } }],
    load: { by: "cpu", before: balance, after: balance },
  },
};
const shownSteps = (command: Plan["command"], isMoving: boolean): ShownSteps => ({
  kind: "steps",
  plan: { ...PLAN, command },
  preview: isMoving ? preview : undefined,
});

const COUNTS: Counts = {
  found: 1,
  copied: 1,
  equal: 0,
  skipped: 0,
  conflicts: 0,
  refused: 0,
  gone: 0,
  deleted: 0,
  changed: 0,
  verified: 0,
  different: 0,
  bytes: 10,
};

const TROUBLES = (["conflict", "refused", "changed", "different"] as const).map((kind, i) => ({
  kind,
  database: i,
  key: Buffer.from("kéy\xff", "latin1"),
  why: i === 0 ? undefined : "because",
}));

const IMPORT_PLAN: ImportPlan = {
  database: "all",
  move: false,
  existing: "keep",
  match: "user:*",
  source: {
    address: { host: "::1", port: 6379 },
    kind: "standalone",
    engine: "redis",
    version: "7.0.15",
    servers: [{ host: "::1", port: 6379 }],
    rdbVersion: 10,
  },
  databases: [{ from: 3, to: 0, keys: 10 }],
  left: [{ database: 4, keys: 2 }],
  primaries: 3,
};

const RESTORE_PLAN: RestorePlan = {
  directory: "/backups/monday",
  created: "2026-11-23T09:10:34.801Z",
  files: [
    { file: "a.rdb", bytes: 10, slots: "0-5", keys: 2, rdbVersion: 10 },
    { file: "b.rdb", bytes: 10, slots: "", keys: undefined, rdbVersion: 10 },
  ],
  functions: ["lib"],
  existing: "replace",
  missing: "",
  server: { path: "/usr/bin/redis-server", engine: "redis", version: "7.0.15" },
  primaries: 3,
  present: 0,
};

const MANIFEST: Manifest = {
  schemaVersion: 1,
  slotctl: "0.1.0",
  created: "2026-11-23T09:10:34.801Z",
  currentEpoch: 3,
  partial: false,
  shards: [
    {
      file: "a.rdb",
      bytes: 100,
      sha256: "0".repeat(64),
      slots: "0-5460",
      primary: { id: a, address: "127.0.0.1:7000" },
      configEpoch: 1,
      source: { id: b, address: "127.0.0.1:7001", role: "replica" },
      engine: "redis",
      version: "7.0.15",
      rdbVersion: 10,
      keys: { "0": 12 },
    },
  ],
  functions: ["lib"],
  acl: { file: "users.acl", bytes: 10, sha256: "a".repeat(64) },
};

const FILE_PROBLEMS: { readonly [Kind in FileProblem["kind"]]: Extract<FileProblem, { kind: Kind }> } = {
  missing: { kind: "missing" },
  unreadable: { kind: "unreadable", why: "denied" },
  size: { kind: "size", bytes: 1, expected: 2 },
  digest: { kind: "digest" },
  rdb: { kind: "rdb", why: "it breaks off" },
};

const verifiedFile = (problem: FileProblem | undefined): VerifiedFile => ({
  file: "a.rdb",
  slots: [],
  address: "127.0.0.1:7000",
  bytes: 0,
  keys: problem === undefined ? 3 : undefined,
  rdbVersion: problem === undefined ? 10 : undefined,
  checksummed: true,
  problem,
});

const verifiedFiles = [undefined, ...Object.values(FILE_PROBLEMS)].map(verifiedFile);
const seconds = 1.23456;
const setting = { node: nodeNamed(cluster, "a"), name: "maxmemory", before: "0", value: "1gb" };

/** Something of every kind that a command can say in the end, with what may be missing there and missing. */
export const RESULTS: { readonly [Kind in Result["kind"]]: readonly Extract<Result, { kind: Kind }>[] } = {
  check: [
    { kind: "check", cluster, problems: Object.values(PROBLEMS), healthy: false, quick: false },
    { kind: "check", cluster, problems: [], healthy: true, quick: true },
  ],
  info: [{ kind: "info", cluster, map: true }],
  create: [{ kind: "create", outcome: "created", until: "ok", shown: shownCreate, seconds }],
  "create-exists": [{ kind: "create-exists", cluster }],
  moves: [
    { kind: "moves", command: "rebalance", outcome: "done", shown: SHOWN_MOVES, keysMoved: 4, seconds },
    { kind: "moves", command: "reshard", outcome: "dry-run", shown: shownByLoad, keysMoved: undefined, seconds },
  ],
  applied: [{ kind: "applied", plan: PLAN, outcome: "done", keysMoved: 4, seconds }],
  changed: (
    ["failover", "rebalance-replicas", "add-node", "del-node", "forget", "replace-node", "fix"] as const
  ).flatMap((command) =>
    [true, false].map((isMoving) => ({
      kind: "changed" as const,
      outcome: "done" as const,
      shown: shownSteps(command, isMoving),
      summary: "10.0.0.4:7000 is a member",
      seconds,
    })),
  ),
  import: [
    {
      kind: "import",
      outcome: "done",
      plan: IMPORT_PLAN,
      report: { counts: COUNTS, troubles: TROUBLES, changed: true },
      sourceMoved: true,
      seconds,
    },
    {
      kind: "import",
      outcome: "nothing",
      plan: { ...IMPORT_PLAN, database: 3, match: undefined },
      report: undefined,
      sourceMoved: false,
      seconds,
    },
  ],
  backup: [{ kind: "backup", directory: "/backups/monday", manifest: MANIFEST, seconds, verified: true, ok: true }],
  restore: [
    {
      kind: "restore",
      outcome: "done",
      plan: RESTORE_PLAN,
      report: {
        counts: COUNTS,
        troubles: TROUBLES,
        changed: true,
        functions: [
          { library: "lib", node: "127.0.0.1:7000", kind: "loaded" },
          { library: "lib", node: "127.0.0.1:7001", kind: "refused", why: "no" },
        ],
      },
      seconds,
    },
    { kind: "restore", outcome: "dry-run", plan: { ...RESTORE_PLAN, created: undefined }, report: undefined, seconds },
  ],
  "backup-verify": [
    {
      kind: "backup-verify",
      verified: {
        found: { directory: "/backups/monday", manifest: MANIFEST, files: [] },
        files: verifiedFiles,
        aclProblem: FILE_PROBLEMS.size,
        missing: ALL_SLOTS,
        ok: false,
      },
    },
    {
      kind: "backup-verify",
      verified: {
        found: { directory: "/backups/monday", manifest: undefined, files: [] },
        files: [],
        aclProblem: undefined,
        missing: [],
        ok: true,
      },
    },
  ],
  wait: [{ kind: "wait", condition: "6 nodes agree", nodes: 6, seconds }],
  call: [
    {
      kind: "call",
      words: [Buffer.from("GET"), Buffer.from([0xff])],
      answers: [
        {
          node: nodeNamed(cluster, "a"),
          answer: { kind: "reply", reply: [null, 1, [Buffer.from("x"), Buffer.from([0xff])]] },
        },
        { node: nodeNamed(cluster, "b"), answer: { kind: "unreachable", message: "no" } },
        { node: nodeNamed(cluster, "a1"), answer: { kind: "refused", message: "no" } },
      ],
      ok: false,
    },
  ],
  "config-show": [
    {
      kind: "config-show",
      path: "/etc/slotctl.yaml",
      exists: true,
      settings: {
        context: { value: undefined, from: { kind: "default" } },
        seeds: { value: [{ host: "h", port: 1 }], from: { kind: "argument" } },
        user: { value: "me", from: { kind: "option", name: "--user" } },
        password: { value: { kind: "file", path: "/run/secret" }, from: { kind: "context", name: "prod" } },
        tls: { value: true, from: { kind: "environment", name: "X" } },
        sni: { value: undefined, from: { kind: "default" } },
        cacert: { value: "/ca.pem", from: { kind: "current" } },
        cacertdir: { value: undefined, from: { kind: "default" } },
        cert: { value: undefined, from: { kind: "default" } },
        key: { value: undefined, from: { kind: "default" } },
        insecure: { value: false, from: { kind: "default" } },
        family: { value: 4, from: { kind: "option", name: "-4" } },
        zones: new Map([["h", { value: "east", from: { kind: "default" } }]]),
        addressMap: [],
        timeout: { value: 500, from: { kind: "option", name: "--timeout" } },
      },
    },
  ],
  "config-contexts": [
    {
      kind: "config-contexts",
      path: "/etc/slotctl.yaml",
      exists: true,
      chosen: "prod",
      contexts: (["prod", "test"] as const).map((name) => ({
        name,
        seeds: [{ host: "h", port: 1 }],
        user: name === "prod" ? "me" : undefined,
        password: name === "prod" ? ({ kind: "environment", variable: "X" } as const) : undefined,
        tls: true,
        sni: undefined,
        cacert: undefined,
        cacertdir: undefined,
        cert: undefined,
        key: undefined,
        insecure: false,
        zones: new Map(),
        addressMap: [],
      })),
    },
  ],
  "config-get": [
    {
      kind: "config-get",
      settings: [
        { node: nodeNamed(cluster, "a"), values: new Map([["requirepass", "secret"]]) },
        { node: nodeNamed(cluster, "b"), failure: "no" },
      ],
    },
  ],
  "config-set": [
    {
      kind: "config-set",
      seconds,
      dryRun: false,
      ok: false,
      changes: [
        { ...setting, outcome: { kind: "set" }, file: { kind: "written" } },
        { ...setting, outcome: { kind: "already" }, file: { kind: "none" } },
        { ...setting, outcome: { kind: "set" }, file: { kind: "failed", why: "read-only" } },
        { ...setting, before: undefined, outcome: { kind: "failed", why: "no" } },
        { ...setting, outcome: { kind: "planned" } },
      ],
    },
  ],
  keyslot: [
    {
      kind: "keyslot",
      asked: true,
      keys: [
        {
          key: Buffer.from("x"),
          slot: 0,
          shard: { primary: nodeNamed(cluster, "a"), replicas: [nodeNamed(cluster, "a1")] },
        },
        { key: Buffer.from([0xff]), slot: 16_383, shard: undefined },
      ],
    },
  ],
  schema: [],
  completion: [{ kind: "completion", shell: "bash", script: "x\n" }],
  "schema-names": [{ kind: "schema-names", names: ["check"] }],
  sandbox: (["started", "running", "stopped", "nothing"] as const).map((action) => ({
    kind: "sandbox",
    ok: true,
    action,
    directory: "/tmp/x",
    engine: "redis 7.0.15",
    nodes: [{ address: { host: "127.0.0.1", port: 7000 }, pid: 1, running: false }],
    addresses: false,
  })),
};

/** Every event that a run can tell of. */
export const EVENTS: { readonly [Type in RunEvent["type"]]: readonly Extract<RunEvent, { type: Type }>[] } = {
  "run-started": [{ type: "run-started", steps: 3 }],
  "step-started": Object.values(STEPS).map((step, index) => ({ type: "step-started", index, step })),
  "step-done": [{ type: "step-done", index: 0, step: STEPS.meet, changed: true }],
  "step-failed": [{ type: "step-failed", index: 0, step: STEPS.forget, message: "no" }],
  waiting: (["start", "join", "agreement", "cluster-state", "replica-links", "forgotten"] as const).map((on) => ({
    type: "waiting",
    on,
    done: 0,
    total: 3,
  })),
  "move-progress": [
    { type: "move-progress", index: 0, slots: "", slotsDone: 0, slotsTotal: 10 },
    {
      type: "move-progress",
      index: 0,
      slots: "0-5",
      slotsDone: 6,
      slotsTotal: 10,
      keysMoved: 5,
      keysTotal: 10,
      batch: 100,
      blockMs: 1.5,
      state: "snapshotting",
    },
  ],
  "work-progress": (["keys", "bytes", "slots"] as const).map((unit) => ({
    type: "work-progress",
    what: "Importing keys",
    lane: "127.0.0.1:7000",
    done: 0,
    unit,
    ...(unit === "keys" ? { total: 5, detail: "100 a write", ended: true } : {}),
  })),
  notice: [{ type: "notice", text: "by the way" }],
  "run-done": [{ type: "run-done", changed: true }],
};
