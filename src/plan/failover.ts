import {
  type Cluster,
  type ClusterNode,
  membersOf,
  type NodeId,
  nodeById,
  shardsOf,
  signatureOf,
} from "../model/cluster.ts";
import { formatRanges } from "../model/slot.ts";
import { type Failover, type FailoverMode, PLAN_SCHEMA_VERSION, type Plan, type PlannedShard } from "./plan.ts";
import { refOf } from "./refs.ts";
import { countUnserved, hasMajority, isAlive, votersOf } from "./serving.ts";
import { simulate } from "./simulate.ts";

export interface FailoverRequest {
  /** Which node: a replica is to become the primary, a primary is to give way to its best replica. */
  readonly node: NodeId;
  /** `to`: the node is to be a primary; `from`: it is not to be one. Undefined: whatever its role suggests. */
  readonly direction?: "to" | "from" | undefined;
  readonly mode: FailoverMode;
}

/** Why the replica cannot take over as asked. */
export type FailoverProblem =
  | { readonly kind: "no-replica"; readonly primary: NodeId; readonly alive: boolean }
  | { readonly kind: "replicas-unreachable"; readonly primary: NodeId; readonly replicas: readonly NodeId[] }
  | { readonly kind: "no-slots"; readonly primary: NodeId }
  | { readonly kind: "unknown-primary"; readonly node: NodeId; readonly primary: NodeId | undefined }
  | { readonly kind: "primary-down"; readonly primary: NodeId; readonly majority: boolean }
  | { readonly kind: "link-down"; readonly replica: NodeId; readonly primary: NodeId; readonly syncing: boolean }
  | { readonly kind: "majority-lost"; readonly alive: number; readonly voters: number }
  | { readonly kind: "open-slots"; readonly primary: NodeId; readonly count: number };

export type FailoverOutcome =
  | { readonly kind: "refused"; readonly problems: readonly FailoverProblem[] }
  /** It is so already. */
  | { readonly kind: "nothing"; readonly node: ClusterNode; readonly plan: Plan }
  | {
      readonly kind: "planned";
      readonly replica: ClusterNode;
      readonly primary: ClusterNode;
      readonly plan: Plan;
    };

/** Decides who takes whose place, and whether that can work in the mode that was asked for. */
export function planFailover(cluster: Cluster, { node: id, direction, mode }: FailoverRequest): FailoverOutcome {
  const node = nodeById(cluster, id);
  if (node === undefined) throw new RangeError(`${id} is no node of this cluster`);
  const way = direction ?? (node.role === "replica" ? "to" : "from");
  if ((way === "to") === (node.role === "primary")) {
    return { kind: "nothing", node, plan: planOf(cluster, cluster, [], { reasons: [], warnings: [] }) };
  }
  const primary = way === "from" ? node : membersOf(cluster).find((member) => member.id === node.primaryId);
  if (primary?.role !== "primary") {
    return { kind: "refused", problems: [{ kind: "unknown-primary", node: id, primary: node.primaryId }] };
  }
  const candidates = way === "to" ? [node] : replicasOf(cluster, primary);
  const replica = bestReplica(candidates);
  const problems = findProblems(cluster, primary, candidates, replica, mode);
  if (replica === undefined || problems.length > 0) return { kind: "refused", problems };

  const step: Failover = { kind: "failover", node: refOf(replica), primary: refOf(primary), mode };
  const words = { reasons: reasonsFor(replica, candidates), warnings: warningsFor(cluster, step, primary) };
  return { kind: "planned", replica, primary, plan: planOf(cluster, simulate(cluster, step), [step], words) };
}

function replicasOf(cluster: Cluster, { id }: ClusterNode): readonly ClusterNode[] {
  return shardsOf(cluster).find(({ primary }) => primary.id === id)?.replicas ?? [];
}

/**
 * Who has a link to the primary comes before who has none, who may be promoted by itself before who was told not to
 * (cluster-replica-no-failover), and then who has read furthest; ids decide between equals.
 */
export function bestReplica(replicas: readonly ClusterNode[]): ClusterNode | undefined {
  const rank = (node: ClusterNode): readonly number[] => {
    const link = node.facts?.replication;
    return [isLinkUp(node) ? 0 : 1, node.flags.includes("nofailover") ? 1 : 0, -(link?.offset ?? 0)];
  };
  const compare = (a: ClusterNode, b: ClusterNode) => {
    const other = rank(b);
    return rank(a).reduce((sum, value, i) => sum || value - other[i]!, 0) || (a.id < b.id ? -1 : 1);
  };
  return replicas.filter(({ facts }) => facts !== undefined).sort(compare)[0];
}

export function isLinkUp({ facts }: ClusterNode): boolean {
  return facts?.replication.role === "replica" && facts.replication.linkUp;
}

function findProblems(
  cluster: Cluster,
  primary: ClusterNode,
  candidates: readonly ClusterNode[],
  replica: ClusterNode | undefined,
  mode: FailoverMode,
): readonly FailoverProblem[] {
  if (candidates.length === 0) return [{ kind: "no-replica", primary: primary.id, alive: primary.facts !== undefined }];
  // No server lets a replica stand for a primary that owns nothing.
  if (primary.slots.length === 0) return [{ kind: "no-slots", primary: primary.id }];
  if (replica === undefined) {
    return [{ kind: "replicas-unreachable", primary: primary.id, replicas: candidates.map(({ id }) => id) }];
  }
  if (mode === "takeover") return [];
  const majority = hasMajority(cluster);
  const voters = votersOf(cluster);
  const lost: FailoverProblem = {
    kind: "majority-lost",
    alive: voters.filter(isAlive).length,
    voters: voters.length,
  };
  if (mode === "force") return majority ? [] : [lost];
  if (primary.facts === undefined) return [{ kind: "primary-down", primary: primary.id, majority }];
  return [...(majority ? [] : [lost]), ...findLinkProblems(primary, replica), ...findOpenSlots(primary)];
}

function findLinkProblems(primary: ClusterNode, replica: ClusterNode): readonly FailoverProblem[] {
  if (isLinkUp(replica)) return [];
  const link = replica.facts?.replication;
  const syncing = link?.role === "replica" && link.syncing;
  return [{ kind: "link-down", replica: replica.id, primary: primary.id, syncing }];
}

/** Which slots are on the move does not go over to the replica on most servers: keys that have left would be missed. */
function findOpenSlots({ id, openSlots }: ClusterNode): readonly FailoverProblem[] {
  return openSlots.length === 0 ? [] : [{ kind: "open-slots", primary: id, count: openSlots.length }];
}

function reasonsFor(replica: ClusterNode, candidates: readonly ClusterNode[]): readonly string[] {
  if (candidates.length < 2) return [];
  const offset = replica.facts?.replication.offset ?? 0;
  return [`${nameOf(replica)} has read furthest of ${candidates.length} replicas: replication offset ${offset}`];
}

function warningsFor(cluster: Cluster, step: Failover, primary: ClusterNode): readonly string[] {
  const after = simulate(cluster, step);
  const unserved = countUnserved(after);
  return [
    ...lossWarnings(step, primary),
    ...(step.mode === "takeover" && hasMajority(cluster) ? [TAKEOVER_NEEDLESS] : []),
    ...(unserved > 0 ? [`${unserved} slots will still have no living owner`] : []),
    ...(hasMajority(after)
      ? []
      : ["a majority of the primaries will still be missing: fail over their shards as well"]),
  ];
}

const TAKEOVER_NEEDLESS = "a majority of the primaries is there: --force would do, and asks it";

function lossWarnings({ node, mode }: Failover, primary: ClusterNode): readonly string[] {
  if (mode === "safe") return [];
  const replica = `${node.address.host}:${node.address.port}`;
  const lost = `writes that ${nameOf(primary)} acknowledged and ${replica} has not got are lost`;
  const split =
    mode === "takeover"
      ? ["nobody is asked: a part of the cluster that cannot be seen from here may decide otherwise"]
      : [];
  return primary.facts === undefined
    ? [lost, ...split]
    : [`${nameOf(primary)} is alive, and without --${mode} nothing would be lost; ${lost}`, ...split];
}

function nameOf({ address, id }: ClusterNode): string {
  return `${address.host}:${address.port} (${id.slice(0, 8)})`;
}

function planOf(
  before: Cluster,
  after: Cluster,
  steps: readonly Failover[],
  words: Pick<Plan, "reasons" | "warnings">,
): Plan {
  return {
    schemaVersion: PLAN_SCHEMA_VERSION,
    command: "failover",
    madeFor: signatureOf(before),
    steps,
    ...words,
    expected: expectedOf(after, new Set(steps.map(({ node }) => node.id))),
  };
}

/**
 * The shards that changed, if clients are served again: where slots or votes are still missing, nobody will say
 * cluster_state:ok, and the step itself has seen to it that all agree.
 */
function expectedOf(after: Cluster, promoted: ReadonlySet<NodeId>): readonly PlannedShard[] {
  if (countUnserved(after) > 0 || !hasMajority(after)) return [];
  return shardsOf(after)
    .filter(({ primary }) => promoted.has(primary.id))
    .map(({ primary, replicas }) => ({
      primary: refOf(primary),
      slots: formatRanges(primary.slots),
      replicas: replicas.filter(willFollow).map(refOf),
    }));
}

/** Not a copy that is dead, or that had trouble before: nobody says that a failover mends it. */
function willFollow(node: ClusterNode): boolean {
  return node.facts !== undefined && (node.facts.replication.role === "primary" || isLinkUp(node));
}
