import { type Candidate, isReached } from "../model/candidate.ts";
import { formatRanges } from "../model/slot.ts";
import type { PlacementNode } from "./cluster-map.ts";
import {
  type CreateProblem,
  type CreateRequest,
  type DesignedShard,
  findConflicts,
  findLost,
  findOccupied,
  findTooFew,
  findUnfit,
} from "./create-problems.ts";
import { choosePrimaries, placeReplicas } from "./placement.ts";
import { type NodeRef, PLAN_SCHEMA_VERSION, type Plan, type PlannedShard, type Step } from "./plan.ts";
import { contiguousShares } from "./slot-shares.ts";
import { findViolations, type PlacementViolation } from "./violations.ts";

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

const VIOLATION_TEXTS: Readonly<Record<PlacementViolation["kind"], readonly [one: string, several: string]>> = {
  "one-zone": ["all copies of a shard are in one zone", "shards have all their copies in one zone"],
  "replica-on-primary-host": ["a replica is on the host of its primary", "replicas are on the host of their primary"],
  "replicas-share-host": ["replicas of a shard share a host", "shards have replicas that share a host"],
};

/** One warning for each reason, however many shards it hits. */
export function violationWarnings(violations: readonly PlacementViolation[]): readonly string[] {
  const groups = new Map<string, PlacementViolation[]>();
  for (const violation of violations) {
    const key = `${violation.kind} ${violation.why}`;
    groups.set(key, [...(groups.get(key) ?? []), violation]);
  }
  return [...groups.values()].map(([first, ...rest]) => {
    const [one, several] = VIOLATION_TEXTS[first!.kind];
    return `${rest.length === 0 ? one : `${rest.length + 1} ${several}`}: ${first!.why}`;
  });
}

function fewPrimaries(count: number): string {
  const primaries = count === 1 ? "one primary" : `${count} primaries`;
  return `with ${primaries} there is no automatic failover: a majority of at least 3 primaries has to agree on it`;
}

export type { CreateProblem, CreateRequest, DesignedShard };
