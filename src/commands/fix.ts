import { ExitCode, SlotctlError } from "../errors.ts";
import { formatAddress } from "../model/address.ts";
import { type Cluster, membersOf, type NodeId } from "../model/cluster.ts";
import { countSlots, formatRanges, type SlotRanges } from "../model/slot.ts";
import { alternativesTo } from "../plan/fix/warnings.ts";
import { type FixPlan, type FixRequest, planFix, slotsToSurvey } from "../plan/fix.ts";
import { findProblems, type Problem, severityOf } from "../plan/problems.ts";
import { problemText } from "../view/problem-text.ts";
import type { ChangeResult } from "../view/view.ts";
import { nodeName } from "../view/words.ts";
import { winnerAsker } from "./ask-winner.ts";
import { carryOutPlan, type PlanOptions } from "./carry-out-plan.ts";
import type { Context } from "./context.ts";
import { surveyStill } from "./survey-still.ts";
import { findUnfinished, removeUnfinished } from "./unfinished-plan.ts";

export interface FixOptions extends PlanOptions {
  readonly request: FixRequest;
  /** Milliseconds to let a disagreement settle; undefined: twice the node timeout. */
  readonly settle: number | undefined;
  /** Look for keys in foreign slots even where the counts add up. */
  readonly thorough: boolean;
  readonly acceptDataLoss: boolean;
  /** Nobody is to be asked anything. */
  readonly yes: boolean;
}

/** Gives every slot one owner that all nodes agree on, and every key back to it: shown first, with the evidence. */
export async function fix(options: FixOptions, context: Context): Promise<ExitCode> {
  const { cluster, proposal } = await propose(options, context);
  refuseUnreachable(proposal, cluster, options);
  refuseLoss(proposal, options);
  const { plan, unsolved } = proposal;
  const shown = {
    kind: "steps",
    plan: { ...plan, warnings: [...plan.warnings, ...unsolved, ...(await cutShort(cluster, options))] },
    preview: undefined,
  } as const;
  if (plan.steps.length === 0 && unsolved.length > 0) throw nothingPossible(unsolved);
  tellOthers(cluster, proposal, context);
  const askWinner = options.request.onConflict === "ask" ? winnerAsker(context) : undefined;
  const code = await carryOutPlan(
    {
      cluster,
      shown,
      question: questionFor(proposal),
      tell: (outcome, seconds) => {
        // Said below, once it has been looked at.
        if (outcome === "done" && unsolved.length > 0) return;
        context.view.result({ kind: "changed", outcome, shown, summary: summaryOf(outcome, options), seconds });
      },
    },
    { ...options, askWinner },
    context,
  );
  if (options.dryRun) return code;
  await removeOldPlans(cluster, options);
  if (plan.steps.length > 0 && unsolved.length > 0) throw incomplete(unsolved);
  return code;
}

async function propose(
  { request, settle, thorough }: FixOptions,
  context: Context,
): Promise<{ readonly cluster: Cluster; readonly proposal: FixPlan }> {
  const search = thorough ? "thorough" : "cheap";
  const options = { settle, isUnsettled, search } as const;
  const { cluster, evidence } = await surveyStill(options, (found) => slotsToSurvey(found, request), context);
  return { cluster, proposal: planFix(cluster, evidence, request) };
}

const PASSING: ReadonlySet<Problem["kind"]> = new Set<Problem["kind"]>([
  "disagreement",
  "unknown-member",
  "handshake",
  "epoch-collision",
]);

/** What does not pass by itself, so that waiting would only leave it broken for longer. */
const LASTING: ReadonlySet<Problem["kind"]> = new Set<Problem["kind"]>([
  "uncovered-slots",
  "several-owners",
  "open-slots",
]);

function isUnsettled(cluster: Cluster): boolean {
  const problems = findProblems(cluster);
  return problems.some(({ kind }) => PASSING.has(kind)) && !problems.some(({ kind }) => LASTING.has(kind));
}

function summaryOf(outcome: ChangeResult, { request }: FixOptions): string {
  const isPart = request.slots !== undefined || request.only !== undefined;
  if (isPart)
    return outcome === "nothing" ? "of this nothing is broken" : "repaired what was asked for, and nothing else";
  return outcome === "nothing"
    ? "every slot has one owner, nothing is open, and every key is with its owner"
    : "every slot has one owner again, nothing is open, and every key is with its owner";
}

function questionFor({ lost }: FixPlan): string {
  return lost.length === 0
    ? "Repair the cluster like this?"
    : `Give up what is in ${slotsPhrase(lost)} and repair the rest?`;
}

function slotsPhrase(slots: SlotRanges): string {
  return `${countSlots(slots) === 1 ? "slot" : "slots"} ${formatRanges(slots)}`;
}

/** A repair without all primaries guesses what the missing ones hold; that is for somebody to decide who knows why. */
function refuseUnreachable({ unreachable, plan, unsolved }: FixPlan, cluster: Cluster, { request }: FixOptions): void {
  if (unreachable.length === 0 || request.giveUpUnreachable) return;
  if (plan.steps.length === 0 && unsolved.length === 0 && unreachable.every(({ health }) => health === "ok")) return;
  const nodes = new Map(cluster.nodes.map((node) => [node.id, node]));
  throw new SlotctlError(
    unreachable.length === 1
      ? "A primary cannot be reached, and what it holds is not known"
      : `${unreachable.length} primaries cannot be reached, and what they hold is not known`,
    {
      code: "PRIMARY_UNREACHABLE",
      exitCode: ExitCode.Unhealthy,
      details: unreachable.map(
        (node) => `${nodeName(node)} owns ${slotsPhrase(node.slots)}. ${alternativesTo(node.id, cluster, nodes)}`,
      ),
      hint: "Nothing was changed. --with-unreachable-primaries repairs without them, and gives the slots of failed ones away; with --dry-run it only says what that would lose",
    },
  );
}

function refuseLoss({ lost }: FixPlan, { dryRun, acceptDataLoss, yes }: FixOptions): void {
  if (lost.length === 0 || dryRun || acceptDataLoss || !yes) return;
  throw new SlotctlError(`This gives up the keys in ${slotsPhrase(lost)}`, {
    code: "DATA_LOSS",
    exitCode: ExitCode.Usage,
    hint: "Nothing was changed. --yes does not answer that: add --accept-data-loss, or bring the primary back",
  });
}

function nothingPossible(unsolved: readonly string[]): SlotctlError {
  return new SlotctlError("Something is broken that fix cannot repair from here", {
    code: "FIX_IMPOSSIBLE",
    exitCode: ExitCode.Unhealthy,
    details: unsolved,
    hint: "Nothing was changed. slotctl check shows the whole picture",
  });
}

function incomplete(unsolved: readonly string[]): SlotctlError {
  return new SlotctlError("Not everything could be repaired", {
    code: "FIX_INCOMPLETE",
    exitCode: ExitCode.Partial,
    details: unsolved,
    hint: "What the plan said is done. Run slotctl fix again once the rest can be repaired",
  });
}

/** What fix mends. Of everything else it says that it is there. */
const MENDED: ReadonlySet<Problem["kind"]> = new Set<Problem["kind"]>([
  "uncovered-slots",
  "several-owners",
  "open-slots",
  "disagreement",
  "stray-keys",
  "epoch-collision",
  // It follows from the others.
  "cluster-state",
]);

function tellOthers(cluster: Cluster, { members }: FixPlan, { view }: Context): void {
  const addresses = new Set(
    cluster.nodes.filter(({ id }) => members.has(id)).map(({ address }) => formatAddress(address)),
  );
  const isMended = (problem: Problem) =>
    ("node" in problem && members.has(problem.node)) || ("address" in problem && addresses.has(problem.address));
  for (const problem of findProblems(cluster)) {
    if (MENDED.has(problem.kind) || isMended(problem) || severityOf(problem) !== "error") continue;
    const { what, advice } = problemText(problem, cluster);
    view.note(`not for fix: ${what}. ${advice}`);
  }
}

/** What was begun here and has a plan: to go on with that may be what is meant, rather than to mend what it left. */
async function cutShort(cluster: Cluster, { environment }: FixOptions): Promise<readonly string[]> {
  const unfinished = await findUnfinished(idsOf(cluster), environment);
  return unfinished
    .filter(({ plan }) => plan.command !== "fix")
    .map(
      ({ plan, begun }) =>
        `${plan.command} was cut short here (begun ${begun.toISOString()}): slotctl resume ends it as it was meant, and may find after this repair that its plan no longer fits`,
    );
}

function idsOf(cluster: Cluster): readonly NodeId[] {
  return membersOf(cluster).map(({ id }) => id);
}

/** An earlier fix that was cut short has nothing left to do now. */
async function removeOldPlans(cluster: Cluster, { environment }: FixOptions): Promise<void> {
  for (const { plan, path } of await findUnfinished(idsOf(cluster), environment)) {
    if (plan.command === "fix") await removeUnfinished(path);
  }
}
