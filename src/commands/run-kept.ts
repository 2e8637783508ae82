import { ExitCode, SlotctlError } from "../errors.ts";
import type { MoveLimits } from "../execute/executor.ts";
import { runPlan } from "../execute/run-plan.ts";
import type { Cluster } from "../model/cluster.ts";
import { leavingIn, type Plan } from "../plan/plan.ts";
import type { View } from "../view/view.ts";
import type { Context } from "./context.ts";
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
}

/**
 * Carries out a plan that lies in the state directory from before its first change until it is done. `kept` is where
 * it lies already, when this run goes on with it. What was not even begun is not kept. No other slotctl of this machine
 * and user changes the cluster meanwhile.
 * @throws SlotctlError, exit code 3, when another one is at it already
 */
export async function runKept(
  plan: Plan,
  cluster: Cluster,
  { limits, environment }: RunOptions,
  context: RunContext,
  kept?: string,
): Promise<boolean> {
  await using _lock = await lockCluster(cluster, environment, context.signal);
  const path = kept ?? (await keepUnfinished(plan, environment, new Date()));
  try {
    const changed = await runOn(cluster, plan, limits, context);
    await removeUnfinished(path);
    return changed;
  } catch (error) {
    if (kept === undefined && !isHalfDone(error)) await removeUnfinished(path);
    throw error;
  }
}

/** Carries out a plan on the cluster as it was surveyed; all nodes that were reached, and stay, have to agree in the end. */
export function runOn(cluster: Cluster, plan: Plan, limits: MoveLimits, context: RunContext): Promise<boolean> {
  const { connections, signal, timeout, view } = context;
  const leaving = leavingIn(plan);
  const reached = cluster.nodes.filter(({ id, view }) => view !== undefined && !leaving.has(id));
  return runPlan(plan, {
    connections,
    signal,
    timeout,
    limits,
    dials: new Map(cluster.nodes.map(({ id, dial }) => [id, dial])),
    witnesses: reached.map(({ id, address }) => ({ id, address })),
    until: "ok",
    emit: view.event,
  });
}

function isHalfDone(error: unknown): boolean {
  if (!(error instanceof SlotctlError)) return true;
  return error.exitCode === ExitCode.Partial || error.exitCode === ExitCode.TimedOut;
}
