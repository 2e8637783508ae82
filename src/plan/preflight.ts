import { type Cluster, type ClusterNode, type NodeId, nodeById } from "../model/cluster.ts";
import type { BigKey } from "../model/evidence.ts";
import type { NodeFacts } from "../model/facts.ts";
import type { IntendedMove, PreflightEvidence, RunningMigration } from "../model/preflight-evidence.ts";
import { formatRanges, type SlotRanges } from "../model/slot.ts";
import { canRestore } from "./dump-versions.ts";
import { findKnownDefects, type KnownDefect } from "./known-defects.ts";
import { bytesOfMove } from "./preflight-bytes.ts";
import { findMemoryTrouble, type MemoryFinding } from "./preflight-memory.ts";

/** Why moving these slots would fail or do harm, or may. */
export type PreflightFinding =
  | MemoryFinding
  | KnownDefect
  | { readonly kind: "not-allowed"; readonly node: NodeId; readonly commands: readonly string[]; readonly why: string }
  | { readonly kind: "replication-refused"; readonly from: NodeId; readonly to: NodeId; readonly why: string }
  | {
      readonly kind: "incompatible-dump";
      readonly from: NodeId;
      readonly to: NodeId;
      /** False where it is not certain, or where no key is there yet that could fail. */
      readonly certain: boolean;
    }
  | { readonly kind: "migration-running"; readonly migration: RunningMigration }
  | { readonly kind: "trims-stray-keys"; readonly node: NodeId; readonly keys: number }
  | {
      readonly kind: "slow-key";
      readonly node: NodeId;
      readonly key: BigKey;
      /** How long the node may answer nobody, and how long the others wait for it. */
      readonly milliseconds: number;
      readonly nodeTimeout: number;
    }
  | { readonly kind: "replica-behind"; readonly replica: NodeId; readonly primary: NodeId }
  | {
      readonly kind: "output-buffer";
      readonly from: NodeId;
      readonly bytes: number;
      readonly limit: number;
    };

export interface PreflightOptions {
  /** Let targets evict keys, or run full: the operator has said so. */
  readonly ignoreMemory: boolean;
}

/** Everything that should be known before the first slot is moved, errors first. Pure. */
export function findPreflight(
  cluster: Cluster,
  moves: readonly IntendedMove[],
  evidence: PreflightEvidence,
): readonly PreflightFinding[] {
  const found = [
    ...findRunning(moves, evidence),
    ...findForbidden(evidence),
    ...evidence.replication.map((refusal) => ({ kind: "replication-refused", ...refusal }) as const),
    ...findIncompatible(cluster, moves),
    ...findStrays(cluster, moves),
    ...findMemoryTrouble(cluster, moves, evidence),
    ...findSlowKeys(cluster, moves),
    ...findBehind(cluster, moves),
    ...findSmallBuffers(cluster, moves, evidence),
    ...findKnownDefects(cluster, moves, evidence),
  ];
  return found.sort((a, b) => rank(a) - rank(b));
}

function rank(finding: PreflightFinding): number {
  return preflightSeverity(finding, { ignoreMemory: false }) === "error" ? 0 : 1;
}

/** Errors stop the command before anything is changed; warnings stand in the plan. */
export function preflightSeverity(finding: PreflightFinding, { ignoreMemory }: PreflightOptions): "error" | "warning" {
  switch (finding.kind) {
    case "would-evict":
    case "would-overflow":
      return ignoreMemory || finding.role === "replica" ? "warning" : "error";
    case "not-allowed":
    case "replication-refused":
    case "migration-running":
    case "trims-stray-keys":
      return "error";
    case "incompatible-dump":
      return finding.certain ? "error" : "warning";
    case "little-room":
    case "slow-key":
    case "replica-behind":
    case "output-buffer":
    case "known-defect":
      return "warning";
  }
}

/** A migration of exactly these slots between these nodes is taken on as our own, begun by an earlier run. */
function findRunning(moves: readonly IntendedMove[], { running }: PreflightEvidence): readonly PreflightFinding[] {
  const foreign = running.filter(
    ({ source, target, slots }) =>
      !moves.some(
        (move) =>
          move.method === "atomic" &&
          move.from === source &&
          move.to === target &&
          formatRanges(move.slots) === formatRanges(slots),
      ),
  );
  // Both ends tell of it.
  const unique = new Map(foreign.map((migration) => [keyOf(migration), migration]));
  return [...unique.values()].map((migration) => ({ kind: "migration-running", migration }));
}

function keyOf({ source, target, slots }: RunningMigration): string {
  return [source, target, formatRanges(slots)].join(" ");
}

function findForbidden({ nodes }: PreflightEvidence): readonly PreflightFinding[] {
  return [...nodes].flatMap(([node, { refusals }]) =>
    refusals.length === 0
      ? []
      : [{ kind: "not-allowed", node, commands: refusals.map(({ command }) => command), why: refusals[0]!.why }],
  );
}

/** Valkey's atomic migration sends commands and no dumps. */
function findIncompatible(cluster: Cluster, moves: readonly IntendedMove[]): readonly PreflightFinding[] {
  return moves.flatMap(({ from, to, method, keys }): PreflightFinding[] => {
    const source = factsOf(cluster, from);
    const target = factsOf(cluster, to);
    if (source === undefined || target === undefined) return [];
    if (method === "atomic" && source.engine === "valkey") return [];
    const restorable = canRestore(source, target);
    if (restorable === "yes") return [];
    return [{ kind: "incompatible-dump", from, to, certain: restorable === "no" && keys !== 0 }];
  });
}

function factsOf(cluster: Cluster, id: NodeId): NodeFacts | undefined {
  return nodeById(cluster, id)?.facts;
}

/** Redis deletes at the target what it holds in foreign slots before it imports: after a cut short move the only copy. */
function findStrays(cluster: Cluster, moves: readonly IntendedMove[]): readonly PreflightFinding[] {
  const targets = new Set(moves.filter(({ method }) => method === "atomic").map(({ to }) => to));
  return [...targets].flatMap((id): PreflightFinding[] => {
    const node = nodeById(cluster, id);
    const keys = node?.strayKeys?.keys ?? 0;
    return node?.facts?.engine === "redis" && keys > 0 ? [{ kind: "trims-stray-keys", node: id, keys }] : [];
  });
}

/** Half as fast as MIGRATE of a sorted set of 245 MB was seen to be, on both sides. */
const MIGRATE_BYTES_A_MS = 50_000;

/** A MIGRATE keeps both ends from answering anybody: one that takes too long looks like a node that has died. */
function findSlowKeys(cluster: Cluster, moves: readonly IntendedMove[]): readonly PreflightFinding[] {
  return moves.flatMap(({ from, to, method, largestKey: key }): PreflightFinding[] => {
    if (method !== "keys" || key === undefined) return [];
    const milliseconds = key.bytes / MIGRATE_BYTES_A_MS;
    const node = [from, to].find((id) => milliseconds > nodeTimeoutOf(cluster, id) / 2);
    return node === undefined
      ? []
      : [{ kind: "slow-key", node, key, milliseconds, nodeTimeout: nodeTimeoutOf(cluster, node) }];
  });
}

function nodeTimeoutOf(cluster: Cluster, id: NodeId): number {
  return Number(factsOf(cluster, id)?.settings.get("cluster-node-timeout") ?? Number.POSITIVE_INFINITY);
}

/** Valkey 8 asks the replicas of a target before it takes a slot; elsewhere they would miss what has just arrived. */
function findBehind(cluster: Cluster, moves: readonly IntendedMove[]): readonly PreflightFinding[] {
  const targets = new Set(moves.map(({ to }) => to));
  return cluster.nodes.flatMap((node): PreflightFinding[] => {
    const primary = node.role === "replica" ? node.primaryId : undefined;
    if (primary === undefined || !targets.has(primary) || follows(node)) return [];
    return [{ kind: "replica-behind", replica: node.id, primary }];
  });
}

function follows({ facts }: ClusterNode): boolean {
  return facts?.replication.role === "replica" && facts.replication.linkUp;
}

/** What is written while a snapshot goes over waits in a buffer with this limit; when it is full the move fails. */
function findSmallBuffers(
  cluster: Cluster,
  moves: readonly IntendedMove[],
  { nodes }: PreflightEvidence,
): readonly PreflightFinding[] {
  return moves.flatMap((move): PreflightFinding[] => {
    const source = nodes.get(move.from);
    const limit = source?.replicaOutputLimit ?? 0;
    const bytes = bytesOfMove(move, source) ?? 0;
    if (move.method !== "atomic" || limit === 0 || bytes <= limit || nodeById(cluster, move.from) === undefined) {
      return [];
    }
    return [{ kind: "output-buffer", from: move.from, bytes, limit }];
  });
}

/** Slots whose owner is another one now than before, or that are half way: somebody else moves slots. */
export function changedSince(before: Cluster, now: Cluster): SlotChange | undefined {
  for (const { id, slots, role, openSlots } of before.nodes) {
    const today = nodeById(now, id);
    if (today === undefined) continue;
    if (formatRanges(today.slots) !== formatRanges(slots))
      return { kind: "owner", node: id, had: slots, has: today.slots };
    if (today.role !== role) return { kind: "role", node: id, role: today.role };
    const known = new Set(openSlots.map(({ slot }) => slot));
    const opened = today.openSlots.find(({ slot }) => !known.has(slot));
    if (opened !== undefined) return { kind: "open", node: id, slot: opened.slot };
  }
  return undefined;
}

export type SlotChange =
  | { readonly kind: "owner"; readonly node: NodeId; readonly had: SlotRanges; readonly has: SlotRanges }
  | { readonly kind: "open"; readonly node: NodeId; readonly slot: number }
  | { readonly kind: "role"; readonly node: NodeId; readonly role: ClusterNode["role"] };
