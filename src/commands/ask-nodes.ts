import { SlotctlError } from "../errors.ts";
import type { ClusterNode } from "../model/cluster.ts";
import type { Answer, NodeAnswer } from "../model/node-answer.ts";
import type { Connections } from "../node/connections.ts";
import { type Command, ServerError } from "../node/node.ts";
import { mapConcurrently } from "../survey/map-concurrently.ts";

const NODES_AT_A_TIME = 64;

/** Sends a command to each of the nodes, side by side, and returns what each said, in the same order. */
export function askNodes(
  nodes: readonly ClusterNode[],
  command: Command | ((node: ClusterNode) => Command),
  connections: Connections,
): Promise<readonly NodeAnswer[]> {
  return mapConcurrently(nodes, NODES_AT_A_TIME, async (node) => ({
    node,
    answer: await answerOf(node, typeof command === "function" ? command(node) : command, connections),
  }));
}

async function answerOf(node: ClusterNode, command: Command, connections: Connections): Promise<Answer> {
  // One that the survey could not reach would only be waited for once more.
  if (node.unreachable !== undefined) return { kind: "unreachable", message: node.unreachable.message };
  try {
    const [outcome] = await (await connections.to(node.dial)).sendAllBinary([command]);
    if (outcome instanceof ServerError) return { kind: "refused", message: outcome.message };
    return { kind: "reply", reply: outcome ?? null };
  } catch (error) {
    if (error instanceof SlotctlError) return { kind: "unreachable", message: error.message };
    throw error;
  }
}
