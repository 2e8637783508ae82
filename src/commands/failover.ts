import { ExitCode, SlotctlError } from "../errors.ts";
import { DEFAULT_LIMITS } from "../execute/executor.ts";
import { formatAddress } from "../model/address.ts";
import type { Cluster } from "../model/cluster.ts";
import { type FailoverOutcome, type FailoverProblem, type FailoverRequest, planFailover } from "../plan/failover.ts";
import type { FailoverMode } from "../plan/plan.ts";
import { survey } from "../survey/survey.ts";
import { failoverProblemHint, failoverProblemText } from "../view/failover-text.ts";
import { carryOutPlan, type PlanOptions } from "./carry-out-plan.ts";
import type { Context } from "./context.ts";
import { refuseUnfinished } from "./moves.ts";
import { nodeNamed } from "./survey-healthy.ts";

export interface FailoverOptions extends Omit<PlanOptions, "limits"> {
  /** The node as typed, and whether it is to be the primary, is not to be one, or to change its role. */
  readonly node: string;
  readonly direction: FailoverRequest["direction"];
  readonly mode: FailoverMode;
}

/** Lets a replica take the place of its primary, and returns when every node agrees. */
export async function failover(options: FailoverOptions, context: Context): Promise<ExitCode> {
  const { seeds, connections, zones, view } = context;
  const cluster = await survey(seeds, connections, { zones });
  const node = nodeNamed(cluster, options.node).id;
  // Typed again after an interruption, it would fail back.
  if (options.direction === undefined && !options.dryRun) await refuseUnfinished(cluster, options.environment);
  const outcome = planFailover(cluster, { node, direction: options.direction, mode: options.mode });
  if (outcome.kind === "refused") return refuse(outcome.problems, cluster);

  const shown = { kind: "steps", plan: outcome.plan, preview: undefined } as const;
  const summary = summaryOf(outcome);
  return carryOutPlan(
    {
      cluster,
      shown,
      question: questionFor(options.mode),
      tell: (result, seconds) => view.result({ kind: "changed", outcome: result, shown, summary, seconds }),
    },
    { ...options, limits: DEFAULT_LIMITS },
    context,
  );
}

function refuse(problems: readonly FailoverProblem[], cluster: Cluster): never {
  const [first, ...others] = problems.map((problem) => failoverProblemText(problem, cluster));
  throw new SlotctlError(`Cannot fail over: ${first}`, {
    code: "FAILOVER_REFUSED",
    exitCode: ExitCode.Unhealthy,
    details: others,
    hint: failoverProblemHint(problems),
  });
}

type Accepted = Exclude<FailoverOutcome, { kind: "refused" }>;

function summaryOf(outcome: Accepted): string {
  if (outcome.kind === "nothing") return `${formatAddress(outcome.node.address)} is a ${outcome.node.role} already`;
  return `${formatAddress(outcome.replica.address)} is the primary in place of ${formatAddress(outcome.primary.address)}`;
}

/** Names what is at stake: whoever says yes to a loss should have read of it. */
function questionFor(mode: FailoverMode): string {
  switch (mode) {
    case "safe":
      return "Fail over?";
    case "force":
      return "Fail over by force, and lose what the replica has not got?";
    case "takeover":
      return "Take over without a vote, and lose what the replica has not got?";
  }
}
