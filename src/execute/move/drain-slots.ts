import { commandBytes } from "../../node/command-bytes.ts";
import { BulkList } from "../../node/list-replies.ts";
import { type Command, ServerError } from "../../node/node.ts";
import { slotCommands } from "../../node/slot-commands.ts";
import { waitUntil } from "../../node/wait-until.ts";
import type { Lane } from "./lane.ts";
import { bulkTimeout, migrateCommands, type RawBatch } from "./migrate-command.ts";
import { migrateFailed } from "./move-failures.ts";
import { settle } from "./settle.ts";

/**
 * Moves every key of the open slots from the source to the target, or until the grace is over. Keys that expire or are
 * deleted meanwhile are no loss.
 */
export async function drainSlots(lane: Lane, slots: readonly number[]): Promise<void> {
  for (const database of lane.databases) {
    if (lane.databases.length > 1) await lane.source.send("SELECT", database);
    await drainDatabase(lane, slots, database);
  }
  if (lane.databases.length > 1) await lane.source.send("SELECT", 0);
}

async function drainDatabase(lane: Lane, slots: readonly number[], database: number): Promise<void> {
  let left = slots;
  while (left.length > 0 && !lane.grace.isOver(performance.now())) {
    const { batches, unfinished } = await nextBatches(lane, left, database);
    await migrate(lane, batches);
    left = unfinished;
  }
}

interface Fetched {
  readonly batches: readonly RawBatch[];
  /** The slots that may hold more keys than were fetched. */
  readonly unfinished: readonly number[];
}

/** Fetches the first keys of these slots, in their order. */
async function nextBatches(lane: Lane, slots: readonly number[], database: number): Promise<Fetched> {
  const perSlot = Math.min(lane.executor.limits.pipeline, lane.pace.keysAtOnce);
  const asked = slots.slice(0, SLOTS_A_FETCH);
  const replies = await lane.source.sendForLists(askingForKeys(lane, asked, perSlot), asked.length);
  const batches = asked.map((slot, i): RawBatch => {
    const keys = replies.list(i);
    if (keys instanceof ServerError) throw migrateFailed(slot, lane.step.from, lane.step.to, keys);
    return withoutLeft(lane, { slot, database, keys });
  });
  return {
    batches: batches.filter(({ keys }) => keys.length > 0),
    unfinished: [
      ...batches.filter(({ keys }) => keys.length >= perSlot).map(({ slot }) => slot),
      ...slots.slice(SLOTS_A_FETCH),
    ],
  };
}

/** Keys of so many slots are held in memory at a time. */
const SLOTS_A_FETCH = 64;

function askingForKeys({ conflicts }: Lane, slots: readonly number[], perSlot: number): Buffer {
  if (conflicts === undefined) return slotCommands(["CLUSTER", "GETKEYSINSLOT"], slots, [String(perSlot)]);
  // Keys that were left are found again and again, before or after the others.
  return commandBytes(slots.map((slot) => ["CLUSTER", "GETKEYSINSLOT", slot, perSlot + conflicts.countLeft(slot)]));
}

function withoutLeft({ conflicts }: Lane, batch: RawBatch): RawBatch {
  const { slot, database, keys } = batch;
  if (conflicts?.isLeft(slot) !== true) return batch;
  return { ...batch, keys: BulkList.of(keys.strings().filter((key) => !conflicts.isLeft(slot, database, key))) };
}

async function migrate(lane: Lane, batches: readonly RawBatch[]): Promise<void> {
  for (const write of writesOf(batches, lane)) {
    await keepRate(lane, write);
    const started = performance.now();
    const timeoutMs = bulkTimeout(write.length, lane.executor.limits.migrateTimeoutMs);
    const replies = await lane.source.sendForLines(migrateCommands(lane, write, { timeoutMs }), write.length);
    lane.pace.learn({ migrates: write.length, keys: keysOf(write) }, performance.now() - started);
    for (const [i, batch] of write.entries()) {
      const refusal = replies.error(i);
      if (refusal === undefined) lane.moved(batch.keys.length, batch.slot);
      else await settle(lane, { ...batch, keys: batch.keys.strings() }, refusal);
    }
  }
}

/** As many batches to a write as the pace allows; at least one, cut down when it is too large by itself. */
function writesOf(batches: readonly RawBatch[], { pace }: Lane): readonly (readonly RawBatch[])[] {
  const writes: RawBatch[][] = [];
  const most = pace.keysAtOnce;
  let keys = 0;
  for (const batch of batches.flatMap((batch) => cut(batch, most))) {
    const last = writes.at(-1);
    keys += batch.keys.length;
    if (last !== undefined && pace.allows({ migrates: last.length + 1, keys })) {
      last.push(batch);
      continue;
    }
    writes.push([batch]);
    keys = batch.keys.length;
  }
  return writes;
}

function cut(batch: RawBatch, most: number): readonly RawBatch[] {
  return batch.keys.parts(most).map((keys) => ({ ...batch, keys }));
}

function keysOf(batches: readonly RawBatch[]): number {
  return batches.reduce((sum, { keys }) => sum + keys.length, 0);
}

/** When the run is to stop, what is in flight goes as fast as it can. */
async function keepRate(lane: Lane, write: readonly RawBatch[]): Promise<void> {
  const { throttle, executor } = lane;
  if (executor.limits.rate === undefined || executor.signal.aborted) return;
  const amount = executor.limits.rate.unit === "keys" ? keysOf(write) : await bytesOf(write, lane);
  const delay = throttle.delayFor(amount, performance.now());
  if (delay <= 0) return;
  const until = performance.now() + delay;
  await waitUntil(async () => (performance.now() >= until ? true : undefined), {
    timeout: delay,
    signal: executor.signal,
  }).catch(() => undefined);
}

/** What the keys take at the source. */
async function bytesOf(batches: readonly RawBatch[], { source }: Lane): Promise<number> {
  const keys = batches.flatMap((batch) => batch.keys.strings());
  const usages = await source.sendAllBinary(keys.map((key): Command => ["MEMORY", "USAGE", key]));
  return usages.reduce<number>((sum, usage) => sum + (typeof usage === "number" ? usage : 0), 0);
}
