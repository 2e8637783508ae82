import type { ChalkInstance } from "chalk";
import { formatAddress } from "../model/address.ts";
import type { Answer, NodeAnswer } from "../model/node-answer.ts";
import { replyDocument, replyLines } from "./reply-text.ts";
import type { Result } from "./view.ts";
import { count, nodeName } from "./words.ts";

type CallResult = Extract<Result, { kind: "call" }>;

/** Equal answers once, with the nodes that gave them: what differs is what catches the eye. */
export function callLines({ answers }: CallResult, chalk: ChalkInstance): readonly string[] {
  return groupsOf(answers).flatMap((group, i) => [
    ...(i === 0 ? [] : [""]),
    chalk.bold(groupTitle(group, answers.length)),
    ...answerLines(group[0]!.answer, chalk).map((line) => `  ${line}`),
  ]);
}

function groupsOf(answers: readonly NodeAnswer[]): readonly (readonly NodeAnswer[])[] {
  const groups = new Map<string, NodeAnswer[]>();
  for (const answer of answers) {
    const key = JSON.stringify(answer.answer);
    groups.set(key, [...(groups.get(key) ?? []), answer]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

function groupTitle(group: readonly NodeAnswer[], all: number): string {
  if (group.length === 1) return nodeName(group[0]!.node);
  if (group.length === all) return `all ${count(all, "node")}`;
  return `${count(group.length, "node")}: ${group.map(({ node }) => formatAddress(node.address)).join(", ")}`;
}

function answerLines(answer: Answer, chalk: ChalkInstance): readonly string[] {
  switch (answer.kind) {
    case "reply":
      return replyLines(answer.reply);
    case "refused":
      return [`${chalk.red("refused")}  ${answer.message}`];
    case "unreachable":
      return [`${chalk.red("no answer")}  ${answer.message}`];
  }
}

export function callDocument({ words, answers, ok }: CallResult): object {
  return {
    ok,
    command: "call",
    words: words.map(replyDocument),
    answers: answers.map(({ node, answer }) => ({
      id: node.id,
      address: formatAddress(node.address),
      role: node.role,
      ...(answer.kind === "reply"
        ? { reply: replyDocument(answer.reply) }
        : { error: { kind: answer.kind, message: answer.message } }),
    })),
  };
}
