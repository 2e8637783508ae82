import type { Cluster, NodeId } from "../model/cluster.ts";
import { leavingIn, newcomersIn, type Plan } from "../plan/plan.ts";
import type { RunOptions } from "./run-kept.ts";
import { findUnfinished, removeUnfinished } from "./unfinished-plan.ts";

/**
 * Removes the earlier plans of this cluster that were begun, and of which nothing is left to want once this one has come
 * to its end. Otherwise they would stand in the way of the next command that must not be counted twice, and `resume`
 * would go back to them.
 */
export async function dropOvertaken(done: Plan, { nodes }: Cluster, { environment }: RunOptions): Promise<void> {
  const begun = await findUnfinished(
    nodes.map(({ id }) => id),
    environment,
  );
  const overtaken = begun.filter(({ plan }) => overtakes(done, plan));
  await Promise.all(overtaken.map(({ path }) => removeUnfinished(path)));
}

/** Whether everything that the earlier plan was for has come about, or is not wanted any more, when the other is done. */
export function overtakes(done: Plan, earlier: Plan): boolean {
  if (done.command !== earlier.command) return false;
  switch (done.command) {
    case "rebalance":
    case "rebalance-replicas":
    case "forget":
      return true;
    case "add-node":
    case "del-node":
    case "replace-node": {
      const subjects = subjectsOf(done);
      return [...subjectsOf(earlier)].every((id) => subjects.has(id));
    }
    case "failover":
      return JSON.stringify(done.steps) === JSON.stringify(earlier.steps);
    default:
      // So many slots more, or another cluster: whoever begins that again means it.
      return false;
  }
}

/** Whom a plan is about: those that join, take a role or get slots, or those that leave. */
export function subjectsOf(plan: Plan): ReadonlySet<NodeId> {
  if (plan.command !== "add-node") return leavingIn(plan);
  const ids = plan.steps.flatMap((step) => {
    if (step.kind === "move-slots") return [step.to.id];
    return step.kind === "replicate" || step.kind === "load-functions" ? [step.node.id] : [];
  });
  return new Set([...ids, ...newcomersIn(plan)]);
}
