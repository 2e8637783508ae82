import type { Cluster, ClusterNode, NodeId } from "../../model/cluster.ts";
import { type ClusterStyle, redisCliAddress } from "./style.ts";

/**
 * The nodes that redis-cli goes on with, the entry node first: those that answered and that the entry node does not
 * hold for failed. A suspected node ("fail?") stays.
 */
export function listedNodes({ nodes }: Cluster): readonly ClusterNode[] {
  const held = new Map(nodes[0]?.view?.lines.map((line) => [line.id, line.health]));
  return nodes.filter(
    ({ id, view, noAddress, health }) => view !== undefined && !noAddress && (held.get(id) ?? health) !== "failing",
  );
}

/** The listed nodes, with what is needed to name them and to count their replicas. */
export interface Listing {
  readonly nodes: readonly ClusterNode[];
  readonly seed: ClusterNode | undefined;
  readonly replicaCounts: ReadonlyMap<NodeId, number>;
}

export function listingOf(cluster: Cluster): Listing {
  const nodes = listedNodes(cluster);
  const replicaCounts = new Map<NodeId, number>();
  for (const { role, primaryId } of nodes) {
    if (role === "replica" && primaryId) replicaCounts.set(primaryId, (replicaCounts.get(primaryId) ?? 0) + 1);
  }
  return { nodes, seed: cluster.nodes[0], replicaCounts };
}

export function labelOf(node: ClusterNode, { seed }: Listing, { seedLabel }: ClusterStyle): string {
  return node.id === seed?.id ? seedLabel : redisCliAddress(node);
}
