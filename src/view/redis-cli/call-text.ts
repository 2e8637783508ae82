import type { ClusterNode } from "../../model/cluster.ts";
import type { Answer, BinaryReply, NodeAnswer } from "../../model/node-answer.ts";
import { type ClusterStyle, redisCliAddress } from "./style.ts";

/** "host:port: <reply>" for each node; the reply raw, one element a line, an error with one more newline. */
export function callText(
  answers: readonly NodeAnswer[],
  seed: ClusterNode | undefined,
  { seedLabel }: ClusterStyle,
): string {
  const labelOf = (node: ClusterNode) => (node.id === seed?.id ? seedLabel : redisCliAddress(node));
  return answers.map(({ node, answer }) => `${labelOf(node)}: ${answerText(answer)}\n`).join("");
}

function answerText(answer: Answer): string {
  switch (answer.kind) {
    case "reply":
      return rawText(answer.reply);
    case "refused":
      return `${answer.message}\n`;
    case "unreachable":
      return "Failed!";
  }
}

function rawText(reply: BinaryReply): string {
  if (reply === null) return "";
  if (typeof reply === "number") return String(reply);
  if (Array.isArray(reply)) return (reply as readonly BinaryReply[]).map(rawText).join("\n");
  return (reply as Buffer).toString("utf8");
}
