import { ExitCode, SlotctlError } from "../errors.ts";
import type { RunEvent } from "../execute/events.ts";
import { DEFAULT_LIMITS } from "../execute/executor.ts";
import type { Address } from "../model/address.ts";
import { type Cluster, type ClusterNode, membersOf, nodeById } from "../model/cluster.ts";
import { designDelNode, planDelNode } from "../plan/del-node.ts";
import { survey } from "../survey/survey.ts";
import { delNodeProblemText } from "../view/members-text.ts";
import { discoveryText } from "../view/redis-cli/discovery-text.ts";
import { labelOf, listingOf } from "../view/redis-cli/listing.ts";
import { DEL_NODE, errorLine, infoLine } from "../view/redis-cli/members-text.ts";
import { type ClusterStyle, redisCliAddress, redisCliLine } from "../view/redis-cli/style.ts";
import { clusterStyle } from "./drop-in-check.ts";
import { type DropInContext, isSinceValkey91, sayUnreachable } from "./drop-in-context.ts";
import { runOn } from "./run-kept.ts";

export interface DropInDelNodeOptions {
  readonly address: Address;
  /** As typed. */
  readonly nodeId: string;
}

/** `--cluster del-node`: the planner and the executor of `slotctl del-node`, in the words of redis-cli. */
export async function dropInDelNode(
  { address, nodeId }: DropInDelNodeOptions,
  context: DropInContext,
): Promise<ExitCode> {
  const { out } = context;
  out(infoLine(DEL_NODE.begin(nodeId, redisCliAddress(address)), context));
  const cluster = await survey([address], context.connections);
  const style = clusterStyle(cluster, address, context);
  out(discoveryText(cluster, style));
  // A dead node is found too, and an id in capitals: redis-cli can remove neither.
  const node = membersOf(cluster).find(({ id }) => id === nodeId.toLowerCase());
  if (node === undefined) {
    sayUnreachable(cluster, true, context);
    out(errorLine(DEL_NODE.noSuchNode(nodeId), style));
    return ExitCode.Failed;
  }
  const label = labelOf(node, listingOf(cluster), style);
  if (node.role === "primary" && node.slots.length > 0) {
    out(errorLine(DEL_NODE.notEmpty(label), style));
    return ExitCode.Failed;
  }
  const request = { cluster, leaving: [node.id], drain: false, reset: "soft", shutdown: false } as const;
  const outcome = designDelNode(request);
  if (outcome.kind === "refused") {
    for (const problem of outcome.problems) out(errorLine(`[ERR] ${delNodeProblemText(problem, cluster)}`, style));
    return ExitCode.Failed;
  }
  out(infoLine(DEL_NODE.forget, style));
  const plan = planDelNode(outcome.design, () => "keys");
  try {
    await runOn(
      cluster,
      plan,
      { limits: DEFAULT_LIMITS },
      { ...context, view: { event: teller(cluster, style, context) } },
    );
  } catch (error) {
    if (!(error instanceof SlotctlError)) throw error;
    out(errorLine(`[ERR] ${[error.message, ...error.details].join("\n      ")}`, style));
    return ExitCode.Failed;
  }
  if (node.view === undefined) out(infoLine(DEL_NODE.noReset(label), style));
  if (isSinceValkey91(cluster)) out(redisCliLine("ok", DEL_NODE.done(node.id), style));
  return ExitCode.Ok;
}

function teller(cluster: Cluster, style: ClusterStyle, { out }: DropInContext): (event: RunEvent) => void {
  const listing = listingOf(cluster);
  const label = (id: ClusterNode["id"]) => labelOf(nodeById(cluster, id)!, listing, style);
  return (event) => {
    if (event.type !== "step-started") return;
    const { step } = event;
    if (step.kind === "replicate")
      out(infoLine(DEL_NODE.replicate(label(step.node.id), label(step.primary.id)), style));
    if (step.kind === "reset") out(infoLine(DEL_NODE.reset, style));
  };
}
