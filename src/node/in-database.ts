import { type BinaryReply, type Command, type Node, ServerError } from "./node.ts";

/**
 * Sends commands that are meant for one database (more than 0 only on Valkey 9). SELECT goes out in the same write, so
 * that other users of the connection stay in theirs.
 * @throws ServerError, the first refusal
 */
export async function sendInDatabase(
  server: Node,
  database: number,
  commands: readonly Command[],
): Promise<readonly BinaryReply[]> {
  if (commands.length === 0) return [];
  const wrapped: readonly Command[] = database === 0 ? commands : [["SELECT", database], ...commands, ["SELECT", 0]];
  const replies = await server.sendAllBinary(wrapped);
  const refusal = replies.find((reply) => reply instanceof ServerError);
  if (refusal instanceof ServerError) throw refusal;
  const answers = replies as readonly BinaryReply[];
  return database === 0 ? answers : answers.slice(1, -1);
}
