import type { Cluster } from "../../model/cluster.ts";
import type { Step } from "../plan.ts";
import { findEpochCollisions } from "../problems/slot-problems.ts";
import { canOwn, type NodesById } from "./choose-owner.ts";
import { nameOf } from "./decide.ts";

/** Of each group one may keep its epoch: the others get larger ones, and so nobody's claims get weaker. */
export function bumpsFor(cluster: Cluster): Step[] {
  const collisions = findEpochCollisions(cluster);
  return collisions.flatMap((problem) => {
    if (problem.kind !== "epoch-collision") return [];
    const able = problem.nodes.map((id) => cluster.nodes.find((node) => node.id === id)!).filter(canOwn);
    const others = able.length === problem.nodes.length ? able.slice(1) : able;
    return others.map(({ id, address }): Step => ({ kind: "bump-epoch", node: { id, address } }));
  });
}

export function bumpReasons(cluster: Cluster, steps: readonly Step[], nodes: NodesById): readonly string[] {
  return steps.flatMap((step) => {
    if (step.kind !== "bump-epoch") return [];
    const epoch = cluster.nodes.find(({ id }) => id === step.node.id)?.configEpoch;
    return [
      `${nameOf(step.node.id, nodes)} shares the config epoch ${epoch}: between the two no claim to a slot could win`,
    ];
  });
}
