import { ExitCode, SlotctlError } from "../errors.ts";
import { formatAddress } from "../model/address.ts";
import type { Cluster, ClusterNode, NodeId } from "../model/cluster.ts";
import { findNode } from "../model/find-node.ts";
import { type DelNodeProblem, type DelNodeRequest, designDelNode, planDelNode } from "../plan/del-node.ts";
import { leavingIn } from "../plan/plan.ts";
import { surveyStrayKeys } from "../survey/stray-keys.ts";
import { survey } from "../survey/survey.ts";
import { delNodeProblemHint, delNodeProblemText } from "../view/members-text.ts";
import { listText } from "../view/words.ts";
import { carryOutPlan } from "./carry-out-plan.ts";
import type { Context } from "./context.ts";
import { dropKept, findKept, goOnWith } from "./kept-members.ts";
import { type MoveOptions, prepareMoves, withWarnings } from "./moves.ts";
import { nodeNamed, refuseUnhealthy } from "./survey-healthy.ts";
import { findUnfinished, type UnfinishedPlan } from "./unfinished-plan.ts";

export interface DelNodeOptions extends MoveOptions {
  /** As typed. */
  readonly nodes: readonly string[];
  readonly drain: boolean;
  readonly reset: DelNodeRequest["reset"];
  readonly shutdown: boolean;
  /** A node that is no member is no failure. */
  readonly ifExists: boolean;
}

/** Takes nodes out of a cluster: their slots and replicas go to others, everybody forgets them, and they are reset. */
export async function delNode(options: DelNodeOptions, context: Context): Promise<ExitCode> {
  const { seeds, connections, zones, view } = context;
  const found = await survey(seeds, connections, { depth: "health", zones });
  const halfGone = await findHalfGone(found, options);
  if (halfGone !== undefined) return goOnWith(halfGone, options, context);

  const leaving = membersNamed(found, options);
  const ids = leaving.map(({ id }) => id);
  const kept = await findKept(found, "del-node", (subjects) => [...subjects].every((id) => ids.includes(id)), options);
  const drains = options.drain && leaving.some(({ role, slots }) => role === "primary" && slots.length > 0);
  const cluster = drains ? await surveyStrayKeys(found, connections, "cheap") : found;
  const outcome = designDelNode({ ...options, cluster, leaving: ids });
  // What is said of these nodes tells more than what is wrong with the cluster as a whole.
  if (outcome.kind === "refused" && outcome.problems.some(({ kind }) => kind !== "moves")) {
    throw refused(outcome.problems, cluster);
  }
  if (drains) {
    try {
      refuseUnhealthy(withoutDead(cluster, ids));
    } catch (error) {
      if (kept[0] === undefined) throw error;
      return goOnWith(kept[0], options, context);
    }
  }
  if (outcome.kind === "refused") throw refused(outcome.problems, cluster);
  const { design } = outcome;
  const { methodOf, preview, warnings } = await prepareMoves(cluster, design.moves, options, context);
  const plan = withWarnings(planDelNode(design, methodOf), warnings);
  const shown = { kind: "steps", plan, preview: design.moves.length === 0 ? undefined : preview } as const;
  const code = await carryOutPlan(
    {
      cluster,
      shown,
      question: ids.length === 1 ? "Remove this node?" : "Remove these nodes?",
      tell: (told, seconds) =>
        view.result({ kind: "changed", outcome: told, shown, summary: summaryOf(leaving), seconds }),
    },
    options,
    context,
  );
  if (!options.dryRun) await dropKept(kept);
  return code;
}

/** The plan of an interrupted run that left one of the named nodes forgotten, but not yet reset. */
async function findHalfGone(
  cluster: Cluster,
  { nodes, environment }: DelNodeOptions,
): Promise<UnfinishedPlan | undefined> {
  const strangers = nodes.filter((text) => findNode(cluster, text).kind === "unknown");
  if (strangers.length === 0) return undefined;
  const unfinished = await findUnfinished(
    cluster.nodes.map(({ id }) => id),
    environment,
  );
  return unfinished.find(({ plan }) => {
    const leaving = leavingIn(plan);
    const refs = plan.steps.flatMap((step) => ("node" in step && leaving.has(step.node.id) ? [step.node] : []));
    const isNamed = (text: string) =>
      refs.some(({ id, address }) => formatAddress(address) === text || (text.length >= 4 && id.startsWith(text)));
    return plan.command === "del-node" && strangers.some(isNamed);
  });
}

function membersNamed(cluster: Cluster, { nodes, ifExists }: DelNodeOptions): readonly ClusterNode[] {
  const named = nodes
    .filter((text) => !(ifExists && findNode(cluster, text).kind === "unknown"))
    .map((text) => nodeNamed(cluster, text));
  return [...new Set(named)];
}

/** What is dead and leaves is no reason not to move slots between the others. */
function withoutDead({ nodes }: Cluster, leaving: readonly NodeId[]): Cluster {
  return {
    nodes: nodes.filter(({ id, view, slots }) => view !== undefined || slots.length > 0 || !leaving.includes(id)),
  };
}

function refused(problems: readonly DelNodeProblem[], cluster: Cluster): SlotctlError {
  const texts = problems.map((problem) => delNodeProblemText(problem, cluster));
  const what = texts.length === 1 ? `: ${texts[0]}` : `, for ${texts.length} reasons`;
  return new SlotctlError(`Cannot remove from the cluster${what}`, {
    code: "DEL_REFUSED",
    exitCode: ExitCode.Unhealthy,
    details: texts.length === 1 ? [] : texts,
    hint: delNodeProblemHint(problems),
  });
}

function summaryOf(leaving: readonly ClusterNode[]): string {
  if (leaving.length === 0) return "none of them is a member";
  const names = listText(leaving.map(({ address, id }) => (address.host === "" ? id : formatAddress(address))));
  return leaving.length === 1 ? `${names} is no member any more` : `${names} are no members any more`;
}
