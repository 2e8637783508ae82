import { ExitCode, SlotctlError } from "../errors.ts";
import { DEFAULT_LIMITS } from "../execute/executor.ts";
import { formatAddress } from "../model/address.ts";
import { type Candidate, isReached, type LostCandidate } from "../model/candidate.ts";
import { type Cluster, type NodeId, nodeById } from "../model/cluster.ts";
import { findNode } from "../model/find-node.ts";
import { leavingIn, type Plan } from "../plan/plan.ts";
import { planNothing, planReplaceNode, type ReplaceNodeProblem } from "../plan/replace-node.ts";
import { surveyCandidates } from "../survey/candidates.ts";
import { survey } from "../survey/survey.ts";
import { replaceNodeProblemHint, replaceNodeProblemText } from "../view/replace-node-text.ts";
import { carryOutPlan, type PlanOptions } from "./carry-out-plan.ts";
import type { Context } from "./context.ts";
import type { NamedAddress } from "./create.ts";
import { dropKept, findKept, goOnWith } from "./kept-members.ts";
import { nodeNamed } from "./survey-healthy.ts";
import { findUnfinished, type UnfinishedPlan } from "./unfinished-plan.ts";

export interface ReplaceNodeOptions extends Omit<PlanOptions, "limits"> {
  /** As typed. */
  readonly old: string;
  readonly newcomer: NamedAddress;
  /** Milliseconds to wait for the new server to answer. */
  readonly wait: number;
}

/** Puts a blank server into the place of a member, which leaves. */
export async function replaceNode(given: ReplaceNodeOptions, context: Context): Promise<ExitCode> {
  const options = { ...given, limits: DEFAULT_LIMITS };
  const { seeds, connections, zones, signal, view } = context;
  const cluster = await survey(seeds, connections, { depth: "health", zones });
  const halfGone = await findHalfGone(cluster, given);
  if (halfGone !== undefined) return goOnWith(halfGone, options, context);

  const patience = { zones, patience: options.wait, signal };
  const [newcomer] = await surveyCandidates([options.newcomer], connections, patience);
  if (isReplaced(cluster, options.old, newcomer!)) return tellReplaced(cluster, options, context);
  const old = nodeNamed(cluster, options.old).id;
  const kept = await findKept(cluster, "replace-node", (leaving) => leaving.has(old), options);
  const begun = kept.find(({ plan }) => isReached(newcomer!) && isTakenIn(plan, newcomer.node.id));
  // What it has changed of the new server's settings is put back by nobody else.
  if (begun !== undefined && !options.dryRun) {
    const code = await tryToGoOn(begun, options, context);
    if (code !== undefined) return code;
  }
  const outcome = planReplaceNode({ cluster, old, newcomer: newcomer! });
  if (outcome.kind === "refused") throw refused(outcome.problems, cluster, newcomer!);
  const shown = { kind: "steps", plan: outcome.plan, preview: undefined } as const;
  const summary = `${formatAddress(outcome.newcomer.address)} is in the place of ${formatAddress(outcome.old.address)}`;
  const nodes = [...cluster.nodes.filter(({ id }) => id !== outcome.newcomer.id)];
  const code = await carryOutPlan(
    {
      cluster: { nodes: isReached(newcomer!) ? [...nodes, newcomer.node] : nodes },
      shown,
      question: "Replace this node?",
      tell: (told, seconds) => view.result({ kind: "changed", outcome: told, shown, summary, seconds }),
    },
    options,
    context,
  );
  if (!options.dryRun) await dropKept(kept);
  return code;
}

/** The plan of an interrupted run that has forgotten the old node already, and perhaps not reset it. */
async function findHalfGone(
  cluster: Cluster,
  { old, environment }: ReplaceNodeOptions,
): Promise<UnfinishedPlan | undefined> {
  if (findNode(cluster, old).kind !== "unknown") return undefined;
  const unfinished = await findUnfinished(
    cluster.nodes.map(({ id }) => id),
    environment,
  );
  return unfinished.find(({ plan }) => {
    const leaving = leavingIn(plan);
    const refs = plan.steps.flatMap((step) => ("node" in step && leaving.has(step.node.id) ? [step.node] : []));
    const isNamed = refs.some(
      ({ id, address }) => formatAddress(address) === old || (old.length >= 4 && id.startsWith(old)),
    );
    return plan.command === "replace-node" && isNamed;
  });
}

/** Undefined when the cluster is no longer what that plan was made for, so that it takes a new one. */
async function tryToGoOn(begun: UnfinishedPlan, options: PlanOptions, context: Context): Promise<ExitCode | undefined> {
  try {
    return await goOnWith(begun, options, context);
  } catch (error) {
    if (error instanceof SlotctlError && error.exitCode === ExitCode.Stale) return undefined;
    throw error;
  }
}

function isTakenIn({ steps }: Plan, id: NodeId): boolean {
  return steps.some((step) => step.kind !== "meet" && "node" in step && step.node.id === id);
}

/** The same command typed again: nobody lists the old node, and the new one is a member. */
function isReplaced(cluster: Cluster, old: string, newcomer: Candidate | LostCandidate): boolean {
  const isGone = findNode(cluster, old).kind === "unknown";
  return isGone && isReached(newcomer) && nodeById(cluster, newcomer.node.id) !== undefined;
}

function tellReplaced(cluster: Cluster, { old, newcomer }: ReplaceNodeOptions, { view }: Context): ExitCode {
  const shown = { kind: "steps", plan: planNothing(cluster), preview: undefined } as const;
  const summary = `no node lists ${old}, and ${formatAddress(newcomer.address)} is a member`;
  view.result({ kind: "changed", outcome: "nothing", shown, summary, seconds: 0 });
  return ExitCode.Ok;
}

function refused(
  problems: readonly ReplaceNodeProblem[],
  cluster: Cluster,
  newcomer: Candidate | LostCandidate,
): SlotctlError {
  const onlyLost = problems.every(({ kind }) => kind === "unreachable");
  const [first, ...others] = problems.map((problem) => replaceNodeProblemText(problem, cluster));
  return new SlotctlError(`Cannot replace the node: ${first}`, {
    code: "REPLACE_REFUSED",
    exitCode: onlyLost ? ExitCode.Unreachable : ExitCode.Unhealthy,
    details: others,
    hint: onlyLost && !isReached(newcomer) ? newcomer.hint : replaceNodeProblemHint(problems),
  });
}
