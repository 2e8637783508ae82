import { ExitCode } from "../errors.ts";
import type { Address } from "../model/address.ts";
import type { NodeAnswer } from "../model/node-answer.ts";
import { survey } from "../survey/survey.ts";
import { callText } from "../view/redis-cli/call-text.ts";
import { discoveryText } from "../view/redis-cli/discovery-text.ts";
import { listedNodes } from "../view/redis-cli/listing.ts";
import { type ClusterStyle, redisCliLine } from "../view/redis-cli/style.ts";
import { timeoutLine } from "../view/redis-cli/timeout-text.ts";
import { askNodes } from "./ask-nodes.ts";
import { clusterStyle } from "./drop-in-check.ts";
import type { DropInContext } from "./drop-in-context.ts";

export interface DropInCallOptions {
  readonly address: Address;
  readonly words: readonly string[];
  readonly only?: "primaries" | "replicas" | undefined;
}

/** `--cluster call`: as redis-cli says it. Unlike there it is no success when a node failed. */
export async function dropInCall({ address, words, only }: DropInCallOptions, context: DropInContext) {
  const { nodes, style } = await lookAt(address, context);
  context.out(redisCliLine("info", `>>> Calling ${words.join(" ")}`, style));
  const role = only === "primaries" ? "primary" : "replica";
  const asked = nodes.filter((node) => only === undefined || node.role === role);
  const answers = await askNodes(asked, words, context.connections);
  context.out(callText(answers, nodes[0], style));
  return answers.every(isReply) ? ExitCode.Ok : ExitCode.Failed;
}

/** `--cluster set-timeout`: every node one after the other in what is said, side by side in what is done. */
export async function dropInSetTimeout(address: Address, milliseconds: number, context: DropInContext) {
  const { nodes, style } = await lookAt(address, context);
  const { connections, out } = context;
  out(redisCliLine("info", ">>> Reconfiguring node timeout in every cluster node...", style));
  const set = await askNodes(nodes, ["CONFIG", "SET", "cluster-node-timeout", milliseconds], connections);
  const taken = set.filter(isReply).map(({ node }) => node);
  const written = await askNodes(taken, ["CONFIG", "REWRITE"], connections);
  const outcomes = set.map((one) => (isReply(one) ? written.find(({ node }) => node === one.node)! : one));
  for (const outcome of outcomes) out(timeoutLine(outcome, nodes[0], style));
  const ok = outcomes.filter(isReply).length;
  out(redisCliLine("info", `>>> New node timeout set. ${ok} OK, ${outcomes.length - ok} ERR.`, style));
  return ok === outcomes.length ? ExitCode.Ok : ExitCode.Failed;
}

async function lookAt(address: Address, context: DropInContext) {
  const cluster = await survey([address], context.connections);
  const style: ClusterStyle = clusterStyle(cluster, address, context);
  context.out(discoveryText(cluster, style));
  return { nodes: listedNodes(cluster), style };
}

function isReply({ answer }: NodeAnswer): boolean {
  return answer.kind === "reply";
}
