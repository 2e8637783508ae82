import { type Command, ServerError } from "../../node/node.ts";
import { type Patience, waitUntil } from "../../node/wait-until.ts";
import { type BigKey, findBigKeys, timeoutFor } from "./big-keys.ts";
import type { Conflicts } from "./conflicts.ts";
import type { Lane } from "./lane.ts";
import { type Batch, bulkTimeout, migrateCommand } from "./migrate-command.ts";
import { keyConflict, migrateFailed } from "./move-failures.ts";
import { compareKeys, findConflicts } from "./same-keys.ts";

/** Refusals that pass by themselves: a timeout, a target that is loading or has just lost its place in the cluster. */
const PASSING = /IOERR|LOADING|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|BUSY /;

/** A target that is out of reach for longer may have failed over: then both ends are to be looked at again. */
const OUT_OF_REACH_MS = 3_000;

/**
 * Makes the best of a refused MIGRATE. Some of its keys may have arrived all the same: what is there is looked at
 * before it is replaced.
 * @throws SlotctlError when the keys cannot be moved; each is then at the source, or at the target, or the same at both
 */
export async function settle(lane: Lane, batch: Batch, refusal: ServerError): Promise<void> {
  const isTimeout = /IOERR/.test(refusal.message);
  // Another MIGRATE to a target that does not answer would only make the source stand still again.
  if (isTimeout) await lane.target.send("CLUSTER", "MYID");
  const big = isTimeout ? await findBigKeys(lane, batch.keys) : [];
  const small = { ...batch, keys: batch.keys.filter((key) => !big.some((other) => other.key === key)) };
  const { migrateTimeoutMs } = lane.executor.limits;
  if (small.keys.length > 0) await migrateAgain(lane, small, refusal, bulkTimeout(1, migrateTimeoutMs));
  for (const key of big) await migrateAlone(lane, batch, key, refusal);
  lane.moved(batch.keys.length, batch.slot);
}

/** With as much time as its size asks for, over a connection that waits so long. */
async function migrateAlone(lane: Lane, batch: Batch, big: BigKey, refusal: ServerError): Promise<void> {
  const { connections, limits } = lane.executor;
  const timeoutMs = timeoutFor(big, limits.migrateTimeoutMs);
  const source = await connections.open(lane.source.address, timeoutMs + connections.settings.commandTimeout);
  try {
    if (batch.database !== 0) await source.send("SELECT", batch.database);
    await migrateAgain({ ...lane, source }, { ...batch, keys: [big.key] }, refusal, timeoutMs);
  } finally {
    source.close();
  }
}

async function migrateAgain(lane: Lane, batch: Batch, refusal: ServerError, timeoutMs: number): Promise<void> {
  const { source, step } = lane;
  const how = { timeoutMs };
  let last = refusal;
  const done = await waitUntil(
    async () => {
      if (/BUSYKEY/.test(last.message)) return replaceEqual(lane, batch, how);
      if (!PASSING.test(last.message)) throw migrateFailed(batch.slot, step.from, step.to, last);
      const [reply] = await source.sendAllBinary([migrateCommand(lane, batch, how)]);
      if (!(reply instanceof ServerError)) return true;
      last = reply;
      return /BUSYKEY/.test(last.message) ? replaceEqual(lane, batch, how) : undefined;
    },
    patienceFor(lane, refusal),
  );
  if (done === undefined) throw migrateFailed(batch.slot, step.from, step.to, last);
}

function patienceFor({ patience }: Lane, { message }: ServerError): Patience {
  return /IOERR/.test(message) ? { ...patience, timeout: Math.min(patience.timeout, OUT_OF_REACH_MS) } : patience;
}

/**
 * The target holds some of these keys already, as after a MIGRATE that timed out once they had arrived. What is equal
 * on both sides is replaced by itself; where it differs, neither is touched, unless it was said which counts.
 */
async function replaceEqual(lane: Lane, batch: Batch, how: { readonly timeoutMs: number }): Promise<true | undefined> {
  const { step, source, target, executor, conflicts } = lane;
  if (conflicts?.isTargetInUse === true) return dropEqual(lane, conflicts, batch, how);
  const { slot, database, keys } = batch;
  const select: Command[] = lane.databases.length > 1 ? [["SELECT", database]] : [];
  const found = await findConflicts(keys, { source, target, select });
  const [conflict, ...others] = found;
  if (conflict !== undefined && conflicts === undefined) {
    throw keyConflict(conflict, slot, step.from, step.to, others.length);
  }
  for (const key of found) await conflicts?.settle({ key, slot, database }, lane);
  const going = { ...batch, keys: keys.filter((key) => conflicts?.isLeft(slot, database, key) !== true) };
  if (going.keys.length === 0) return true;
  const [reply] = await source.sendAllBinary([migrateCommand(lane, going, { ...how, replace: true })]);
  if (reply instanceof ServerError) throw migrateFailed(slot, step.from, step.to, reply);
  if (found.length > 0) return true;
  executor.emit({
    type: "notice",
    text: `slot ${slot}: keys that were already there with the same value were replaced`,
  });
  return true;
}

/**
 * The same where clients write at the target: between the look at both values and a replacement one of them could write,
 * and lose that. So of two equal values the source's goes, and only what was decided against is replaced. What the target
 * has got since is looked at again.
 */
async function dropEqual(
  lane: Lane,
  conflicts: Conflicts,
  batch: Batch,
  how: { readonly timeoutMs: number },
): Promise<true | undefined> {
  const { step, source, target, executor } = lane;
  const { slot, database, keys } = batch;
  const select: Command[] = lane.databases.length > 1 ? [["SELECT", database]] : [];
  const { equal, different } = await compareKeys(keys, { source, target, select });
  for (const key of different) await conflicts.settle({ key, slot, database }, lane);
  const decided = different.filter((key) => !conflicts.isLeft(slot, database, key));
  const rest = keys.filter((key) => !equal.includes(key) && !different.includes(key));
  const commands = [
    ...equal.flatMap((key): Command[] => [["ASKING"], ["DEL", key]]),
    ...(decided.length === 0 ? [] : [migrateCommand(lane, { ...batch, keys: decided }, { ...how, replace: true })]),
    ...(rest.length === 0 ? [] : [migrateCommand(lane, { ...batch, keys: rest }, how)]),
  ];
  const replies = commands.length === 0 ? [] : await source.sendAllBinary(commands);
  const refused = replies.find((reply) => reply instanceof ServerError);
  if (equal.length > 0) {
    executor.emit({
      type: "notice",
      text: `slot ${slot}: keys that were already there with the same value were deleted where they are not looked for`,
    });
  }
  if (refused instanceof ServerError) {
    if (/BUSYKEY/.test(refused.message)) return undefined;
    throw migrateFailed(slot, step.from, step.to, refused);
  }
  return true;
}
