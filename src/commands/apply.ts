import { ExitCode, SlotctlError } from "../errors.ts";
import type { MoveLimits } from "../execute/executor.ts";
import { formatAddress } from "../model/address.ts";
import type { NodeId } from "../model/cluster.ts";
import { type Failover, followFailovers } from "../plan/follow-failovers.ts";
import type { NodeRef, Plan, Step } from "../plan/plan.ts";
import { survey } from "../survey/survey.ts";
import { declined } from "./carry-out-plan.ts";
import type { Context } from "./context.ts";
import { MovedKeys } from "./moved-keys.ts";
import { runKept } from "./run-kept.ts";
import { findUnfinished } from "./unfinished-plan.ts";

export interface ApplyOptions {
  readonly limits: MoveLimits;
  readonly dryRun: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Carries out a saved plan, or what is left of it: steps that are done already are passed over. */
export async function apply(saved: Plan, options: ApplyOptions, context: Context, kept?: string): Promise<ExitCode> {
  const { connections, view } = context;
  const seeds = membersOf(saved).map(({ address }) => connections.dialOf(address));
  const cluster = await survey(context.seeds.length > 0 ? context.seeds : seeds, connections);
  const { plan, failovers } = followFailovers(saved, cluster);
  refuseOtherCluster(plan, new Set(cluster.nodes.map(({ id }) => id)));
  for (const failover of failovers) view.event({ type: "notice", text: failoverText(failover) });
  view.saved(plan);
  if (options.dryRun) {
    view.result({ kind: "applied", plan, outcome: "dry-run", keysMoved: 0, seconds: 0 });
    return ExitCode.Ok;
  }
  if (!(await context.confirm("Carry out this plan?"))) throw declined();
  const keys = new MovedKeys();
  const started = performance.now();
  const changed = await runKept(
    plan,
    cluster,
    options,
    { ...context, view: { event: keys.counting(view.event) } },
    kept,
  );
  const seconds = (performance.now() - started) / 1000;
  view.result({ kind: "applied", plan, outcome: changed ? "done" : "nothing", keysMoved: keys.total, seconds });
  return ExitCode.Ok;
}

/** Goes on with the plan of this cluster that was begun and not finished. */
export async function resume(options: ApplyOptions, context: Context): Promise<ExitCode> {
  const { seeds, connections } = context;
  const cluster = await survey(seeds, connections);
  const [latest] = await findUnfinished(
    cluster.nodes.map(({ id }) => id),
    options.environment,
  );
  if (latest === undefined) throw nothingToResume();
  return apply(latest.plan, options, context, latest.path);
}

function failoverText({ from, to }: Failover): string {
  const name = ({ id, address }: NodeRef) => `${formatAddress(address)} (${id.slice(0, 8)})`;
  return `${name(from)} has failed over since the plan was made: its moves go on with ${name(to)}`;
}

function membersOf({ steps }: Plan): readonly NodeRef[] {
  return [...new Map(steps.flatMap(nodesOf).map((ref) => [ref.id, ref])).values()];
}

function nodesOf(step: Step): readonly NodeRef[] {
  switch (step.kind) {
    case "set-config-epoch":
    case "add-slots":
    case "set-config":
    case "assign-slots":
    case "close-slots":
    case "bump-epoch":
      return [step.node];
    case "del-slots":
      return [step.node, step.owner];
    case "meet":
      return step.nodes;
    case "move-slots":
    case "bring-keys":
      return [step.from, step.to];
    case "replicate":
      return [step.node, step.primary];
  }
}

/** A plan of moves is for one cluster; one that creates finds its nodes each alone. */
function refuseOtherCluster(plan: Plan, known: ReadonlySet<NodeId>): void {
  if (plan.command === "create") return;
  const strangers = membersOf(plan).filter(({ id }) => !known.has(id));
  if (strangers.length === 0) return;
  throw new SlotctlError("This plan was made for another cluster", {
    code: "PLAN_STALE",
    exitCode: ExitCode.Stale,
    details: strangers.map(({ id, address }) => `${address.host}:${address.port} (${id.slice(0, 8)}) is no member`),
    hint: "Give a seed of the cluster that it was made for, or make a new plan",
  });
}

function nothingToResume(): SlotctlError {
  return new SlotctlError("There is no unfinished plan for this cluster", {
    code: "NOTHING_TO_RESUME",
    exitCode: ExitCode.Usage,
    hint: "A plan that was carried out from another machine is there; a saved one goes on with slotctl apply",
  });
}
