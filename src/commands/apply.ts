import { ExitCode, SlotctlError } from "../errors.ts";
import { formatAddress } from "../model/address.ts";
import type { NodeId } from "../model/cluster.ts";
import { type Failover, followFailovers } from "../plan/follow-failovers.ts";
import { withoutOvertaken } from "../plan/overtaken.ts";
import type { NodeRef, Plan } from "../plan/plan.ts";
import { areOfOneCluster, membersIn } from "../plan/plan-nodes.ts";
import { survey } from "../survey/survey.ts";
import type { Context } from "./context.ts";
import { declined } from "./declined.ts";
import { MovedKeys } from "./moved-keys.ts";
import { movesLeft, preflight } from "./preflight.ts";
import { type RunOptions, runKept } from "./run-kept.ts";
import { refuseLocked } from "./run-lock.ts";
import { allUnfinished, findUnfinished, type UnfinishedPlan } from "./unfinished-plan.ts";

export interface ApplyOptions extends RunOptions {
  readonly dryRun: boolean;
}

/** Carries out a saved plan, or what is left of it: steps that are done already are passed over. */
export async function apply(saved: Plan, options: ApplyOptions, context: Context, kept?: string): Promise<ExitCode> {
  const { connections, view } = context;
  if (saved.steps.length === 0) {
    // It names nobody who could be asked, and asks for nothing.
    view.result({ kind: "applied", plan: saved, outcome: "nothing", keysMoved: 0, seconds: 0 });
    return ExitCode.Ok;
  }
  const seeds = membersIn(saved).map(({ address }) => connections.dialOf(address));
  const cluster = await survey(context.seeds.length > 0 ? context.seeds : seeds, connections);
  const { plan, failovers } = followFailovers(withoutOvertaken(saved, cluster), cluster);
  refuseOtherCluster(plan, new Set(cluster.nodes.map(({ id }) => id)), kept);
  for (const failover of failovers) view.event({ type: "notice", text: failoverText(failover) });
  await refuseLocked(cluster, options.environment);
  const moves = await movesLeft(plan, cluster, context);
  const warnings = await preflight({ cluster, moves, ignoreMemory: options.ignoreMemory }, context);
  view.saved(plan);
  for (const warning of warnings) view.warning(warning);
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
    { kept },
  );
  const seconds = (performance.now() - started) / 1000;
  view.result({ kind: "applied", plan, outcome: changed ? "done" : "nothing", keysMoved: keys.total, seconds });
  return ExitCode.Ok;
}

/**
 * Goes on with the plan of this cluster that was begun and not finished; without a seed with the one that there is, whose
 * nodes the plan itself names.
 */
export async function resume(options: ApplyOptions, context: Context): Promise<ExitCode> {
  const { seeds, connections } = context;
  if (seeds.length === 0) {
    const only = onlyCluster(await allUnfinished(options.environment));
    return apply(only.plan, options, context, only.path);
  }
  const cluster = await survey(seeds, connections);
  const [latest] = await findUnfinished(
    cluster.nodes.map(({ id }) => id),
    options.environment,
  );
  if (latest === undefined) {
    const others = await allUnfinished(options.environment);
    throw nothingToResume("There is no unfinished plan for this cluster", others);
  }
  return apply(latest.plan, options, context, latest.path);
}

/**
 * The newest of plans that are all for one cluster.
 * @throws SlotctlError, exit code 2, when there is none, or when they are for several clusters
 */
function onlyCluster(unfinished: readonly UnfinishedPlan[]): UnfinishedPlan {
  const [latest, ...others] = unfinished;
  if (latest === undefined) throw nothingToResume("There is no unfinished plan");
  if (others.every(({ plan }) => areOfOneCluster(latest.plan, plan))) return latest;
  throw new SlotctlError("There are unfinished plans for several clusters", {
    code: "SEVERAL_TO_RESUME",
    exitCode: ExitCode.Usage,
    details: unfinished.map(planText),
    hint: "Give a node of the cluster that is meant: slotctl resume HOST:PORT",
  });
}

function planText({ plan, begun, path }: UnfinishedPlan): string {
  const [first] = membersIn(plan);
  const where = first === undefined ? "" : `, of ${formatAddress(first.address)}`;
  return `${plan.command}${where}, begun ${begun.toISOString()}: ${path}`;
}

function failoverText({ from, to }: Failover): string {
  const name = ({ id, address }: NodeRef) => `${formatAddress(address)} (${id.slice(0, 8)})`;
  return `${name(from)} has failed over since the plan was made: its moves go on with ${name(to)}`;
}

/** A plan of moves is for one cluster; one that creates finds its nodes each alone. */
function refuseOtherCluster(plan: Plan, known: ReadonlySet<NodeId>, kept: string | undefined): void {
  if (plan.command === "create") return;
  const members = membersIn(plan);
  const strangers = members.filter(({ id }) => !known.has(id));
  if (strangers.length === 0) return;
  const { what, hint } = strangersText(plan, kept, strangers.length === members.length);
  throw new SlotctlError(what, {
    code: "PLAN_STALE",
    exitCode: ExitCode.Stale,
    details: strangers.map(({ id, address }) => `${address.host}:${address.port} (${id.slice(0, 8)}) is no member`),
    hint,
  });
}

function strangersText({ command }: Plan, kept: string | undefined, areAll: boolean) {
  if (kept === undefined) {
    const hint = "Give a seed of the cluster that it was made for, or make a new plan";
    return { what: "This plan was made for another cluster", hint };
  }
  // Its addresses were asked, and may have passed to others.
  if (areAll) {
    const hint = "Give a node of the cluster that it was begun on: slotctl resume HOST:PORT";
    return { what: `Another cluster answers where this ${command} was begun`, hint };
  }
  const hint = `They have left since it was begun, so it cannot be gone on with; to give it up, remove ${kept}`;
  return { what: `This ${command} has lost its nodes`, hint };
}

function nothingToResume(message: string, others: readonly UnfinishedPlan[] = []): SlotctlError {
  return new SlotctlError(message, {
    code: "NOTHING_TO_RESUME",
    exitCode: ExitCode.Usage,
    details: others.map((other) => `of another one: ${planText(other)}`),
    hint:
      others.length === 0
        ? "A plan that was carried out from another machine is there; a saved one goes on with slotctl apply"
        : "Give a node of the cluster that is meant: slotctl resume HOST:PORT",
  });
}
