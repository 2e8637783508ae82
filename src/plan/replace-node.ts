import { formatAddress } from "../model/address.ts";
import { type Candidate, isReached, type LostCandidate } from "../model/candidate.ts";
import {
  type Cluster,
  type ClusterNode,
  membersOf,
  type NodeId,
  nodeById,
  primariesOf,
  shardsOf,
  signatureOf,
} from "../model/cluster.ts";
import { formatRanges } from "../model/slot.ts";
import { planAddNode } from "./add-node.ts";
import { type AddNodeProblem, findAddNodeProblems, type NewRole } from "./add-node-problems.ts";
import { bestReplica, type FailoverProblem, isLinkUp, planFailover } from "./failover.ts";
import { MIGRATION, mayMigrate } from "./move-plan.ts";
import { isKnownToAll } from "./overtaken.ts";
import { type Failover, PLAN_SCHEMA_VERSION, type Plan, type PlannedShard, type Step } from "./plan.ts";
import { refOf } from "./refs.ts";
import { isAlive } from "./serving.ts";
import { simulate } from "./simulate.ts";

export interface ReplaceNodeRequest {
  readonly cluster: Cluster;
  readonly old: NodeId;
  readonly newcomer: Candidate | LostCandidate;
}

/** Why the one cannot take the place of the other. */
export type ReplaceNodeProblem =
  | AddNodeProblem
  | FailoverProblem
  /** Its slots are gone with it: nobody has a copy that answers. */
  | { readonly kind: "no-copy"; readonly node: NodeId; readonly slots: string }
  /** We cannot reach it, but the others have no complaint about it. */
  | { readonly kind: "only-we-miss-it"; readonly node: NodeId }
  | { readonly kind: "same-node"; readonly typed: readonly string[] }
  /** The newcomer is a member already that has a role of its own. */
  | { readonly kind: "newcomer-busy"; readonly node: NodeId; readonly slots: string };

export type ReplaceNodeOutcome =
  | { readonly kind: "refused"; readonly problems: readonly ReplaceNodeProblem[] }
  | { readonly kind: "planned"; readonly newcomer: ClusterNode; readonly old: ClusterNode; readonly plan: Plan };

/**
 * The newcomer takes the place of the old node, which leaves. It copies its shard first, and the old one is forgotten
 * last, so that at no moment there is a copy less than before. A primary that lives hands its slots over by a failover
 * that loses nothing; the slots of one that is dead go to its best replica, and the newcomer follows that.
 */
export function planReplaceNode(request: ReplaceNodeRequest): ReplaceNodeOutcome {
  const old = nodeById(request.cluster, request.old)!;
  const { newcomer: candidate } = request;
  if (isReached(candidate) && candidate.node.id === old.id) {
    return { kind: "refused", problems: [{ kind: "same-node", typed: [candidate.typed, formatAddress(old.address)] }] };
  }
  if (old.view === undefined && isAlive(old)) {
    return { kind: "refused", problems: [{ kind: "only-we-miss-it", node: old.id }] };
  }
  const rescue = rescueOf(request.cluster, old);
  if ("problems" in rescue) return { kind: "refused", problems: rescue.problems };
  const saved = rescue.steps.reduce(simulate, request.cluster);
  const followed = isReached(candidate) ? whomToFollow(saved, old, candidate.node.id) : undefined;
  const problems = [
    ...findAddNodeProblems({
      cluster: saved,
      candidates: [candidate],
      role: roleOf(followed),
      acceptOtherRole: isReached(candidate) && followed?.id === candidate.node.id,
      rebalance: false,
    }),
    ...findBusy(saved, candidate, old),
  ];
  if (problems.length > 0 || !isReached(candidate)) return { kind: "refused", problems };
  return { kind: "planned", old, newcomer: candidate.node, plan: planFor(request, old, candidate, rescue, followed) };
}

interface Rescue {
  readonly steps: readonly Failover[];
  readonly warnings: readonly string[];
}

/** What has to be done about the slots of a dead primary before anybody can take its place. */
function rescueOf(cluster: Cluster, old: ClusterNode): Rescue | { readonly problems: readonly ReplaceNodeProblem[] } {
  if (old.role !== "primary" || old.slots.length === 0 || old.view !== undefined) return { steps: [], warnings: [] };
  const replicas = shardsOf(cluster).find(({ primary }) => primary.id === old.id)?.replicas ?? [];
  if (bestReplica(replicas) === undefined) {
    return { problems: [{ kind: "no-copy", node: old.id, slots: formatRanges(old.slots) }] };
  }
  const outcome = planFailover(cluster, { node: old.id, direction: "from", mode: "force" });
  if (outcome.kind === "refused") return { problems: outcome.problems };
  return { steps: outcome.plan.steps as readonly Failover[], warnings: outcome.plan.warnings };
}

/**
 * Whose replica the newcomer becomes: the old one's primary, or the old one itself, to take over from it later. Of a
 * primary without slots there is nothing to copy; of one that lost its slots when it died, the shard that has fewest.
 */
function whomToFollow(cluster: Cluster, before: ClusterNode, newcomer: NodeId): ClusterNode | undefined {
  const old = nodeById(cluster, before.id)!;
  if (old.role === "replica") return nodeById(cluster, old.primaryId!);
  if (old.slots.length > 0) return old;
  if (old.view !== undefined) return undefined;
  const shard = old.aux.get("shard-id");
  const homes = shardsOf(cluster).filter(({ primary }) => primary.slots.length > 0 && primary.view !== undefined);
  const sibling = homes.find(({ primary }) => shard !== undefined && primary.aux.get("shard-id") === shard);
  const count = (replicas: readonly ClusterNode[]) => replicas.filter(({ id }) => id !== newcomer).length;
  return (sibling ?? [...homes].sort((a, b) => count(a.replicas) - count(b.replicas))[0])?.primary;
}

function roleOf(followed: ClusterNode | undefined): NewRole {
  return followed === undefined ? { kind: "primary" } : { kind: "replica-of", primary: followed.id };
}

/** A member with slots is no newcomer, unless it has them from the old one by an earlier run. */
function findBusy(
  cluster: Cluster,
  candidate: Candidate | LostCandidate,
  old: ClusterNode,
): readonly ReplaceNodeProblem[] {
  const member = isReached(candidate) ? nodeById(cluster, candidate.node.id) : undefined;
  const isHeir = member !== undefined && nodeById(cluster, old.id)?.primaryId === member.id;
  if (member === undefined || isHeir || member.slots.length === 0) return [];
  return [{ kind: "newcomer-busy", node: member.id, slots: formatRanges(member.slots) }];
}

function planFor(
  { cluster }: ReplaceNodeRequest,
  old: ClusterNode,
  { node: found }: Candidate,
  rescue: Rescue,
  followed: ClusterNode | undefined,
): Plan {
  const saved = rescue.steps.reduce(simulate, cluster);
  const newcomer = nodeById(saved, found.id) ?? found;
  const whole = { nodes: [...saved.nodes.filter(({ id }) => id !== newcomer.id), newcomer] };
  const isHeir = followed?.id === newcomer.id;
  const takesOver = followed?.id === old.id;
  const primaryOf = new Map(followed === undefined || isHeir ? [] : [[newcomer.id, followed]]);
  // Who is to forget the old one has to know it: what is not on the list yet could be learned of a moment later. But once
  // somebody has forgotten it, to meet it could bring it back.
  const isKnown = takesOver || isKnownToAll(old.id, cluster, new Set([newcomer.id]));
  const met = isKnown ? whole : { nodes: whole.nodes.filter(({ id }) => id !== old.id) };
  const joining = planAddNode({ cluster: met, newcomers: [newcomer], primaryOf, moves: [] }, () => "keys");
  const joined = joining.steps.map((step): Step => (step.kind === "replicate" ? { ...step, inSync: true } : step));
  const takeover: Step[] = takesOver
    ? [{ kind: "failover", node: refOf(newcomer), primary: refOf(old), mode: "safe" }]
    : [];
  // A primary without slots leaves its replicas to the newcomer; all others follow a failover by themselves.
  const orphans = membersOf(whole).filter(({ primaryId }) => followed === undefined && primaryId === old.id);
  const adopted = orphans.map((node): Step => ({ kind: "replicate", node: refOf(node), primary: refOf(newcomer) }));
  const staying = membersOf(whole).filter(({ id, view }) => id !== old.id && view !== undefined);
  const held = followed !== undefined && !isHeir && mayWander(newcomer, followed, whole);
  const migration = (value: string): Step[] =>
    held ? [{ kind: "set-config", node: refOf(newcomer), setting: MIGRATION, value }] : [];
  const steps: readonly Step[] = [
    ...rescue.steps,
    ...migration("no"),
    ...joined,
    ...takeover,
    ...adopted,
    { kind: "forget", node: refOf(old), from: staying.map(refOf) },
    ...migration("yes"),
    ...(old.view === undefined ? [] : [{ kind: "reset" as const, node: refOf(old), hard: true }]),
  ];
  const after = steps.reduce<Cluster>(simulate, {
    nodes: [...cluster.nodes.filter(({ id }) => id !== newcomer.id), newcomer],
  });
  return {
    schemaVersion: PLAN_SCHEMA_VERSION,
    command: "replace-node",
    madeFor: signatureOf({ nodes: cluster.nodes.filter(({ id }) => id !== newcomer.id) }),
    steps,
    reasons: [],
    warnings: [
      ...rescue.warnings,
      ...(old.view === undefined ? [goneWarning(old)] : sameShardWarnings(cluster, old, found)),
    ],
    expected: expectedShards(after, newcomer.id),
  };
}

/** For a cluster in which the one has taken the place of the other already. */
export function planNothing(cluster: Cluster): Plan {
  return {
    schemaVersion: PLAN_SCHEMA_VERSION,
    command: "replace-node",
    madeFor: signatureOf(cluster),
    steps: [],
    reasons: [],
    warnings: [],
    expected: [],
  };
}

/** While it is yes, the servers give a primary without replicas one from a shard that has several: perhaps this one. */
function mayWander(newcomer: ClusterNode, followed: ClusterNode, cluster: Cluster): boolean {
  const orphans = shardsOf(cluster).filter(
    ({ primary, replicas }) => primary.slots.length > 0 && primary.id !== followed.id && !replicas.some(isAlive),
  );
  return orphans.length > 0 && mayMigrate(newcomer) === true;
}

/** An earlier run may have got so far; or somebody means to replace a node by one that the shard has anyway. */
function sameShardWarnings(cluster: Cluster, old: ClusterNode, { id }: ClusterNode): readonly string[] {
  const shard = shardsOf(cluster).find(({ primary, replicas }) => [primary, ...replicas].includes(old));
  const member = [shard?.primary, ...(shard?.replicas ?? [])].find((node) => node?.id === id);
  if (member === undefined) return [];
  return [
    `${formatAddress(member.address)} is in the shard of ${formatAddress(old.address)} already: the shard has one copy less afterwards than now`,
  ];
}

function goneWarning({ address, id }: ClusterNode): string {
  const name = address.host === "" ? `node ${id.slice(0, 8)}` : formatAddress(address);
  return `${name} does not answer: it is forgotten, but cannot be reset; wipe it before it is used again`;
}

/** All that own slots or are new; of replicas those whose link was up, and the newcomer. */
function expectedShards(after: Cluster, newcomer: NodeId): readonly PlannedShard[] {
  return primariesOf(after)
    .filter(({ id, slots, view }) => view !== undefined && (slots.length > 0 || id === newcomer))
    .map((primary) => ({
      primary: refOf(primary),
      slots: formatRanges(primary.slots),
      replicas: membersOf(after)
        .filter((node) => node.role === "replica" && node.primaryId === primary.id)
        .filter((node) => node.id === newcomer || isLinkUp(node))
        .map(refOf),
    }));
}
