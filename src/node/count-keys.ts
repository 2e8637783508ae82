import { commandBytes } from "./command-bytes.ts";
import { sendInDatabase } from "./in-database.ts";
import { type Command, type Node, ServerError } from "./node.ts";
import { type BulkNode, isBulk } from "./pipelined-node.ts";
import { slotCommands } from "./slot-commands.ts";

/**
 * How many keys the server holds in each of these slots that holds any, over the databases (more than 0 only on Valkey
 * 9). SELECT and what depends on it go out in one write, so that users of the same connection do not disturb each other.
 * @throws ServerError when it does not let itself be asked
 */
export async function countKeys(
  server: Node,
  slots: readonly number[],
  databases: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const counts = new Map<number, number>();
  for (const database of databases) {
    await countEach(server, slots, database, (slot, keys) => counts.set(slot, (counts.get(slot) ?? 0) + keys));
  }
  return counts;
}

/**
 * How many keys of one database the server holds in all these slots together.
 * @throws ServerError when it does not let itself be asked
 */
export async function countKeysIn(server: Node, slots: readonly number[], database: number): Promise<number> {
  let total = 0;
  await countEach(server, slots, database, (_, keys) => {
    total += keys;
  });
  return total;
}

/** Tells of each slot that holds keys. All is asked at once: a server reads it bit by bit, and others in between. */
async function countEach(
  server: Node,
  slots: readonly number[],
  database: number,
  tell: (slot: number, keys: number) => void,
): Promise<void> {
  if (slots.length === 0) return;
  const counts = isBulk(server) ? await countByLines(server, slots, database) : await count(server, slots, database);
  for (let i = 0; i < slots.length; i++) if (counts[i]! > 0) tell(slots[i]!, counts[i]!);
}

async function count(server: Node, slots: readonly number[], database: number): Promise<readonly number[]> {
  const counting = slots.map((slot): Command => ["CLUSTER", "COUNTKEYSINSLOT", slot]);
  return (await sendInDatabase(server, database, counting)).map(Number);
}

/** Where neither questions nor answers need to be objects: all slots of a node are asked about. */
async function countByLines(server: BulkNode, slots: readonly number[], database: number): Promise<readonly number[]> {
  const before = database === 0 ? 0 : 1;
  const questions = slotCommands(["CLUSTER", "COUNTKEYSINSLOT"], slots);
  const select = (to: number) => commandBytes([["SELECT", to]]);
  const all = before > 0 ? Buffer.concat([select(database), questions, select(0)]) : questions;
  const replies = await server.sendForLines(all, slots.length + 2 * before);
  const refusal = replies.error(0);
  if (refusal !== undefined) throw refusal;
  const counts: number[] = [];
  for (let i = 0; i < slots.length; i++) {
    const keys = replies.integer(i + before);
    if (keys === undefined) throw replies.error(i + before) ?? new ServerError("ERR no count");
    counts.push(keys);
  }
  return counts;
}
