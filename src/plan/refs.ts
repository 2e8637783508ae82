import type { ClusterNode } from "../model/cluster.ts";
import type { NodeRef } from "./plan.ts";

/** A node as a plan names it. */
export function refOf({ id, address }: ClusterNode): NodeRef {
  return { id, address };
}

/** In an order that does not depend on whom was asked first, so that the same cluster gives the same plan. */
export function inIdOrder(nodes: readonly ClusterNode[]): readonly ClusterNode[] {
  return [...nodes].sort((a, b) => (a.id < b.id ? -1 : 1));
}
