import type { ClusterNode } from "../model/cluster.ts";
import type { NodeRef } from "./plan.ts";

/** A node as a plan names it. */
export function refOf({ id, address }: ClusterNode): NodeRef {
  return { id, address };
}
