import { ExitCode, SlotctlError } from "../errors.ts";
import type { Executor, MoveLimits } from "../execute/executor.ts";
import type { AskWinner } from "../execute/move/conflicts.ts";
import { runPlan } from "../execute/run-plan.ts";
import type { Cluster, NodeId } from "../model/cluster.ts";
import { leavingIn, type Plan } from "../plan/plan.ts";
import type { View } from "../view/view.ts";
import { conflictFilePath, conflictKeeper } from "./conflict-file.ts";
import type { Context } from "./context.ts";
import { dropOvertaken } from "./overtaken-plans.ts";
import { lockCluster } from "./run-lock.ts";
import { keepUnfinished, removeUnfinished } from "./unfinished-plan.ts";

/** What carrying out a plan needs of a command's context. */
export type RunContext = Pick<Context, "connections" | "signal" | "timeout"> & { readonly view: Pick<View, "event"> };

export interface RunOptions {
  readonly limits: MoveLimits;
  /** Where unfinished plans are kept. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Move slots also where a target has no room for them. */
  readonly ignoreMemory?: boolean;
  /** Where values go that give way to others; undefined: to a file of this run in the state directory. */
  readonly conflictFile?: string | undefined;
  /** Asks which of two values counts. */
  readonly askWinner?: AskWinner | undefined;
}

/** What carrying out needs where nothing is kept; without an environment no value may give way to another. */
export type StepOptions = Omit<RunOptions, "environment"> & Partial<Pick<RunOptions, "environment">>;

/**
 * Carries out a plan that lies in the state directory from before its first change until it is done. `kept` is where
 * it lies already, when this run goes on with it; `lastLook` throws when the plan does not fit the cluster any more. What
 * was not even begun is not kept. No other slotctl of this machine and user changes the cluster meanwhile.
 * @throws SlotctlError, exit code 3, when another one is at it already; and what lastLook throws
 */
export async function runKept(
  plan: Plan,
  cluster: Cluster,
  options: RunOptions,
  context: RunContext,
  { kept, lastLook }: { readonly kept?: string | undefined; readonly lastLook?: () => Promise<void> } = {},
): Promise<boolean> {
  const { environment } = options;
  await using _lock = await lockCluster(cluster, environment, context.signal);
  const path = kept ?? (await keepDuring(lastLook, () => keepUnfinished(plan, environment, new Date())));
  try {
    const changed = await runOn(cluster, plan, options, context);
    await removeUnfinished(path);
    await dropOvertaken(plan, cluster, options);
    return changed;
  } catch (error) {
    if (kept === undefined && !isHalfDone(error)) await removeUnfinished(path);
    throw error;
  }
}

/** A disk takes as long for a file as the nodes for their answers. */
async function keepDuring(look: (() => Promise<void>) | undefined, keep: () => Promise<string>): Promise<string> {
  const [looked, kept] = await Promise.allSettled([look?.(), keep()]);
  if (looked.status === "fulfilled" && kept.status === "fulfilled") return kept.value;
  if (kept.status === "fulfilled") await removeUnfinished(kept.value);
  throw looked.status === "rejected" ? looked.reason : (kept as PromiseRejectedResult).reason;
}

/** Carries out a plan on the cluster as it was surveyed; all nodes that were reached, and stay, have to agree in the end. */
export function runOn(cluster: Cluster, plan: Plan, options: StepOptions, context: RunContext): Promise<boolean> {
  return runPlan(plan, executorOn(cluster, options, context, leavingIn(plan)));
}

/** What it takes to change this cluster, from which some of its nodes are leaving. */
export function executorOn(
  cluster: Cluster,
  options: StepOptions,
  context: RunContext,
  leaving: ReadonlySet<NodeId> = new Set(),
): Executor {
  const { limits, environment, conflictFile, askWinner } = options;
  const { connections, signal, timeout, view } = context;
  const reached = cluster.nodes.filter(({ id, view }) => view !== undefined && !leaving.has(id));
  return {
    connections,
    signal,
    timeout,
    limits,
    dials: new Map(cluster.nodes.map(({ id, dial }) => [id, dial])),
    witnesses: reached.map(({ id, address }) => ({ id, address })),
    until: "ok",
    emit: view.event,
    keepLost: environment && conflictKeeper(conflictFile ?? conflictFilePath(environment, new Date()), view.event),
    askWinner,
  };
}

function isHalfDone(error: unknown): boolean {
  if (!(error instanceof SlotctlError)) return true;
  return error.exitCode === ExitCode.Partial || error.exitCode === ExitCode.TimedOut;
}
