import { ExitCode, SlotctlError } from "../errors.ts";
import { atomicDialectOf } from "../execute/atomic/dialect.ts";
import type { MoveLimits } from "../execute/executor.ts";
import { runPlan } from "../execute/run-plan.ts";
import { type Cluster, type ClusterNode, type NodeId, nodeById } from "../model/cluster.ts";
import { findNode } from "../model/find-node.ts";
import { type MovePreview, planMoves } from "../plan/move-plan.ts";
import type { MoveMethod, Plan } from "../plan/plan.ts";
import { findProblems, severityOf } from "../plan/problems.ts";
import { applyMoves, type MoveProblem, type SlotMove } from "../plan/slot-moves.ts";
import { countKeysPerSlot } from "../survey/count-keys.ts";
import { surveyStrayKeys } from "../survey/stray-keys.ts";
import { survey } from "../survey/survey.ts";
import { moveProblemText } from "../view/moves-text.ts";
import { problemText } from "../view/problem-text.ts";
import type { MovesResult, View } from "../view/view.ts";
import type { Context } from "./context.ts";
import { savePlan } from "./plan-file.ts";
import { findUnfinished, keepUnfinished, removeUnfinished } from "./unfinished-plan.ts";

/** What all commands have in common that move slots. */
export interface MoveOptions {
  readonly limits: MoveLimits;
  readonly method: "auto" | MoveMethod;
  readonly dryRun: boolean;
  readonly detailedExitCode: boolean;
  readonly planOut?: string | undefined;
  /** Where unfinished plans are kept. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The cluster, if it is in a state in which slots may be moved.
 * @throws SlotctlError, exit code 3, that lists what is wrong with it
 */
export async function surveyHealthy({ seeds, connections, zones }: Context): Promise<Cluster> {
  const found = await survey(seeds, connections, { depth: "health", zones });
  const cluster = await surveyStrayKeys(found, connections, "cheap");
  const errors = findProblems(cluster).filter((problem) => severityOf(problem) === "error" && stopsMoves(problem.kind));
  if (errors.length === 0) return cluster;
  throw new SlotctlError("The cluster has problems that have to be mended before slots are moved", {
    code: "CLUSTER_UNHEALTHY",
    exitCode: ExitCode.Unhealthy,
    details: errors.map((problem) => problemText(problem, cluster).what),
    hint: "slotctl check tells what helps; an unfinished move of ours goes on with slotctl resume",
  });
}

/** A dead replica, a lagging one or drifting functions are no reason not to move slots between healthy primaries. */
function stopsMoves(kind: ReturnType<typeof findProblems>[number]["kind"]): boolean {
  const harmless = ["replica-link-down", "function-drift", "ghost", "handshake"];
  return !harmless.includes(kind);
}

/** @throws SlotctlError, exit code 2, when the text names no node, or more than one */
export function nodeNamed(cluster: Cluster, text: string): ClusterNode {
  const search = findNode(cluster, text);
  if (search.kind === "found") return search.node;
  const why = search.kind === "unknown" ? "names no node of this cluster" : "fits more than one node";
  throw new SlotctlError(`"${text}" ${why}`, {
    code: search.kind === "unknown" ? "UNKNOWN_NODE" : "AMBIGUOUS_NODE",
    exitCode: ExitCode.Usage,
    details: search.kind === "ambiguous" ? search.nodes.map(({ id }) => id) : [],
    hint: "Give a node id, the unique beginning of one, or host:port; slotctl info lists them",
  });
}

/** @throws SlotctlError that names every reason why the slots cannot be moved as asked */
export function refuseMoves(problems: readonly MoveProblem[], cluster: Cluster): never {
  const texts = problems.map((problem) => moveProblemText(problem, cluster));
  throw new SlotctlError(`Cannot move the slots: ${texts[0]}`, {
    code: "MOVE_REFUSED",
    exitCode: ExitCode.Usage,
    details: texts.slice(1),
    hint: "Nothing was changed. slotctl info shows who owns what",
  });
}

/** Shows the moves, asks, carries them out and says how it went. */
export async function carryOutMoves(
  command: "reshard" | "rebalance",
  cluster: Cluster,
  moves: readonly SlotMove[],
  options: MoveOptions,
  context: Context,
): Promise<ExitCode> {
  const methods = await methodsFor(cluster, moves, options.method, context);
  const plan = planMoves(command, cluster, moves, (move) => methods.get(move) ?? "keys");
  const preview = await previewOf(cluster, moves, context);
  const finish = (outcome: MovesResult, seconds = 0) =>
    context.view.result({ kind: "moves", command, outcome, shown: { kind: "moves", plan, preview }, seconds });

  if (options.planOut !== undefined) await savePlan(plan, options.planOut);
  if (moves.length === 0) {
    finish("nothing");
    return ExitCode.Ok;
  }
  context.view.plan({ kind: "moves", plan, preview });
  if (options.dryRun) {
    finish("dry-run");
    return options.detailedExitCode ? ExitCode.ChangesPending : ExitCode.Ok;
  }
  if (!(await context.confirm("Move these slots?"))) throw declined();
  const started = performance.now();
  const changed = await runKept(plan, cluster, options, context);
  finish(changed ? "moved" : "nothing", (performance.now() - started) / 1000);
  return ExitCode.Ok;
}

/**
 * A number of slots must not be counted from zero again because the command was typed a second time.
 * @throws SlotctlError, exit code 3, when a plan of this cluster was begun and not finished
 */
export async function refuseUnfinished(cluster: Cluster, environment: MoveOptions["environment"]): Promise<void> {
  const [latest] = await findUnfinished(
    cluster.nodes.map(({ id }) => id),
    environment,
  );
  if (latest === undefined) return;
  throw new SlotctlError(
    `A ${latest.plan.command} of this cluster was begun at ${latest.begun.toISOString()} and not finished`,
    {
      code: "UNFINISHED_PLAN",
      exitCode: ExitCode.Unhealthy,
      hint: `slotctl resume goes on with it; to give it up, remove ${latest.path}`,
    },
  );
}

/** By the servers' own migration where both ends have it, unless a method was asked for. */
async function methodsFor(
  cluster: Cluster,
  moves: readonly SlotMove[],
  asked: MoveOptions["method"],
  { connections }: Context,
): Promise<ReadonlyMap<SlotMove, MoveMethod>> {
  const found = moves.map(async (move): Promise<readonly [SlotMove, MoveMethod]> => {
    if (asked !== "auto") return [move, asked];
    const [source, target] = await Promise.all(
      [move.from, move.to].map((id) => connections.to(nodeOrThrow(cluster, id).dial)),
    );
    return [move, (await atomicDialectOf(source!, target!)) === undefined ? "keys" : "atomic"];
  });
  return new Map(await Promise.all(found));
}

/** What carrying out a plan needs of a command's context. */
export type RunContext = Pick<Context, "connections" | "signal" | "timeout"> & { readonly view: Pick<View, "event"> };

/**
 * Carries out a plan that lies in the state directory from before its first change until it is done. `kept` is where
 * it lies already, when this run goes on with it. What was not even begun is not kept.
 */
export async function runKept(
  plan: Plan,
  cluster: Cluster,
  { limits, environment }: Pick<MoveOptions, "limits" | "environment">,
  context: RunContext,
  kept?: string,
): Promise<boolean> {
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

/** Carries out a plan on the cluster as it was surveyed; all nodes that were reached have to agree in the end. */
export function runOn(cluster: Cluster, plan: Plan, limits: MoveLimits, context: RunContext): Promise<boolean> {
  const { connections, signal, timeout, view } = context;
  const reached = cluster.nodes.filter((node) => node.view !== undefined);
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

async function previewOf(cluster: Cluster, moves: readonly SlotMove[], { connections }: Context): Promise<MovePreview> {
  const evidence = await Promise.all(
    moves.map(async ({ from, slots }) => {
      const counts = await countKeysPerSlot(nodeOrThrow(cluster, from), slots, connections);
      return { keys: counts === undefined ? undefined : [...counts.values()].reduce((a, b) => a + b, 0) };
    }),
  );
  return {
    moves: moves.map((move, i) => ({ move, evidence: evidence[i]! })),
    before: cluster,
    after: applyMoves(cluster, moves),
  };
}

function nodeOrThrow(cluster: Cluster, id: NodeId): ClusterNode {
  const node = nodeById(cluster, id);
  if (node === undefined) throw new RangeError(`${id} is no node of this cluster`);
  return node;
}

export type { MoveLimits };

export function declined(): SlotctlError {
  return new SlotctlError("Declined: nothing was changed", { code: "DECLINED", exitCode: ExitCode.Declined });
}
