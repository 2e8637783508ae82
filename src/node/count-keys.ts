import { CommandWriter } from "./command-bytes.ts";
import { type Command, type Node, ServerError } from "./node.ts";
import type { PackedReplies } from "./packed-replies.ts";
import { type BulkNode, isBulk } from "./pipelined-node.ts";

/** So many slots are asked about in one write; a server answers them in a few milliseconds. */
const SLOTS_A_WRITE = 2048;

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
    for (let first = 0; first < slots.length; first += SLOTS_A_WRITE) {
      const asked = slots.slice(first, first + SLOTS_A_WRITE);
      for (const [i, keys] of (await countIn(server, asked, database)).entries()) {
        if (keys > 0) counts.set(asked[i]!, (counts.get(asked[i]!) ?? 0) + keys);
      }
    }
  }
  return counts;
}

function countIn(server: Node, slots: readonly number[], database: number): Promise<readonly number[]> {
  return isBulk(server) ? countPacked(server, slots, database) : countEach(server, slots, database);
}

async function countEach(server: Node, slots: readonly number[], database: number): Promise<readonly number[]> {
  const counting = slots.map((slot): Command => ["CLUSTER", "COUNTKEYSINSLOT", slot]);
  const commands: Command[] = database === 0 ? counting : [["SELECT", database], ...counting, ["SELECT", 0]];
  const replies = await server.sendAll(commands);
  const refusal = replies.find((reply) => reply instanceof ServerError);
  if (refusal instanceof ServerError) throw refusal;
  return (database === 0 ? replies : replies.slice(1, -1)).map(Number);
}

/** Where neither questions nor answers need to be objects: all slots of a node are asked about. */
async function countPacked(server: BulkNode, slots: readonly number[], database: number): Promise<readonly number[]> {
  const before = database === 0 ? 0 : 1;
  const out = new CommandWriter((slots.length + 2) * BYTES_A_QUESTION);
  if (before > 0) writeSelect(out, database);
  for (const slot of slots) {
    out.raw(QUESTION);
    out.text(String(slot));
  }
  if (before > 0) writeSelect(out, 0);
  const replies = await server.sendPacked(out.done(), slots.length + 2 * before);
  const refusal = replies.error(0);
  if (refusal !== undefined) throw refusal;
  return slots.map((_, i) => countAt(replies, i + before));
}

function countAt(replies: PackedReplies, at: number): number {
  const count = replies.integer(at);
  if (count === undefined) throw replies.error(at) ?? new ServerError("ERR no count");
  return count;
}

function writeSelect(out: CommandWriter, database: number): void {
  out.begin(2);
  out.text("SELECT");
  out.text(String(database));
}

/** What stands before the slot. */
const QUESTION = Buffer.from("*3\r\n$7\r\nCLUSTER\r\n$15\r\nCOUNTKEYSINSLOT\r\n");
const BYTES_A_QUESTION = QUESTION.length + 16;
