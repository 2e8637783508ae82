import { ExitCode, SlotctlError } from "../errors.ts";
import type { RunEvent } from "../execute/events.ts";
import { DEFAULT_LIMITS } from "../execute/executor.ts";
import type { Address } from "../model/address.ts";
import { type Candidate, isReached } from "../model/candidate.ts";
import type { Cluster, ClusterNode } from "../model/cluster.ts";
import { type AddNodeDesign, designAddNode, planAddNode } from "../plan/add-node.ts";
import { surveyCandidates } from "../survey/candidates.ts";
import { surveyStrayKeys } from "../survey/stray-keys.ts";
import { survey } from "../survey/survey.ts";
import { addNodeProblemText } from "../view/members-text.ts";
import { checkText } from "../view/redis-cli/check-text.ts";
import { JOIN_WAIT } from "../view/redis-cli/create-lines.ts";
import { discoveryText } from "../view/redis-cli/discovery-text.ts";
import { labelOf, listingOf } from "../view/redis-cli/listing.ts";
import { ADD_NODE, errorLine, infoLine } from "../view/redis-cli/members-text.ts";
import { type ClusterStyle, redisCliAddress, redisCliLine } from "../view/redis-cli/style.ts";
import { clusterStyle } from "./drop-in-check.ts";
import { type DropInContext, isNotLetIn, sayUnreachable } from "./drop-in-context.ts";
import { firstObstacle } from "./drop-in-create.ts";
import { runOn } from "./run-kept.ts";

export interface DropInAddNodeOptions {
  readonly address: Address;
  readonly newAddress: Address;
  readonly searchMultipleOwners: boolean;
  readonly replica: boolean;
  readonly primaryId?: string;
}

/** `--cluster add-node`: the planner and the executor of `slotctl add-node`, in the words of redis-cli. */
export async function dropInAddNode(options: DropInAddNodeOptions, context: DropInContext): Promise<ExitCode> {
  const { address, newAddress, searchMultipleOwners } = options;
  const { connections, signal, out } = context;
  const typed = redisCliAddress(newAddress);
  out(infoLine(ADD_NODE.begin(typed, redisCliAddress(address)), context));
  const found = await survey([address], connections, { depth: "health" });
  const cluster = searchMultipleOwners ? await surveyStrayKeys(found, connections, "thorough") : found;
  const style = clusterStyle(cluster, address, context);
  out(discoveryText(cluster, style));
  const { text, errors } = checkText(cluster, { ...style, searchMultipleOwners });
  sayUnreachable(cluster, errors > 0, context);
  out(text);
  if (errors > 0) return ExitCode.Failed;

  const primary = options.replica ? choosePrimary(options, cluster, style, context) : undefined;
  if (options.replica && primary === undefined) return ExitCode.Failed;
  const candidates = await surveyCandidates([{ typed, address: newAddress }], connections, {
    zones: new Map(),
    patience: 0,
    signal,
  });
  const obstacle = firstObstacle(candidates, style, context);
  if (obstacle !== undefined) {
    if (candidates.some((candidate) => !isReached(candidate) && isNotLetIn(candidate)))
      out(errorLine(ADD_NODE.unreachable(typed), style));
    return obstacle;
  }
  const newcomer = candidates.find(isReached)!;
  if (primary === undefined && !sayFunctions(newcomer, style, context)) return ExitCode.Failed;

  const role =
    primary === undefined ? ({ kind: "primary" } as const) : ({ kind: "replica-of", primary: primary.id } as const);
  const outcome = designAddNode({ cluster, candidates, role, acceptOtherRole: false, rebalance: false });
  if (outcome.kind === "refused") {
    for (const problem of outcome.problems) out(errorLine(`[ERR] ${addNodeProblemText(problem)}`, style));
    return ExitCode.Failed;
  }
  return join(outcome.design, typed, style, context);
}

/** The one that was named, or the one with the fewest replicas; before anything is touched. */
function choosePrimary(
  { primaryId }: DropInAddNodeOptions,
  cluster: Cluster,
  style: ClusterStyle,
  { out }: DropInContext,
): ClusterNode | undefined {
  const listing = listingOf(cluster);
  if (primaryId !== undefined) {
    const named = listing.nodes.find(({ id }) => id === primaryId.toLowerCase());
    if (named?.role === "primary") return named;
    // redis-cli takes a replica for one here, and leaves the new node behind as an empty primary.
    out(errorLine(ADD_NODE.noSuchPrimary(primaryId, style), style));
    return undefined;
  }
  const countOf = ({ id }: ClusterNode) => listing.replicaCounts.get(id) ?? 0;
  const primaries = listing.nodes.filter(({ role }) => role === "primary");
  const least = primaries.reduce((best, node) => (countOf(node) < countOf(best) ? node : best));
  out(`${ADD_NODE.selected(labelOf(least, listing, style), style)}\n`);
  return least;
}

/** False when the new server has functions of its own: any, as with redis-cli. */
function sayFunctions({ typed, node }: Candidate, style: ClusterStyle, { out }: DropInContext): boolean {
  out(infoLine(ADD_NODE.getFunctions, style));
  const functions = node.facts?.functions;
  if (functions === undefined) {
    out(infoLine(ADD_NODE.noFunctions(style), style));
    return true;
  }
  out(infoLine(ADD_NODE.listFunctions(typed), style));
  if (functions.size > 0) {
    out(errorLine(ADD_NODE.hasFunctions, style));
    return false;
  }
  out(infoLine(ADD_NODE.restoreFunctions(typed), style));
  return true;
}

async function join(
  design: AddNodeDesign,
  typed: string,
  style: ClusterStyle,
  context: DropInContext,
): Promise<ExitCode> {
  const { out } = context;
  const plan = planAddNode(design, () => "keys");
  try {
    const event = teller(design, typed, style, context);
    await runOn(design.cluster, plan, { limits: DEFAULT_LIMITS }, { ...context, view: { event } });
  } catch (error) {
    if (!(error instanceof SlotctlError)) throw error;
    out(errorLine(`[ERR] ${[error.message, ...error.details].join("\n      ")}`, style));
    return ExitCode.Failed;
  }
  out(redisCliLine("ok", ADD_NODE.done, style));
  return ExitCode.Ok;
}

/** Says the lines of redis-cli as the steps behind them begin, with a dot for each second of waiting. */
function teller(
  { cluster, primaryOf }: AddNodeDesign,
  typed: string,
  style: ClusterStyle,
  { out }: DropInContext,
): (event: RunEvent) => void {
  const isReplica = primaryOf.size > 0;
  let dottedAt = Number.POSITIVE_INFINITY;
  return (event) => {
    if (event.type === "step-started" && event.step.kind === "meet") {
      out(infoLine(ADD_NODE.meet(typed), style) + (isReplica ? JOIN_WAIT.begin : ""));
      dottedAt = performance.now();
    } else if (event.type === "step-started" && event.step.kind === "replicate") {
      const [primary] = primaryOf.values();
      out(infoLine(ADD_NODE.replicate(labelOf(primary!, listingOf(cluster), style)), style));
    } else if (isReplica && event.type === "step-done" && event.step.kind === "meet") {
      out(JOIN_WAIT.end);
    } else if (isReplica && event.type === "waiting" && event.on === "join" && performance.now() - dottedAt >= 1000) {
      dottedAt = performance.now();
      out(JOIN_WAIT.dot);
    }
  };
}
