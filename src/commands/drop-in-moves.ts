import { ExitCode, SlotctlError } from "../errors.ts";
import type { RunEvent } from "../execute/events.ts";
import { DEFAULT_LIMITS, type MoveLimits } from "../execute/executor.ts";
import type { Cluster, ClusterNode } from "../model/cluster.ts";
import { planMoves } from "../plan/move-plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { MoveProblem, SlotMove } from "../plan/slot-moves.ts";
import { surveyStrayKeys } from "../survey/stray-keys.ts";
import { survey } from "../survey/survey.ts";
import { moveProblemText } from "../view/moves-text.ts";
import { checkText } from "../view/redis-cli/check-text.ts";
import { discoveryText } from "../view/redis-cli/discovery-text.ts";
import { listedNodes } from "../view/redis-cli/listing.ts";
import { type MoveWords, movesTeller } from "../view/redis-cli/moves-teller.ts";
import type { MoveStyle } from "../view/redis-cli/moves-text.ts";
import { redisCliAddress, redisCliLine } from "../view/redis-cli/style.ts";
import { clusterStyle, type DropInCheckOptions } from "./drop-in-check.ts";
import { type DropInContext, isSinceValkey91, sayUnreachable } from "./drop-in-context.ts";
import { movesLeft, preflight, refuseChanged } from "./preflight.ts";
import { runKept, runOn } from "./run-kept.ts";

/** What the drop-in forms of `reshard` and `rebalance` have in common. */
export interface DropInMoveOptions extends DropInCheckOptions {
  /** Milliseconds for one MIGRATE. */
  readonly timeout: number;
  /** Keys in one MIGRATE. */
  readonly pipeline: number;
  /** False where `pipeline` is only redis-cli's default: then ours, which follows the load, is taken. */
  readonly pipelineGiven: boolean;
  readonly replace: boolean;
  readonly atomic: boolean;
  /** Where unfinished plans are kept. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What a command goes on with after it has looked at the cluster. */
export interface Scene {
  readonly cluster: Cluster;
  /** Those that redis-cli goes on with and that can own slots, in its order. */
  readonly primaries: readonly ClusterNode[];
  readonly style: MoveStyle;
}

/**
 * Looks at the cluster and says what discovery says.
 * @throws SlotctlError when the entry node cannot be used
 */
export async function discover(options: DropInCheckOptions, context: DropInContext): Promise<Scene> {
  const { address, searchMultipleOwners } = options;
  const found = await survey([address], context.connections);
  const cluster = searchMultipleOwners ? await surveyStrayKeys(found, context.connections, "thorough") : found;
  const style = { ...clusterStyle(cluster, address, context), ranges: isSinceValkey91(cluster) };
  context.out(discoveryText(cluster, style));
  return { cluster, primaries: listedNodes(cluster).filter(({ role }) => role === "primary"), style };
}

/** Runs the check engine; false when it found errors, with which no slot may be moved. */
export function passesCheck(
  { cluster, style }: Scene,
  { searchMultipleOwners }: DropInCheckOptions,
  { quiet, context }: { readonly quiet: boolean; readonly context: DropInContext },
): boolean {
  const { text, errors } = checkText(cluster, { ...style, searchMultipleOwners, quiet });
  sayUnreachable(cluster, errors > 0, context);
  context.out(text);
  return errors === 0;
}

/** Why the planner refuses. redis-cli would move fewer slots than asked for, or nonsense. */
export function sayRefused(problems: readonly MoveProblem[], { cluster, style }: Scene, context: DropInContext): void {
  for (const problem of problems) {
    const text = `[ERR] Cannot move the slots: ${moveProblemText(problem, cluster)}`;
    context.out(redisCliLine("error", text, style));
  }
}

/** Moves, and how they are told. */
export interface ToldMoves {
  readonly command: "reshard" | "rebalance";
  readonly moves: readonly SlotMove[];
  readonly wordsOf: (move: SlotMove, cluster: Cluster, style: MoveStyle) => MoveWords;
  /** What stands before the reason of a failure. */
  readonly failure: string;
}

/** Carries the moves out with the executor that `slotctl reshard` uses, and tells of them in the words of redis-cli. */
export async function moveSlots(
  { command, moves, wordsOf, failure }: ToldMoves,
  { cluster, style }: Scene,
  options: DropInMoveOptions,
  context: DropInContext,
): Promise<ExitCode> {
  const plan = planMoves(command, cluster, moves, () => (options.atomic ? "atomic" : "keys"));
  if (!(await passesPreflight(plan, { cluster, style }, context))) return ExitCode.Failed;
  const words = moves.map((move) => wordsOf(move, cluster, style));
  const teller = movesTeller(words, context.out);
  const event = (told: RunEvent) => {
    teller.event(told);
    if (told.type === "notice" && context.isTerminal) context.talk(`${told.text}\n`);
  };
  try {
    await refuseChanged(cluster, context);
    await run(plan, cluster, options, { ...context, view: { event } });
    teller.end();
    return ExitCode.Ok;
  } catch (error) {
    if (!(error instanceof SlotctlError)) throw error;
    teller.end();
    context.out(redisCliLine("error", `${failure}${error.message}`, style));
    sayHowToGoOn(error, options, context);
    return ExitCode.Failed;
  }
}

/** False, after saying why, when moving these slots would fail or do harm. Warnings are for a person only. */
async function passesPreflight(
  plan: Plan,
  { cluster, style }: Pick<Scene, "cluster" | "style">,
  context: DropInContext,
): Promise<boolean> {
  try {
    const warnings = await preflight({ cluster, moves: await movesLeft(plan, cluster, context) }, context);
    if (context.isTerminal) for (const warning of warnings) context.talk(`${warning}\n`);
    return true;
  } catch (error) {
    if (!(error instanceof SlotctlError)) throw error;
    const reasons = error.details.length === 0 ? [error.message] : error.details;
    for (const reason of reasons) context.out(redisCliLine("error", `[ERR] ${reason}`, style));
    if (error.hint !== undefined) context.talk(`hint: ${error.hint}\n`);
    return false;
  }
}

type Run = Parameters<typeof runKept>[3];

/** redis-cli needs no place for files, so a script may run where none can be written: then the plan is not kept. */
async function run(plan: Plan, cluster: Cluster, options: DropInMoveOptions, context: Run): Promise<void> {
  const limits = limitsOf(options);
  let begun = false;
  const event = (told: RunEvent) => {
    begun = true;
    context.view.event(told);
  };
  try {
    await runKept(plan, cluster, { ...options, limits }, { ...context, view: { event } });
  } catch (error) {
    if (!(error instanceof SlotctlError && error.code === "STATE_UNWRITABLE")) throw error;
    // Only the finished plan could not be removed.
    if (begun) return;
    await runOn(cluster, plan, { ...options, limits }, context);
  }
}

function limitsOf({ timeout, pipeline, pipelineGiven, replace }: DropInMoveOptions): MoveLimits {
  return {
    ...DEFAULT_LIMITS,
    // Asked for by name, as with valkey-cli it is that or nothing.
    fallBackToKeys: false,
    migrateTimeoutMs: timeout,
    replace,
    pipeline: pipelineGiven ? pipeline : DEFAULT_LIMITS.pipeline,
  };
}

/** Repeating a reshard would move further slots, so the hints of the executor are not given here. */
function sayHowToGoOn(error: SlotctlError, { address }: DropInMoveOptions, { talk }: DropInContext): void {
  const halfDone = error.exitCode === ExitCode.Partial || error.exitCode === ExitCode.TimedOut;
  const hint = halfDone ? [`hint: slotctl resume ${redisCliAddress(address)} goes on from there`] : [];
  talk([...error.details, ...hint].map((line) => `${line}\n`).join(""));
}
