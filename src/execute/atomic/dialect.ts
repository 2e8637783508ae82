import { type Node, type Outcome, ServerError } from "../../node/node.ts";

/** Whose commands move slots atomically: those of Valkey 9.0 and up, or those of Redis 8.4 and up. */
export type AtomicDialect = "valkey" | "redis";

const found = new WeakMap<Node, readonly AtomicDialect[]>();

/** What both servers speak, found by asking them for the commands; undefined when either lacks it or they differ. */
export async function atomicDialectOf(source: Node, target: Node): Promise<AtomicDialect | undefined> {
  const [ofSource, ofTarget] = await Promise.all([dialectsOf(source), dialectsOf(target)]);
  return ofSource.find((dialect) => ofTarget.includes(dialect));
}

/** What this server speaks, found by asking it for the commands. */
export async function dialectsOf(node: Node): Promise<readonly AtomicDialect[]> {
  const known = found.get(node);
  if (known !== undefined) return known;
  const outcomes = await node.sendAll([
    ["COMMAND", "INFO", "cluster|migrateslots"],
    ["COMMAND", "INFO", "cluster|migration"],
  ]);
  const dialects = (["valkey", "redis"] as const).filter((_, i) => isKnown(outcomes[i]));
  found.set(node, dialects);
  return dialects;
}

/** A list of one: what the command is, or null when the server has no such command. A server that refuses lacks it. */
function isKnown(outcome: Outcome | undefined): boolean {
  return !(outcome instanceof ServerError) && Array.isArray(outcome) && outcome[0] != null;
}
