import { ExitCode, SlotctlError } from "../errors.ts";
import { DEFAULT_LIMITS } from "../execute/executor.ts";
import type { Cluster } from "../model/cluster.ts";
import { complementRanges, toRanges } from "../model/slot.ts";
import type { Decision } from "../plan/fix/decision.ts";
import { type FixPlan, type FixRequest, planFix, type Repairable, slotsToSurvey } from "../plan/fix.ts";
import { surveySlotEvidence } from "../survey/slot-evidence.ts";
import { surveyStrayKeys } from "../survey/stray-keys.ts";
import { survey } from "../survey/survey.ts";
import { type CheckReport, checkText } from "../view/redis-cli/check-text.ts";
import { discoveryText } from "../view/redis-cli/discovery-text.ts";
import {
  coverageClassOf,
  coverageQuestion,
  coveringText,
  openSlotText,
  severalOwnersText,
  unreachableText,
} from "../view/redis-cli/fix-text.ts";
import { infoText } from "../view/redis-cli/info-text.ts";
import { type ClusterStyle, redisCliLine } from "../view/redis-cli/style.ts";
import { clusterStyle, type DropInCheckOptions } from "./drop-in-check.ts";
import { type DropInContext, isConfirmed, sayUnreachable } from "./drop-in-context.ts";
import { runOn } from "./run-kept.ts";

export interface DropInFixOptions extends DropInCheckOptions {
  readonly withUnreachablePrimaries: boolean;
  /** Milliseconds for one MIGRATE. */
  readonly timeout: number;
  readonly pipeline: number;
  readonly pipelineGiven: boolean;
  readonly replace: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

interface Scene {
  readonly cluster: Cluster;
  readonly style: ClusterStyle;
  readonly check: CheckReport;
}

/**
 * `--cluster fix`: the report of `check`, and then the repair that `slotctl fix` makes, told in redis-cli's words. As
 * there, what covers slots is asked about class by class, also with --cluster-yes, and nothing else is.
 */
export async function dropInFix(options: DropInFixOptions, context: DropInContext): Promise<ExitCode> {
  const { address, searchMultipleOwners } = options;
  const found = await survey([address], context.connections);
  const cluster = await surveyStrayKeys(found, context.connections, searchMultipleOwners ? "thorough" : "cheap");
  const style = clusterStyle(cluster, address, context);
  const check = checkText(cluster, { ...style, searchMultipleOwners });
  const [untilOpenSlots] = check.parts;
  sayUnreachable(cluster, !check.ok, context);
  context.out(discoveryText(cluster, style) + infoText(cluster, style) + untilOpenSlots);
  return repair({ cluster, style, check }, options, context);
}

async function repair(scene: Scene, options: DropInFixOptions, context: DropInContext): Promise<ExitCode> {
  const { cluster, style, check } = scene;
  const [, fromCoverage] = check.parts;
  const request = requestOf(options);
  const evidence = await surveySlotEvidence(cluster, slotsToSurvey(cluster, request), context.connections);
  const whole = planFix(cluster, evidence, request);
  const isLacking = !check.isCovered && whole.unreachable.length > 0;
  const isNeeded = isLacking || whole.plan.steps.length > 0 || whole.unsolved.length > 0;
  const isRefused = isNeeded && whole.unreachable.length > 0 && !options.withUnreachablePrimaries;
  const open = whole.repairs.filter(isOpen);
  // As there, the first repair that there is to make ends it.
  if (isRefused && open.length > 0) {
    context.out(unreachableText("open slots", whole.unreachable.length, style));
    return ExitCode.Failed;
  }
  context.out(open.map((repair) => openSlotText(repair, cluster, style)).join("") + fromCoverage);
  if (!isNeeded) return check.ok ? ExitCode.Ok : ExitCode.Failed;
  if (isRefused) {
    context.out(unreachableText("slots coverage", whole.unreachable.length, style));
    return ExitCode.Failed;
  }
  sayStrayKeys(whole, scene, context);
  const refused = await askForCoverage(whole.repairs.filter(isUncovered), scene, context);
  // While a slot has no owner nobody moves keys: then what can be covered is, and the rest waits.
  const plan = refused.length === 0 ? whole : planFix(cluster, evidence, without(refused, request));
  for (const line of plan.unsolved) context.talk(`${line}\n`);
  const done = await run(plan, scene, options, context);
  return done && refused.length === 0 && plan.unsolved.length === 0 ? ExitCode.Ok : ExitCode.Failed;
}

function requestOf({ withUnreachablePrimaries, replace }: DropInFixOptions): FixRequest {
  return {
    direction: "auto",
    slots: undefined,
    only: SLOTS_ONLY,
    giveUpUnreachable: withUnreachablePrimaries,
    // Where redis-cli lets the stray value win, the owner's does here, and the other one is kept in a file.
    onConflict: replace ? "owner" : "leave",
  };
}

/** As there: the nodes' lists of each other stay as they are. */
const SLOTS_ONLY: ReadonlySet<Repairable> = new Set<Repairable>([
  "uncovered-slots",
  "several-owners",
  "open-slots",
  "disagreement",
  "stray-keys",
  "epoch-collision",
]);

function without(slots: readonly number[], request: FixRequest): FixRequest {
  return { ...request, slots: complementRanges(toRanges(slots)), only: new Set(["uncovered-slots"]) };
}

function isOpen({ picture }: Decision): boolean {
  return picture.problems.has("open-slots");
}

function isUncovered({ picture }: Decision): boolean {
  return picture.problems.has("uncovered-slots");
}

function sayStrayKeys({ repairs }: FixPlan, { cluster, style }: Scene, { out }: DropInContext): void {
  for (const repair of repairs) {
    if (isOpen(repair) || isUncovered(repair) || repair.bring.length === 0) continue;
    out(severalOwnersText(repair, cluster, style));
  }
}

/** The slots that stay uncovered because the answer was no. */
async function askForCoverage(
  repairs: readonly Decision[],
  { cluster, style }: Scene,
  context: DropInContext,
): Promise<readonly number[]> {
  if (repairs.length === 0) return [];
  context.out(redisCliLine("info", ">>> Fixing slots coverage...", style));
  const refused: number[] = [];
  for (const kind of ["none", "single", "multi"] as const) {
    const ofKind = repairs.filter((repair) => coverageClassOf(repair) === kind);
    if (ofKind.length === 0) continue;
    const slots = ofKind.map(({ picture }) => picture.slot);
    if (!(await isConfirmed(coverageQuestion(kind, slots), context))) refused.push(...slots);
    else for (const repair of ofKind) context.out(coveringText(repair, cluster, style));
  }
  return refused;
}

async function run(
  { plan }: FixPlan,
  { cluster, style }: Scene,
  { timeout, pipeline, pipelineGiven, environment }: DropInFixOptions,
  context: DropInContext,
): Promise<boolean> {
  if (plan.steps.length === 0) return true;
  const limits = {
    ...DEFAULT_LIMITS,
    migrateTimeoutMs: timeout,
    pipeline: pipelineGiven ? pipeline : DEFAULT_LIMITS.pipeline,
  };
  const event = (told: { readonly type: string; readonly text?: string }) => {
    if (told.type === "notice" && context.isTerminal) context.talk(`${told.text}\n`);
  };
  try {
    // Not kept for resume: the same command again goes on from wherever it stopped.
    await runOn(cluster, plan, { limits, environment }, { ...context, view: { event } });
    return true;
  } catch (error) {
    if (!(error instanceof SlotctlError)) throw error;
    context.out(redisCliLine("error", `[ERR] ${error.message}`, style));
    context.talk(error.details.map((line) => `${line}\n`).join(""));
    return false;
  }
}
