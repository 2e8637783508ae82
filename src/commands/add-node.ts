import { ExitCode, SlotctlError } from "../errors.ts";
import { formatAddress } from "../model/address.ts";
import { type Candidate, isReached, type LostCandidate } from "../model/candidate.ts";
import type { Cluster } from "../model/cluster.ts";
import { countSlots } from "../model/slot.ts";
import { type AddNodeDesign, designAddNode, planAddNode } from "../plan/add-node.ts";
import { type AddNodeProblem, findHomes, memberInstead, type NewRole } from "../plan/add-node-problems.ts";
import { findProblems } from "../plan/problems.ts";
import { surveyCandidates } from "../survey/candidates.ts";
import { survey } from "../survey/survey.ts";
import { addNodeProblemHint, addNodeProblemText } from "../view/members-text.ts";
import { count, listText, shortName } from "../view/words.ts";
import { carryOutPlan } from "./carry-out-plan.ts";
import type { Context } from "./context.ts";
import type { NamedAddress } from "./create.ts";
import { dropKept, findKept, goOnWith } from "./kept-members.ts";
import { type MoveOptions, prepareMoves, withWarnings } from "./moves.ts";
import { runOn } from "./run-kept.ts";
import { nodeNamed, refuseUnhealthy } from "./survey-healthy.ts";

export interface AddNodeOptions extends MoveOptions {
  readonly addresses: readonly NamedAddress[];
  /** The primary as typed. */
  readonly role: Exclude<NewRole, { kind: "replica-of" }> | { readonly kind: "replica-of"; readonly primary: string };
  readonly rebalance: boolean;
  readonly ifNotExists: boolean;
  /** Milliseconds to wait for servers that do not answer yet. */
  readonly wait: number;
}

/** Makes blank servers members of a cluster; those that are members already stay what they are. */
export async function addNode(options: AddNodeOptions, context: Context): Promise<ExitCode> {
  const { seeds, connections, zones, view } = context;
  const cluster = await survey(seeds, connections, { depth: "health", zones });
  // Before anything is touched: a node that joined for nothing would stay an empty primary.
  const role = roleIn(cluster, options.role);
  const { candidates, primary } = await surveyNewcomers(cluster, options, context);
  refuseSwapped(cluster, candidates);
  const ids = candidates.filter(isReached).map(({ node }) => node.id);
  const kept = await findKept(
    cluster,
    "add-node",
    (subjects) => [...subjects].every((id) => ids.includes(id)),
    options,
  );
  // Half a member, a newcomer has complaints that joining will settle.
  const settled = { nodes: cluster.nodes.filter(({ id, slots }) => slots.length > 0 || !ids.includes(id)) };
  try {
    if (options.rebalance) refuseUnhealthy(settled);
    else refuseBroken(settled);
  } catch (error) {
    if (kept[0] === undefined) throw error;
    return goOnWith(kept[0], options, context);
  }
  const request = { cluster, candidates, role, acceptOtherRole: options.ifNotExists, rebalance: options.rebalance };
  const outcome = designAddNode(request);
  if (outcome.kind === "refused" || primary?.replicationRefusal !== undefined) {
    const problems = [...(outcome.kind === "refused" ? outcome.problems : []), ...refusalOf(primary)];
    throw refused(problems, candidates);
  }
  const { design } = outcome;
  const { methodOf, preview, warnings } = await prepareMoves(design.cluster, design.moves, options, context);
  const plan = withWarnings(planAddNode(design, methodOf), warnings);
  const shown = { kind: "steps", plan, preview: design.moves.length === 0 ? undefined : preview } as const;
  // An earlier run may have ended before it saw that all is well.
  if (plan.steps.length === 0 && !options.dryRun) await runOn(design.cluster, plan, options, context);
  const code = await carryOutPlan(
    {
      cluster: design.cluster,
      shown,
      question: design.newcomers.length === 1 ? "Add this node?" : "Add these nodes?",
      tell: (told, seconds) =>
        view.result({ kind: "changed", outcome: told, shown, summary: summaryOf(design), seconds }),
    },
    options,
    context,
  );
  if (!options.dryRun) await dropKept(kept);
  return code;
}

function roleIn(cluster: Cluster, role: AddNodeOptions["role"]): NewRole {
  return role.kind === "replica-of" ? { kind: role.kind, primary: nodeNamed(cluster, role.primary).id } : role;
}

/** With one primary beside them, so that the credentials of both sides are tried on each other. */
async function surveyNewcomers(
  cluster: Cluster,
  { addresses, wait }: AddNodeOptions,
  { connections, zones, signal }: Context,
): Promise<{
  readonly candidates: readonly (Candidate | LostCandidate)[];
  readonly primary: Candidate | undefined;
}> {
  const [home] = findHomes(cluster);
  const beside = home === undefined ? [] : [{ typed: formatAddress(home.address), address: home.dial }];
  const asked = await surveyCandidates([...addresses, ...beside], connections, { zones, patience: wait, signal });
  const primary = asked.slice(addresses.length).find(isReached);
  return { candidates: asked.slice(0, addresses.length), primary };
}

/** Who comes from redis-cli names the newcomer first. */
function refuseSwapped(cluster: Cluster, candidates: readonly (Candidate | LostCandidate)[]): void {
  const member = memberInstead(cluster, candidates);
  if (member === undefined) return;
  const blank = formatAddress(cluster.nodes[0]!.address);
  throw new SlotctlError(`${blank} is no member of a cluster, but ${member.typed} is`, {
    code: "ADDRESSES_SWAPPED",
    exitCode: ExitCode.Usage,
    hint: `The cluster comes first: slotctl add-node ${member.typed} ${blank}`,
  });
}

/** While slots have no owner, or two, no node says that it is ok, and there is no telling when a newcomer is ready. */
function refuseBroken(cluster: Cluster): void {
  const stops = ["uncovered-slots", "several-owners"];
  if (findProblems(cluster).some(({ kind }) => stops.includes(kind))) refuseUnhealthy(cluster);
}

function refusalOf(primary: Candidate | undefined): readonly AddNodeProblem[] {
  if (primary?.replicationRefusal === undefined) return [];
  return [{ kind: "replication-refused", typed: primary.typed, why: primary.replicationRefusal }];
}

function refused(
  problems: readonly AddNodeProblem[],
  candidates: readonly (Candidate | LostCandidate)[],
): SlotctlError {
  const lost = candidates.filter((candidate): candidate is LostCandidate => !isReached(candidate));
  const texts = problems.map(addNodeProblemText);
  const onlyLost = problems.every(({ kind }) => kind === "unreachable");
  const what = texts.length === 1 ? `: ${texts[0]}` : `, for ${texts.length} reasons`;
  return new SlotctlError(`Cannot add to the cluster${what}`, {
    code: "ADD_REFUSED",
    exitCode: onlyLost ? ExitCode.Unreachable : ExitCode.Unhealthy,
    details: texts.length === 1 ? [] : texts,
    hint: onlyLost && lost.length === 1 ? lost[0]!.hint : addNodeProblemHint(problems),
  });
}

function summaryOf({ cluster, newcomers, primaryOf, moves }: AddNodeDesign): string {
  const names = listText(newcomers.map(({ address }) => formatAddress(address)));
  const what = newcomers.length === 1 ? `${names} is a member` : `${names} are members`;
  if (moves.length > 0) {
    const owned = [...newcomers, ...moves].reduce((sum, { slots }) => sum + countSlots(slots), 0);
    return `${what} with ${count(owned, "slot")}`;
  }
  const [primary, ...others] = new Set(primaryOf.values());
  if (primary === undefined || others.length > 0) return what;
  return `${what}, ${newcomers.length === 1 ? "a replica" : "replicas"} of ${shortName(cluster, primary.id)}`;
}
