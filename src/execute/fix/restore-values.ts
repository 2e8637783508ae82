import { hasSlot } from "../../model/slot.ts";
import { type BinaryReply, type Command, ServerError } from "../../node/node.ts";
import type { NodeRef } from "../../plan/plan.ts";
import { type Executor, nodeOf, viewOf } from "../executor.ts";
import { commandRefused } from "../failures.ts";
import type { LostValue } from "../move/conflicts.ts";

export interface Restored {
  /** How many keys have the value of the file now that had not. */
  readonly restored: number;
  /** Values whose time to live has ended meanwhile. */
  readonly expired: number;
}

/**
 * Puts values back under their keys, at whoever owns their slots now. What is there goes to `keepLost` first, so that
 * doing this once more undoes it.
 * @throws SlotctlError when a server refuses
 */
export async function restoreValues(values: readonly LostValue[], executor: Executor): Promise<Restored> {
  let restored = 0;
  let expired = 0;
  for (const value of values) {
    executor.signal.throwIfAborted();
    const outcome = await restore(value, executor);
    if (outcome === "restored") restored++;
    if (outcome === "expired") expired++;
  }
  return { restored, expired };
}

async function restore(value: LostValue, executor: Executor): Promise<"restored" | "same" | "expired"> {
  const { key, slot, database, dump, expiresAt } = value;
  const owner = await ownerOf(slot, executor);
  const [present, left, time] = await ask(owner, database, [["DUMP", key], ["PTTL", key], ["TIME"]], executor);
  const now = millisecondsIn(time);
  if (expiresAt !== 0 && expiresAt <= now) return "expired";
  if (Buffer.isBuffer(present)) {
    if (present.equals(dump)) return "same";
    const rest = Number(left);
    const held = { key, slot, database, dump: present, expiresAt: rest < 0 ? 0 : now + rest };
    await executor.keepLost?.({ ...held, heldBy: owner, keptOn: owner });
  }
  await ask(owner, database, [["RESTORE", key, expiresAt, dump, "REPLACE", "ABSTTL"]], executor);
  return "restored";
}

async function ownerOf(slot: number, executor: Executor): Promise<NodeRef> {
  for (const witness of executor.witnesses) {
    const { myself } = await viewOf(executor, witness);
    if (myself.role === "primary" && hasSlot(myself.slots, slot)) return witness;
  }
  throw commandRefused(`Restoring a key of slot ${slot}`, executor.witnesses[0]!, new Error("nobody owns the slot"));
}

async function ask(
  owner: NodeRef,
  database: number,
  commands: readonly Command[],
  executor: Executor,
): Promise<readonly (BinaryReply | undefined)[]> {
  const server = await nodeOf(executor, owner);
  const around = (select: number): Command[] => (database === 0 ? [] : [["SELECT", select]]);
  const replies = await server.sendAllBinary([...around(database), ...commands, ...around(0)]);
  const refusal = replies.find((reply) => reply instanceof ServerError);
  if (refusal instanceof ServerError) throw commandRefused(String(commands[0]![0]), owner, refusal);
  return replies.slice(database === 0 ? 0 : 1) as readonly BinaryReply[];
}

/** TIME answers seconds and microseconds. */
function millisecondsIn(time: BinaryReply | undefined): number {
  const [seconds = 0, micros = 0] = Array.isArray(time) ? time.map((part) => Number(String(part))) : [];
  return Math.round(seconds * 1000 + micros / 1000);
}
