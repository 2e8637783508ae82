import type { ClusterNode } from "../model/cluster.ts";
import type { NodeRef } from "./plan.ts";

/** The node as a plan names it. */
export function refOf({ id, address }: ClusterNode): NodeRef {
  return { id, address };
}
