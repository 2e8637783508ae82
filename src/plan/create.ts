import { formatAddress } from "../model/address.ts";
import { type Candidate, isReached, type LostCandidate } from "../model/candidate.ts";
import { keyCountOf } from "../model/facts.ts";
import { formatRanges } from "../model/slot.ts";
import type { PlacementNode } from "./cluster-map.ts";
import { choosePrimaries, placeReplicas } from "./placement.ts";
import { type NodeRef, PLAN_SCHEMA_VERSION, type Plan, type PlannedShard, type Step } from "./plan.ts";
import { contiguousShares } from "./slot-shares.ts";
import { findViolations, type PlacementViolation } from "./violations.ts";

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

/** A shard of the new cluster, by typed addresses. */
export interface DesignedShard {
  readonly primary: Candidate;
  readonly slots: string;
  readonly replicas: readonly Candidate[];
}

/** The cluster that would come of it, before anything is said of steps. */
export interface Design {
  readonly candidates: readonly Candidate[];
  /** In the order in which they get their slots. */
  readonly shards: readonly DesignedShard[];
  readonly violations: readonly PlacementViolation[];
}

export type CreateOutcome =
  | { readonly kind: "refused"; readonly problems: readonly CreateProblem[] }
  | { readonly kind: "planned"; readonly design: Design; readonly plan: Plan };

/**
 * Lays out a new cluster: primaries spread over zones and hosts, slots in redis-cli's own ranges, replicas where they
 * share as few failure domains as possible. Servers that an interrupted run of the same plan has already touched are
 * taken as they are; all others must be blank. Every obstacle is reported, not just the first.
 */
export function planCreate(request: CreateRequest): CreateOutcome {
  const candidates = request.candidates.filter(isReached);
  const problems = [...findLost(request.candidates), ...findUnfit(candidates), ...findTooFew(request)];
  if (
    candidates.length < request.candidates.length ||
    problems.some(({ kind }) => kind === "too-few-nodes" || kind === "same-node")
  ) {
    return { kind: "refused", problems: [...problems, ...findOccupied(candidates)] };
  }
  const design = designCluster(candidates, request);
  const all = [...problems, ...design.shards.flatMap(findConflicts)];
  if (all.length > 0) return { kind: "refused", problems: all };
  return { kind: "planned", design, plan: planFor(design) };
}

function findLost(candidates: readonly (Candidate | LostCandidate)[]): CreateProblem[] {
  return candidates.flatMap((candidate) =>
    isReached(candidate) ? [] : [{ kind: "unreachable", typed: candidate.typed, failure: candidate.failure }],
  );
}

/** What can be said of the servers before a role was given to any. */
function findUnfit(candidates: readonly Candidate[]): CreateProblem[] {
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

function findTooFew({ candidates, replicas, primaries, shards }: CreateRequest): CreateProblem[] {
  const wanted = primaries ?? 1;
  if (shards !== undefined || candidates.length >= wanted * (replicas + 1)) return [];
  return [{ kind: "too-few-nodes", nodes: candidates.length, primaries: wanted, replicas }];
}

/** Without a design there is no telling what a server should own, but one that is in use is in the way all the same. */
function findOccupied(candidates: readonly Candidate[]): CreateProblem[] {
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

function designCluster(candidates: readonly Candidate[], { replicas, primaries, shards }: CreateRequest): Design {
  const nodes = candidates.map(placementNode);
  const byName = new Map(candidates.map((candidate) => [candidate.typed, candidate]));
  const placed = shards === undefined ? place(nodes, replicas, primaries) : explicit(nodes, shards);
  const ranges = contiguousShares(placed.shards.length);
  return {
    candidates,
    violations: placed.violations,
    shards: placed.shards.map((shard, i) => ({
      primary: byName.get(shard.primary)!,
      slots: formatRanges([ranges[i]!]),
      replicas: shard.replicas.map((name) => byName.get(name)!),
    })),
  };
}

function placementNode({ typed, node }: Candidate): PlacementNode {
  return { name: typed, host: node.address.host, ...(node.zone === undefined ? {} : { zone: node.zone }) };
}

function place(nodes: readonly PlacementNode[], replicas: number, count = Math.floor(nodes.length / (replicas + 1))) {
  const primaries = choosePrimaries(nodes, count);
  const chosen = new Set(primaries);
  return placeReplicas(
    primaries,
    nodes.filter((node) => !chosen.has(node)),
    replicas,
  );
}

function explicit(nodes: readonly PlacementNode[], layout: readonly (readonly string[])[]) {
  const shards = layout.map(([primary, ...replicas]) => ({ primary: primary!, replicas }));
  return { shards, violations: findViolations(shards, nodes) };
}

/** What a server already is must be nothing, or exactly what an earlier run of this very plan made of it. */
function findConflicts({ primary, slots, replicas }: DesignedShard): CreateProblem[] {
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

function planFor(design: Design): Plan {
  return {
    schemaVersion: PLAN_SCHEMA_VERSION,
    command: "create",
    madeFor: design.candidates
      .map(({ node }) => node.id)
      .sort()
      .join("\n"),
    steps: stepsFor(design),
    reasons: [],
    warnings: warningsFor(design),
    expected: design.shards.map(expectedShard),
  };
}

/**
 * Slots before MEET: a primary that joins empty believes itself in a minority and then serves nobody for a node
 * timeout. Epochs before MEET, because a server takes one only while it knows nobody.
 */
function stepsFor({ candidates, shards }: Design): readonly Step[] {
  const addSlots = shards.map(({ primary, slots }): Step => ({ kind: "add-slots", node: refOf(primary), slots }));
  const epochs = candidates.map(
    (candidate, i): Step => ({ kind: "set-config-epoch", node: refOf(candidate), epoch: i + 1 }),
  );
  const meet: Step[] = candidates.length === 1 ? [] : [{ kind: "meet", nodes: candidates.map(refOf) }];
  const replicate = shards.flatMap(({ primary, replicas }) =>
    replicas.map((replica): Step => ({ kind: "replicate", node: refOf(replica), primary: refOf(primary) })),
  );
  return [...addSlots, ...epochs, ...meet, ...replicate];
}

function refOf({ node }: Candidate): NodeRef {
  return { id: node.id, address: node.address };
}

function expectedShard({ primary, slots, replicas }: DesignedShard): PlannedShard {
  return { primary: refOf(primary), slots, replicas: replicas.map(refOf) };
}

function warningsFor({ candidates, shards, violations }: Design): readonly string[] {
  const versions = [...new Set(candidates.map(({ node }) => node.facts?.version ?? "unknown"))].sort();
  return [
    ...(shards.length < 3 ? [fewPrimaries(shards.length)] : []),
    ...(versions.length > 1 ? [`the servers run different versions: ${versions.join(", ")}`] : []),
    ...violationWarnings(violations),
  ];
}

const VIOLATION_TEXTS: Readonly<Record<PlacementViolation["kind"], string>> = {
  "one-zone": "all copies of a shard are in one zone",
  "replica-on-primary-host": "a replica is on the host of its primary",
  "replicas-share-host": "replicas of a shard share a host",
};

/** One warning for each reason, however many shards it hits. */
function violationWarnings(violations: readonly PlacementViolation[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const { kind, why } of violations) {
    const text = `${VIOLATION_TEXTS[kind]}: ${why}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => (count === 1 ? text : `${text} (${count} times)`));
}

function fewPrimaries(count: number): string {
  const primaries = count === 1 ? "one primary" : `${count} primaries`;
  return `with ${primaries} there is no automatic failover: a majority of at least 3 primaries has to agree on it`;
}
