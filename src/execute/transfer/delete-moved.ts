import { serverRefused } from "../../node/failures.ts";
import { type Command, ServerError } from "../../node/node.ts";
import { expireTogether } from "./entry.ts";
import { type KeyReader, valuesOrThrow } from "./key-reader.ts";
import type { Value, Values } from "./values.ts";

export interface Deletion {
  /** How many the server has deleted for us: one that is gone already, for SCAN named it twice, is none of them. */
  readonly deleted: number;
  /** Written to since they were read: deleting them would lose that write. */
  readonly changed: readonly Buffer[];
}

/** Has the server tell at the next EXEC whether anybody writes to these keys from now on. */
export async function watch({ node }: KeyReader, keys: readonly Buffer[]): Promise<void> {
  const [reply] = await node.sendAllBinary([["WATCH", ...keys]]);
  if (reply instanceof ServerError) throw serverRefused(node.address, reply);
}

/**
 * Deletes keys that have arrived elsewhere, by their place in what was read, unless somebody wrote to them since. With
 * `watched`, WATCH went before the reading: then all of them go in one transaction, and only if that fails are they
 * looked at singly.
 */
export async function deleteMoved(
  reader: KeyReader,
  values: Values,
  arrived: readonly number[],
  watched: boolean,
): Promise<Deletion> {
  if (arrived.length === 0) {
    if (watched) await reader.node.sendAllBinary([["UNWATCH"]]);
    return { deleted: 0, changed: [] };
  }
  const keys = arrived.map((index) => values.keys[index]!);
  const together = watched ? await unlinkAll(reader, keys) : undefined;
  if (together !== undefined) return { deleted: together, changed: [] };
  let deleted = 0;
  const changed: Buffer[] = [];
  for (const index of arrived) {
    const key = values.keys[index]!;
    const unlinked = await deleteOne(reader, key, values.outcome(index) as Value);
    if (unlinked === undefined) changed.push(key);
    else deleted += unlinked;
  }
  return { deleted, changed };
}

/** How many were deleted: none where it is gone, for it expired or somebody else deleted it. Undefined: written to. */
async function deleteOne(reader: KeyReader, key: Buffer, copied: Value): Promise<number | undefined> {
  await watch(reader, [key]);
  const value = valuesOrThrow(reader.node, await reader.read([key], { askExpiry: true })).outcome(0) as
    | Value
    | undefined;
  if (value === undefined) {
    await reader.node.sendAllBinary([["UNWATCH"]]);
    return 0;
  }
  if (!value.payload.equals(copied.payload) || !expireTogether(value.expiresAt, copied.expiresAt)) {
    await reader.node.sendAllBinary([["UNWATCH"]]);
    return undefined;
  }
  return unlinkAll(reader, [key]);
}

/** How many there were; undefined when a watched key was written to. */
async function unlinkAll({ node }: KeyReader, keys: readonly Buffer[]): Promise<number | undefined> {
  const commands: Command[] = [["MULTI"], ["UNLINK", ...keys], ["EXEC"]];
  const replies = await node.sendAllBinary(commands);
  const refusal = replies.find((reply) => reply instanceof ServerError);
  if (refusal instanceof ServerError) throw serverRefused(node.address, refusal);
  const done = replies[2];
  if (Array.isArray(done) && done[0] instanceof ServerError) throw serverRefused(node.address, done[0]);
  return Array.isArray(done) ? Number(done[0]) : undefined;
}
