import { ExitCode } from "../errors.ts";
import type { Cluster } from "../model/cluster.ts";
import type { ChangeResult, ShownPlan } from "../view/view.ts";
import type { Context } from "./context.ts";
import { declined } from "./declined.ts";
import { dropOvertaken } from "./overtaken-plans.ts";
import { savePlan } from "./plan-file.ts";
import { refuseChanged } from "./preflight.ts";
import { type RunOptions, runKept } from "./run-kept.ts";

/** What all commands have in common that make a plan and carry it out. */
export interface PlanOptions extends RunOptions {
  readonly dryRun: boolean;
  readonly detailedExitCode: boolean;
  readonly planOut?: string | undefined;
}

/** A plan that somebody has yet to agree to. */
export interface Proposal {
  readonly cluster: Cluster;
  readonly shown: Exclude<ShownPlan, { readonly kind: "import" | "restore" }>;
  /** "Move these slots?" */
  readonly question: string;
  /** Says how it went, and how many seconds it took. */
  readonly tell: (outcome: ChangeResult, seconds: number) => void;
}

/**
 * Saves the plan where that was asked for, shows it, asks, carries it out and says how it went.
 * @throws SlotctlError, exit code 5, when the cluster has changed while it was asked
 */
export async function carryOutPlan(proposal: Proposal, options: PlanOptions, context: Context): Promise<ExitCode> {
  const { cluster, shown, question, tell } = proposal;
  const { plan } = shown;
  if (options.planOut !== undefined) await savePlan(plan, options.planOut);
  if (plan.steps.length === 0) {
    if (!options.dryRun) await dropOvertaken(plan, cluster, options);
    tell("nothing", 0);
    return ExitCode.Ok;
  }
  context.view.plan(shown);
  if (options.dryRun) {
    tell("dry-run", 0);
    return options.detailedExitCode ? ExitCode.ChangesPending : ExitCode.Ok;
  }
  if (!(await context.confirm(question))) throw declined();
  const started = performance.now();
  const changed = await runKept(plan, cluster, options, context, { lastLook: () => refuseChanged(cluster, context) });
  tell(changed ? "done" : "nothing", (performance.now() - started) / 1000);
  return ExitCode.Ok;
}
