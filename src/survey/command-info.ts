import type { CommandInfo } from "../model/command-info.ts";
import { type Node, type Reply, ServerError } from "../node/node.ts";

/**
 * What the server knows of a command as it was typed; of the subcommand where it has one (servers since 7.0 tell of
 * these as "config|set"). Undefined when it does not know the command; "untold" when this user may not ask.
 */
export async function commandInfo(node: Node, words: readonly Buffer[]): Promise<CommandInfo | undefined | "untold"> {
  const [name = "", sub = ""] = words.map((word) => word.toString("latin1").toLowerCase());
  const asked = [name, ...(sub === "" ? [] : [`${name}|${sub}`])];
  const [outcome] = await node.sendAll([["COMMAND", "INFO", ...asked]]);
  if (outcome instanceof ServerError || !Array.isArray(outcome)) return "untold";
  const infos = outcome.map(parseInfo);
  return infos[1] ?? infos[0];
}

/** Name, arity, flags, first key, last key, step, and since 6.0 ACL categories. */
function parseInfo(reply: Reply): CommandInfo | undefined {
  if (!Array.isArray(reply)) return undefined;
  const [name, , flags, , , , categories] = reply;
  return { name: String(name).toLowerCase(), flags: wordsOf(flags), categories: wordsOf(categories) };
}

function wordsOf(reply: Reply | undefined): readonly string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}
