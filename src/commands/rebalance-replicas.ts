import { ExitCode, SlotctlError } from "../errors.ts";
import { DEFAULT_LIMITS } from "../execute/executor.ts";
import { type Cluster, membersOf } from "../model/cluster.ts";
import { waitUntil } from "../node/wait-until.ts";
import { isLinkUp } from "../plan/failover.ts";
import { planRebalanceReplicas } from "../plan/rebalance-replicas.ts";
import { nameById } from "../view/words.ts";
import { carryOutPlan, type PlanOptions } from "./carry-out-plan.ts";
import type { Context } from "./context.ts";
import { surveyHealthy } from "./survey-healthy.ts";

export interface RebalanceReplicasOptions extends Omit<PlanOptions, "limits"> {
  readonly replicas: number | undefined;
}

/** Puts replicas and primaries where a host or a zone may fail, and gives every shard its share of them. */
export async function rebalanceReplicas(options: RebalanceReplicasOptions, context: Context): Promise<ExitCode> {
  const cluster = await surveyInSync(context, options.environment);
  const plan = planRebalanceReplicas(cluster, options);
  const shown = { kind: "steps", plan, preview: undefined } as const;
  const summary = "the replicas are where they belong";
  return carryOutPlan(
    {
      cluster,
      shown,
      question: "Rearrange the replicas?",
      tell: (outcome, seconds) => context.view.result({ kind: "changed", outcome, shown, summary, seconds }),
    },
    { ...options, limits: DEFAULT_LIMITS },
    context,
  );
}

/**
 * The cluster with all replicas in sync: nothing else can be relied on while others move. A copy that is under way, as
 * after an interrupted run, is waited for.
 * @throws SlotctlError, exit code 3, when it is not healthy or a replica stays without a link
 */
async function surveyInSync(context: Context, environment: PlanOptions["environment"]): Promise<Cluster> {
  let last = await surveyHealthy(context, environment);
  if (lagging(last).length === 0) return last;
  context.view.note("Waiting for the replicas to copy their primaries…");
  const look = async () => {
    last = await surveyHealthy(context, environment);
    return lagging(last).length === 0 ? last : undefined;
  };
  const found = await waitUntil(look, context);
  if (found !== undefined) return found;
  throw new SlotctlError("Some replicas have no link to their primary", {
    code: "CLUSTER_UNHEALTHY",
    exitCode: ExitCode.Unhealthy,
    details: lagging(last).map(({ id }) => nameById(last, id)),
    hint: "slotctl check tells what helps; nothing was changed",
  });
}

function lagging(cluster: Cluster) {
  return membersOf(cluster).filter((node) => node.role === "replica" && !isLinkUp(node));
}
