import { type Command, type Node, ServerError } from "./node.ts";

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

async function countIn(server: Node, slots: readonly number[], database: number): Promise<readonly number[]> {
  const counting = slots.map((slot): Command => ["CLUSTER", "COUNTKEYSINSLOT", slot]);
  const commands: Command[] = database === 0 ? counting : [["SELECT", database], ...counting, ["SELECT", 0]];
  const replies = await server.sendAll(commands);
  const refusal = replies.find((reply) => reply instanceof ServerError);
  if (refusal instanceof ServerError) throw refusal;
  return (database === 0 ? replies : replies.slice(1, -1)).map(Number);
}
