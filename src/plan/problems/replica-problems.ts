import { type Cluster, type ClusterNode, membersOf, type NodeId, type Shard, shardsOf } from "../../model/cluster.ts";
import { findViolations } from "../violations.ts";
import type { Problem } from "./problem.ts";

/** A replica this far behind its primary is worth a word; less than that is what arrived while we asked. */
export const LAG_WORTH_MENTIONING_BYTES = 10_000_000;

export function findReplicaTrouble(cluster: Cluster): Problem[] {
  const byId = new Map(membersOf(cluster).map((node) => [node.id, node]));
  return [...byId.values()].flatMap((node): Problem[] => {
    if (node.role !== "replica") return [];
    const primary = node.primaryId === undefined ? undefined : byId.get(node.primaryId);
    if (primary === undefined) return [{ kind: "unknown-primary", node: node.id, primary: node.primaryId }];
    return findLinkTrouble(node, primary);
  });
}

function findLinkTrouble(node: ClusterNode, primary: ClusterNode): Problem[] {
  const link = node.facts?.replication;
  if (link?.role !== "replica") return [];
  const both = { node: node.id, primary: primary.id };
  if (!link.linkUp) {
    return [{ kind: "replica-link-down", ...both, syncing: link.syncing, wantsPassword: wantsPassword(node, primary) }];
  }
  const bytes = (primary.facts?.replication.offset ?? 0) - link.offset;
  return bytes > LAG_WORTH_MENTIONING_BYTES ? [{ kind: "replica-lagging", ...both, bytes }] : [];
}

/** The primary asks everybody for a password and the replica was given none to show. */
function wantsPassword(replica: ClusterNode, primary: ClusterNode): boolean {
  const has = replica.facts?.secretsSet;
  const asks = primary.facts?.secretsSet;
  return asks?.has("requirepass") === true && has?.has("masterauth") === false;
}

export function findReplicaCounts(cluster: Cluster): Problem[] {
  const serving = shardsOf(cluster).filter(({ primary }) => primary.slots.length > 0);
  if (serving.length === 0) return [];
  const problems: Problem[] = [];
  const counts = serving.map(({ replicas }) => replicas.length);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  if (fewest === 0) problems.push({ kind: "no-replica", primaries: idsOfShards(serving, (count) => count === 0) });
  if (most - fewest > 1) {
    const shards = idsOfShards(serving, (count) => count === fewest);
    problems.push({ kind: "uneven-replicas", fewest, most, shards });
  }
  if (serving.length < 3) problems.push({ kind: "few-primaries", count: serving.length });
  return problems;
}

function idsOfShards(shards: readonly Shard[], fits: (replicas: number) => boolean): readonly NodeId[] {
  return shards.filter(({ replicas }) => fits(replicas.length)).map(({ primary }) => primary.id);
}

/** Placement is judged by ids here: two nodes of one cluster may share an address while one of them is a leftover. */
export function findBadPlacement(cluster: Cluster): Problem[] {
  const shards = shardsOf(cluster).filter(({ replicas }) => replicas.length > 0);
  const nodes = shards.flatMap(({ primary, replicas }) => [primary, ...replicas]);
  const violations = findViolations(
    shards.map(({ primary, replicas }) => ({ primary: primary.id, replicas: replicas.map(({ id }) => id) })),
    nodes.map(({ id, address, zone }) => ({ name: id, host: address.host, ...(zone === undefined ? {} : { zone }) })),
  );
  return violations.length === 0 ? [] : [{ kind: "anti-affinity", shards: shards.length, violations }];
}
