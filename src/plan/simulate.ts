import type { Cluster, ClusterNode } from "../model/cluster.ts";
import { parseRanges, unionRanges } from "../model/slot.ts";
import type { Step } from "./plan.ts";

/** The cluster as it would stand after the step. Drives the preview, and is the oracle of every planner test. */
export function simulate(cluster: Cluster, step: Step): Cluster {
  switch (step.kind) {
    case "set-config-epoch":
      return withNode(cluster, step.node.id, () => ({ configEpoch: step.epoch }));
    case "add-slots":
      return withNode(cluster, step.node.id, ({ slots }) => ({
        slots: unionRanges(slots, parseRanges(step.slots) ?? []),
      }));
    case "meet":
      // The nodes of a Cluster value are one picture already; who has met whom is in their views.
      return cluster;
    case "replicate":
      return withNode(cluster, step.node.id, () => ({ role: "replica", primaryId: step.primary.id }));
  }
}

function withNode(
  { nodes }: Cluster,
  id: ClusterNode["id"],
  change: (node: ClusterNode) => Partial<ClusterNode>,
): Cluster {
  return { nodes: nodes.map((node) => (node.id === id ? { ...node, ...change(node) } : node)) };
}
