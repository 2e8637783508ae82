import { readFileSync } from "node:fs";
import { ExitCode, SlotctlError } from "../errors.ts";
import type { ClusterNode } from "../model/cluster.ts";
import { type CommandDanger, dangerOf } from "../plan/command-danger.ts";
import { commandInfo } from "../survey/command-info.ts";
import { survey } from "../survey/survey.ts";
import { askNodes } from "./ask-nodes.ts";
import { chosenNodes, type NodeChoice } from "./chosen-nodes.ts";
import type { Context } from "./context.ts";

export interface CallOptions extends NodeChoice {
  /** The command and its arguments, as the bytes that they are. */
  readonly words: readonly Buffer[];
  /** Take one more argument from standard input. */
  readonly lastFromStdin: boolean;
}

/**
 * Sends one command to every chosen node and shows what each said, equal answers together. Fails when any node did not
 * answer, or answered with an error.
 */
export async function call(options: CallOptions, context: Context): Promise<ExitCode> {
  const { seeds, connections, view } = context;
  const words = [...options.words, ...(options.lastFromStdin ? [readFileSync(0)] : [])];
  const cluster = await survey(seeds, connections);
  const nodes = chosenNodes(cluster, options);
  await askFirst(words, nodes, context);
  const answers = await askNodes(nodes, words, connections);
  const ok = answers.every(({ answer }) => answer.kind === "reply");
  view.result({ kind: "call", words, answers, ok });
  return ok ? ExitCode.Ok : ExitCode.Failed;
}

/** Commands that destroy or block are asked about; what is what, the server itself says. */
async function askFirst(words: readonly Buffer[], nodes: readonly ClusterNode[], context: Context): Promise<void> {
  const { connections, view, confirm } = context;
  const reached = nodes.find((node) => node.view !== undefined);
  const info = reached === undefined ? undefined : await commandInfo(await connections.to(reached.dial), words);
  const danger = info === undefined || info === "untold" ? info : dangerOf(info);
  if (info === undefined || danger === undefined) return;
  const name = info === "untold" ? String(words[0]).toUpperCase() : info.name.replace("|", " ").toUpperCase();
  if (danger === "endless") throw neverAnswers(name);
  view.warning(`${name} ${DANGERS[danger]}`);
  const agreed = await confirm(`Send ${name} to ${nodes.length === 1 ? "1 node" : `${nodes.length} nodes`}?`).catch(
    (error: unknown) => {
      throw error instanceof SlotctlError && error.code === "NOTHING_TO_ASK_WITH" ? nobodyToAsk(name) : error;
    },
  );
  if (!agreed) throw new SlotctlError("Declined: nothing was sent", { code: "DECLINED", exitCode: ExitCode.Declined });
}

function nobodyToAsk(name: string): SlotctlError {
  return new SlotctlError(`${name} needs consent, and there is no terminal to ask for it`, {
    code: "NOTHING_TO_ASK_WITH",
    exitCode: ExitCode.Usage,
    hint: "Nothing was sent. Add --yes to send it",
  });
}

const DANGERS: Readonly<Record<Exclude<CommandDanger, "endless"> | "untold", string>> = {
  writes: "changes data, and is sent to every node by itself: redirects are not followed",
  blocks: "may block a node for as long as it likes",
  dangerous: "is one that the servers themselves call dangerous",
  untold: "may do anything: this user is not allowed to ask what it does (COMMAND INFO)",
};

function neverAnswers(name: string): SlotctlError {
  return new SlotctlError(`${name} takes a connection for itself and cannot be called on many nodes`, {
    code: "NOT_CALLABLE",
    exitCode: ExitCode.Usage,
    hint: "Use redis-cli or valkey-cli on one node for it",
  });
}
