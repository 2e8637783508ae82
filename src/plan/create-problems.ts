import { formatAddress } from "../model/address.ts";
import { type Candidate, isReached, type LostCandidate } from "../model/candidate.ts";
import { keyCountOf } from "../model/facts.ts";
import { formatRanges } from "../model/slot.ts";

export interface CreateRequest {
  /** In command line order. */
  readonly candidates: readonly (Candidate | LostCandidate)[];
  /** Replicas for each primary. */
  readonly replicas: number;
  /** How many primaries; by default as many as the replicas leave. */
  readonly primaries?: number | undefined;
  /** Shards that the operator laid out, as typed addresses with the primary first. */
  readonly shards?: readonly (readonly string[])[] | undefined;
}

/** A shard of the new cluster, by typed addresses. */
export interface DesignedShard {
  readonly primary: Candidate;
  readonly slots: string;
  readonly replicas: readonly Candidate[];
}

/** Why these servers cannot become this cluster. */
export type CreateProblem =
  | { readonly kind: "unreachable"; readonly typed: string; readonly failure: string }
  | { readonly kind: "same-node"; readonly typed: readonly string[] }
  | { readonly kind: "knows-others"; readonly typed: string; readonly others: readonly string[] }
  | { readonly kind: "has-keys"; readonly typed: string; readonly keys: number }
  | { readonly kind: "owns-slots"; readonly typed: string; readonly slots: string; readonly planned: string }
  | { readonly kind: "other-role"; readonly typed: string; readonly is: string; readonly planned: string }
  | { readonly kind: "announced-unreachable"; readonly typed: string; readonly announced: string; readonly why: string }
  | { readonly kind: "replication-refused"; readonly typed: string; readonly why: string }
  | {
      readonly kind: "mixed-engines";
      readonly engines: readonly { readonly engine: string; readonly typed: readonly string[] }[];
    }
  | { readonly kind: "too-few-nodes"; readonly nodes: number; readonly primaries: number; readonly replicas: number };

export function findLost(candidates: readonly (Candidate | LostCandidate)[]): CreateProblem[] {
  return candidates.flatMap((candidate) =>
    isReached(candidate) ? [] : [{ kind: "unreachable", typed: candidate.typed, failure: candidate.failure }],
  );
}

/** What can be said of the servers before a role was given to any. */
export function findUnfit(candidates: readonly Candidate[]): CreateProblem[] {
  return [
    ...findSameNodes(candidates),
    ...findStrangers(candidates),
    ...candidates.flatMap(findAnnounced),
    ...candidates.flatMap(findReplicationRefusal),
    ...findMixedEngines(candidates),
  ];
}

function findSameNodes(candidates: readonly Candidate[]): CreateProblem[] {
  const typedById = new Map<string, string[]>();
  for (const { typed, node } of candidates) typedById.set(node.id, [...(typedById.get(node.id) ?? []), typed]);
  return [...typedById.values()].filter(({ length }) => length > 1).map((typed) => ({ kind: "same-node", typed }));
}

/** Whoever knows a node that is not of this cluster is a member of another one: one MEET would merge the two. */
function findStrangers(candidates: readonly Candidate[]): CreateProblem[] {
  const ours = new Set(candidates.map(({ node }) => node.id));
  const addresses = new Set(candidates.map(({ node }) => formatAddress(node.address)));
  return candidates.flatMap(({ typed, node }): CreateProblem[] => {
    // The id in a handshake is made up, so there the address must do.
    const others = (node.view?.lines ?? []).filter(
      (line) => !ours.has(line.id) && !(line.handshake && addresses.has(formatAddress(line))),
    );
    const named = others.map((line) => formatAddress(line));
    return others.length === 0 ? [] : [{ kind: "knows-others", typed, others: named }];
  });
}

function findAnnounced({ typed, node, announcedFailure }: Candidate): CreateProblem[] {
  if (announcedFailure === undefined) return [];
  return [{ kind: "announced-unreachable", typed, announced: formatAddress(node.address), why: announcedFailure }];
}

function findReplicationRefusal({ typed, replicationRefusal }: Candidate): CreateProblem[] {
  return replicationRefusal === undefined ? [] : [{ kind: "replication-refused", typed, why: replicationRefusal }];
}

/** Redis and Valkey cannot read each other's newer snapshots, so one could not replicate from the other. */
function findMixedEngines(candidates: readonly Candidate[]): CreateProblem[] {
  const byEngine = new Map<string, string[]>();
  for (const { typed, node } of candidates) {
    const engine = node.facts?.engine ?? "unknown";
    byEngine.set(engine, [...(byEngine.get(engine) ?? []), typed]);
  }
  if (byEngine.size < 2) return [];
  return [{ kind: "mixed-engines", engines: [...byEngine].map(([engine, typed]) => ({ engine, typed })) }];
}

export function findTooFew({ candidates, replicas, primaries, shards }: CreateRequest): CreateProblem[] {
  const wanted = primaries ?? 1;
  if (shards !== undefined || candidates.length >= wanted * (replicas + 1)) return [];
  return [{ kind: "too-few-nodes", nodes: candidates.length, primaries: wanted, replicas }];
}

/** Without a design there is no telling what a server should own, but one that is in use is in the way all the same. */
export function findOccupied(candidates: readonly Candidate[]): CreateProblem[] {
  return candidates.flatMap((candidate): CreateProblem[] => {
    const { typed, node } = candidate;
    const slots = formatRanges(node.slots);
    return [
      ...(slots === "" ? [] : [{ kind: "owns-slots" as const, typed, slots, planned: "" }]),
      ...findKeys(candidate),
    ];
  });
}

function findKeys({ typed, node }: Candidate): CreateProblem[] {
  const keys = node.facts === undefined ? 0 : keyCountOf(node.facts);
  return keys === 0 ? [] : [{ kind: "has-keys", typed, keys }];
}

/** What a server already is must be nothing, or exactly what an earlier run of this very plan made of it. */
export function findConflicts({ primary, slots, replicas }: DesignedShard): CreateProblem[] {
  return [
    ...findPrimaryConflicts(primary, slots),
    ...replicas.flatMap((replica) => findReplicaConflicts(replica, primary)),
  ];
}

function findPrimaryConflicts(candidate: Candidate, planned: string): CreateProblem[] {
  const { typed, node } = candidate;
  if (node.role === "replica") {
    return [
      { kind: "other-role", typed, is: `a replica of ${node.primaryId}`, planned: `a primary with slots ${planned}` },
    ];
  }
  const owned = formatRanges(node.slots);
  if (owned === planned) return [];
  return [
    ...(owned === "" ? [] : [{ kind: "owns-slots" as const, typed, slots: owned, planned }]),
    ...findKeys(candidate),
  ];
}

function findReplicaConflicts(candidate: Candidate, primary: Candidate): CreateProblem[] {
  const { typed, node } = candidate;
  if (node.role === "replica") {
    if (node.primaryId === primary.node.id) return [];
    return [
      { kind: "other-role", typed, is: `a replica of ${node.primaryId}`, planned: `a replica of ${primary.typed}` },
    ];
  }
  const owned = formatRanges(node.slots);
  return [
    ...(owned === "" ? [] : [{ kind: "owns-slots" as const, typed, slots: owned, planned: "" }]),
    ...findKeys(candidate),
  ];
}
