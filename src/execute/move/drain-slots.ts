import { type BinaryReply, type Command, ServerError } from "../../node/node.ts";
import { waitUntil } from "../../node/wait-until.ts";
import type { Lane } from "./lane.ts";
import { type Batch, bulkTimeout, migrateCommand } from "./migrate-command.ts";
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
  readonly batches: readonly Batch[];
  /** The slots that may hold more keys than were fetched. */
  readonly unfinished: readonly number[];
}

/** Fetches the first keys of these slots, in their order. */
async function nextBatches(lane: Lane, slots: readonly number[], database: number): Promise<Fetched> {
  const perSlot = Math.min(lane.executor.limits.pipeline, lane.pace.keysAtOnce);
  const asking = slots.slice(0, SLOTS_A_FETCH);
  const replies = await lane.source.sendAllBinary(
    // Keys that were left are found again and again, before or after the others.
    asking.map((slot): Command => ["CLUSTER", "GETKEYSINSLOT", slot, perSlot + (lane.conflicts?.countLeft(slot) ?? 0)]),
  );
  const batches = replies.map((reply, i): Batch => {
    const slot = asking[i]!;
    const isLeft = (key: Buffer) => lane.conflicts?.isLeft(slot, database, key) === true;
    return { slot, database, keys: keysIn(reply, slot, lane).filter((key) => !isLeft(key)) };
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

function keysIn(reply: BinaryReply | ServerError, slot: number, { step }: Lane): readonly Buffer[] {
  if (reply instanceof ServerError) throw migrateFailed(slot, step.from, step.to, reply);
  return Array.isArray(reply) ? (reply as readonly Buffer[]) : [];
}

async function migrate(lane: Lane, batches: readonly Batch[]): Promise<void> {
  for (const write of writesOf(batches, lane)) {
    await keepRate(lane, write);
    const started = performance.now();
    const timeoutMs = bulkTimeout(write.length, lane.executor.limits.migrateTimeoutMs);
    const replies = await lane.source.sendAllBinary(write.map((batch) => migrateCommand(lane, batch, { timeoutMs })));
    lane.pace.learn({ migrates: write.length, keys: keysOf(write) }, performance.now() - started);
    for (const [i, reply] of replies.entries()) {
      const batch = write[i]!;
      if (reply instanceof ServerError) await settle(lane, batch, reply);
      else lane.moved(batch.keys.length, batch.slot);
    }
  }
}

/** As many batches to a write as the pace allows; at least one, cut down when it is too large by itself. */
function writesOf(batches: readonly Batch[], { pace }: Lane): readonly (readonly Batch[])[] {
  const writes: Batch[][] = [];
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

function cut(batch: Batch, most: number): readonly Batch[] {
  const count = Math.ceil(batch.keys.length / most);
  return Array.from({ length: count }, (_, i) => ({ ...batch, keys: batch.keys.slice(i * most, (i + 1) * most) }));
}

function keysOf(batches: readonly Batch[]): number {
  return batches.reduce((sum, { keys }) => sum + keys.length, 0);
}

/** When the run is to stop, what is in flight goes as fast as it can. */
async function keepRate(lane: Lane, write: readonly Batch[]): Promise<void> {
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
async function bytesOf(batches: readonly Batch[], { source }: Lane): Promise<number> {
  const keys = batches.flatMap((batch) => batch.keys);
  const usages = await source.sendAllBinary(keys.map((key): Command => ["MEMORY", "USAGE", key]));
  return usages.reduce<number>((sum, usage) => sum + (typeof usage === "number" ? usage : 0), 0);
}
