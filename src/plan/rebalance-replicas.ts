import {
  type Cluster,
  type ClusterNode,
  type NodeId,
  nodeById,
  type Shard,
  shardsOf,
  signatureOf,
} from "../model/cluster.ts";
import { formatRanges } from "../model/slot.ts";
import type { PlacementNode } from "./cluster-map.ts";
import { violationWarnings } from "./create.ts";
import { type Failover, PLAN_SCHEMA_VERSION, type Plan, type Replicate } from "./plan.ts";
import { refOf } from "./refs.ts";
import { bestLayout, countSteps } from "./replica-layout.ts";
import { simulate } from "./simulate.ts";
import { findViolations, type PlacedShard, type PlacementViolation } from "./violations.ts";

export interface RebalanceReplicasRequest {
  /** Replicas that every shard should have before any has more; undefined: as many as there are for all. */
  readonly replicas: number | undefined;
}

/**
 * The fewest REPLICATE steps and manual failovers found that take away what anti-affinity violations can be taken away,
 * give the shards equally many replicas, and spread the primaries over zones and hosts. A replica leaves its shard only
 * when another one is in sync there, unless none can be: then a warning says so. The cluster has to be healthy.
 */
export function planRebalanceReplicas(cluster: Cluster, { replicas }: RebalanceReplicasRequest): Plan {
  const shards = shardsOf(cluster).filter(({ primary }) => primary.slots.length > 0);
  const nodes = shards.flatMap((shard) => [shard.primary, ...shard.replicas]).map(placementNode);
  const before = shards.map(placedShard);
  const each = replicas ?? Math.floor((nodes.length - shards.length) / Math.max(shards.length, 1));
  const after = shards.length === 0 ? [] : bestLayout(before, nodes, each);
  const { steps, warnings } = stepsTo(after, before, cluster);
  const end = steps.reduce<Cluster>(simulate, cluster);
  return {
    schemaVersion: PLAN_SCHEMA_VERSION,
    command: "rebalance-replicas",
    madeFor: signatureOf(cluster),
    steps,
    reasons: steps.length === 0 ? [] : reasonsFor(before, after, nodes),
    warnings: [...warnings, ...remaining(after, nodes, cluster)],
    expected: shardsOf(end)
      .filter(({ primary }) => primary.slots.length > 0)
      .map((shard) => ({
        primary: refOf(shard.primary),
        slots: formatRanges(shard.primary.slots),
        replicas: shard.replicas.map(refOf),
      })),
  };
}

/** By ids: two nodes of one cluster may share an address while one of them is a leftover. */
function placementNode({ id, address, zone }: ClusterNode): PlacementNode {
  return { name: id, host: address.host, ...(zone === undefined ? {} : { zone }) };
}

function placedShard({ primary, replicas }: Shard): PlacedShard {
  return { primary: primary.id, replicas: replicas.map(({ id }) => id).sort() };
}

type Change = Replicate | Failover;

/** Puts the changes into an order in which no shard is ever without a replica that could have one. */
function stepsTo(
  after: readonly PlacedShard[],
  before: readonly PlacedShard[],
  cluster: Cluster,
): { readonly steps: readonly Change[]; readonly warnings: readonly string[] } {
  const wantedShard = new Map(after.flatMap(({ primary, replicas }, s) => [primary, ...replicas].map((id) => [id, s])));
  const now = before.map(({ primary, replicas }) => ({ primary, replicas: [...replicas] }));
  const steps: Change[] = [];
  const warnings: string[] = [];
  const ref = (id: string) => refOf(nodeById(cluster, id as NodeId)!);
  const leaving = () =>
    now.flatMap(({ replicas }, from) =>
      replicas.filter((id) => wantedShard.get(id) !== from).map((id) => ({ id, from, to: wantedShard.get(id)! })),
    );
  for (let left = countSteps(before, after); left > 0; left--) {
    const shard = now.findIndex(({ primary, replicas }, s) => {
      return primary !== after[s]!.primary && replicas.includes(after[s]!.primary);
    });
    const moves = leaving().sort((a, b) => now[a.to]!.replicas.length - now[b.to]!.replicas.length);
    const move = moves.find(({ from }) => now[from]!.replicas.length > 1) ?? (shard < 0 ? moves[0] : undefined);
    if (move !== undefined) {
      if (now[move.from]!.replicas.length === 1)
        warnings.push(bareWarning(ref(now[move.from]!.primary).address, ref(move.id).address));
      steps.push({ kind: "replicate", node: ref(move.id), primary: ref(now[move.to]!.primary), inSync: true });
      now[move.from]!.replicas = now[move.from]!.replicas.filter((id) => id !== move.id);
      now[move.to]!.replicas.push(move.id);
      continue;
    }
    const { primary, replicas } = now[shard]!;
    const promoted = after[shard]!.primary;
    steps.push({ kind: "failover", node: ref(promoted), primary: ref(primary), mode: "safe" });
    now[shard] = { primary: promoted, replicas: [primary, ...replicas.filter((id) => id !== promoted)] };
  }
  return { steps, warnings };
}

function bareWarning(primary: ClusterNode["address"], replica: ClusterNode["address"]): string {
  const [shard, last] = [`${primary.host}:${primary.port}`, `${replica.host}:${replica.port}`];
  return `${shard} has no replica from the moment ${last} leaves until another one has copied it: there is none to spare`;
}

function reasonsFor(
  before: readonly PlacedShard[],
  after: readonly PlacedShard[],
  nodes: readonly PlacementNode[],
): readonly string[] {
  const violations = [before, after].map((layout) => findViolations(layout, nodes).length);
  const counts = [before, after].map((layout) => layout.map(({ replicas }) => replicas.length));
  const hostOf = new Map(nodes.map(({ name, host }) => [name, host]));
  const hosts = [...new Set(hostOf.values())];
  const primaries = [before, after].map((layout) =>
    hosts.map((host) => layout.filter(({ primary }) => hostOf.get(primary) === host).length),
  );
  return [
    ...changed("anti-affinity violations", ...(violations.map(String) as [string, string])),
    ...changed("replicas of a shard", ...(counts.map(spread) as [string, string])),
    ...changed("primaries on a host", ...(primaries.map(spread) as [string, string])),
  ];
}

function changed(what: string, before: string, after: string): readonly string[] {
  return before === after ? [] : [`${what}: ${before} before, ${after} after`];
}

function spread(counts: readonly number[]): string {
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  return fewest === most ? `${most}` : `${fewest} to ${most}`;
}

/** What no placement of these nodes takes away. */
function remaining(
  after: readonly PlacedShard[],
  nodes: readonly PlacementNode[],
  cluster: Cluster,
): readonly string[] {
  const nameOf = (id: string) => {
    const { host, port } = nodeById(cluster, id as NodeId)!.address;
    return `${host}:${port}`;
  };
  const named = findViolations(after, nodes).map((violation) => withNames(violation, nameOf));
  return violationWarnings(named).map((warning) => `what remains, for want of nodes elsewhere: ${warning}`);
}

function withNames(violation: PlacementViolation, nameOf: (id: string) => string): PlacementViolation {
  return { ...violation, why: violation.why.replace(/\b[0-9a-f]{40}\b/g, nameOf) };
}
