import { type Cluster, type ClusterNode, primariesOf } from "../model/cluster.ts";
import { complementRanges, countSlots, unionRanges } from "../model/slot.ts";

/** The primaries that have a vote in a failover. */
export function votersOf(cluster: Cluster): readonly ClusterNode[] {
  return primariesOf(cluster).filter(({ slots }) => slots.length > 0);
}

/** A node that answers us, or that the others have no complaint about. */
export function isAlive({ view, health, linkUp }: ClusterNode): boolean {
  return view !== undefined || (health === "ok" && linkUp);
}

export function hasMajority(cluster: Cluster): boolean {
  const voters = votersOf(cluster);
  return voters.filter(isAlive).length * 2 > voters.length;
}

/** Slots whose owner is dead, or that have none. */
export function countUnserved(cluster: Cluster): number {
  const alive = votersOf(cluster).filter(isAlive);
  return countSlots(complementRanges(unionRanges(...alive.map(({ slots }) => slots))));
}
