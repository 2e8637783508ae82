import type { ExitCode } from "../errors.ts";
import type { Cluster, NodeId } from "../model/cluster.ts";
import type { Plan } from "../plan/plan.ts";
import { apply } from "./apply.ts";
import type { PlanOptions } from "./carry-out-plan.ts";
import type { Context } from "./context.ts";
import { subjectsOf } from "./overtaken-plans.ts";
import { findUnfinished, removeUnfinished, type UnfinishedPlan } from "./unfinished-plan.ts";

/** Plans of this cluster that were begun and not finished, by which nodes join or leave as `concerns` says. */
export async function findKept(
  { nodes }: Cluster,
  command: Plan["command"],
  concerns: (subjects: ReadonlySet<NodeId>) => boolean,
  { environment }: PlanOptions,
): Promise<readonly UnfinishedPlan[]> {
  const found = await findUnfinished(
    nodes.map(({ id }) => id),
    environment,
  );
  return found.filter(({ plan }) => plan.command === command && concerns(subjectsOf(plan)));
}

/** The same command typed again finishes what was begun where a new plan could not: slots are open, or a node is half gone. */
export function goOnWith(kept: UnfinishedPlan, options: PlanOptions, context: Context): Promise<ExitCode> {
  context.view.note(`Going on with the ${kept.plan.command} that was begun at ${kept.begun.toISOString()}`);
  return apply(kept.plan, options, context, kept.path);
}

/** Earlier plans about the same nodes are of no use once a new one has come to its end. */
export async function dropKept(kept: readonly UnfinishedPlan[]): Promise<void> {
  await Promise.all(kept.map(({ path }) => removeUnfinished(path)));
}
