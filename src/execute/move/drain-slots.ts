import type { Credentials } from "../../node/connect.ts";
import { type BinaryReply, type Command, ServerError } from "../../node/node.ts";
import { type Patience, waitUntil } from "../../node/wait-until.ts";
import type { Lane } from "./lane.ts";
import { keyConflict, migrateFailed } from "./move-failures.ts";
import { findConflicts } from "./same-keys.ts";

/** Keys of one slot that go over in one MIGRATE: a list that spans slots is refused with CROSSSLOT. */
interface Batch {
  readonly slot: number;
  readonly keys: readonly Buffer[];
}

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
    const { batches, unfinished } = await nextBatches(lane, left);
    await migrate(lane, batches, database);
    left = unfinished;
  }
}

interface Fetched {
  readonly batches: readonly Batch[];
  /** The slots that may hold more keys than were fetched. */
  readonly unfinished: readonly number[];
}

/** Fetches keys of as many slots, in their order, as one write may hold. */
async function nextBatches(lane: Lane, slots: readonly number[]): Promise<Fetched> {
  const wanted = lane.pace.keys;
  const perSlot = Math.min(lane.executor.limits.pipeline, wanted);
  const asking = slots.slice(0, SLOTS_A_FETCH);
  const replies = await lane.source.sendAllBinary(
    asking.map((slot): Command => ["CLUSTER", "GETKEYSINSLOT", slot, perSlot]),
  );
  const batches = replies.map((reply, i): Batch => ({ slot: asking[i]!, keys: keysIn(reply, asking[i]!, lane) }));
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

async function migrate(lane: Lane, batches: readonly Batch[], database: number): Promise<void> {
  for (const write of writesOf(batches, lane)) {
    await keepRate(lane, write);
    const started = performance.now();
    const replies = await lane.source.sendAllBinary(write.map((batch) => migrateCommand(lane, batch, database, false)));
    lane.pace.learn(keysOf(write), performance.now() - started);
    for (const [i, reply] of replies.entries()) {
      const batch = write[i]!;
      if (reply instanceof ServerError) await settle(lane, batch, database, reply);
      else lane.moved(batch.keys.length);
    }
  }
}

/** As many batches to a write as the pace allows; at least one, cut down when it is too large by itself. */
function writesOf(batches: readonly Batch[], { pace }: Lane): readonly (readonly Batch[])[] {
  const writes: Batch[][] = [];
  let room = 0;
  for (const { slot, keys } of batches) {
    for (let first = 0; first < keys.length; first += pace.keys) {
      const batch = { slot, keys: keys.slice(first, first + pace.keys) };
      if (batch.keys.length > room || writes.length === 0) {
        writes.push([]);
        room = pace.keys;
      }
      writes.at(-1)!.push(batch);
      room -= batch.keys.length;
    }
  }
  return writes;
}

function keysOf(batches: readonly Batch[]): number {
  return batches.reduce((sum, { keys }) => sum + keys.length, 0);
}

/** When the run is to stop, what is in flight goes as fast as it can. */
async function keepRate({ rate, executor }: Lane, write: readonly Batch[]): Promise<void> {
  const delay = rate.delayFor(keysOf(write), performance.now());
  if (delay <= 0 || executor.signal.aborted) return;
  const until = performance.now() + delay;
  await waitUntil(async () => (performance.now() >= until ? true : undefined), {
    timeout: delay,
    signal: executor.signal,
  }).catch(() => undefined);
}

/** MIGRATE host port "" db timeout [REPLACE] [AUTH password | AUTH2 user password] KEYS key … */
function migrateCommand({ step, executor }: Lane, { keys }: Batch, database: number, replace: boolean): Command {
  const { connections, limits } = executor;
  const { host, port } = step.to.address;
  return [
    "MIGRATE",
    host,
    port,
    "",
    database,
    limits.migrateTimeoutMs,
    ...(replace || limits.replace ? ["REPLACE"] : []),
    ...authWords(connections.settings.credentials),
    "KEYS",
    ...keys,
  ];
}

function authWords(credentials: Credentials | undefined): readonly string[] {
  if (credentials === undefined) return [];
  const { user, password } = credentials;
  return user === undefined ? ["AUTH", password] : ["AUTH2", user, password];
}

/** Refusals that pass by themselves: a timeout, a target that is loading or has just lost its place in the cluster. */
const PASSING = /IOERR|LOADING|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|BUSY /;

/** A target that is out of reach for longer may have failed over: then both ends are to be looked at again. */
const OUT_OF_REACH_MS = 3_000;

function patienceFor({ patience }: Lane, { message }: ServerError): Patience {
  return /IOERR/.test(message) ? { ...patience, timeout: Math.min(patience.timeout, OUT_OF_REACH_MS) } : patience;
}

/** Makes the best of a refused MIGRATE. Some of its keys may have arrived all the same: what is there is looked at first. */
async function settle(lane: Lane, batch: Batch, database: number, refusal: ServerError): Promise<void> {
  const { step } = lane;
  if (/BUSYKEY/.test(refusal.message)) return replaceEqual(lane, batch, database);
  if (!PASSING.test(refusal.message)) throw migrateFailed(batch.slot, step.from, step.to, refusal);
  let last = refusal;
  const done = await waitUntil(
    async () => {
      const [reply] = await lane.source.sendAllBinary([migrateCommand(lane, batch, database, false)]);
      if (!(reply instanceof ServerError)) return true;
      last = reply;
      if (/BUSYKEY/.test(reply.message)) {
        await replaceEqual(lane, batch, database);
        return true;
      }
      if (!PASSING.test(reply.message)) throw migrateFailed(batch.slot, step.from, step.to, reply);
      return undefined;
    },
    patienceFor(lane, refusal),
  );
  if (done === undefined) throw migrateFailed(batch.slot, step.from, step.to, last);
  lane.moved(batch.keys.length);
}

/**
 * The target holds some of these keys already, as after a MIGRATE that timed out once they had arrived. What is equal
 * on both sides is replaced by itself; where it differs, neither is touched.
 */
async function replaceEqual(lane: Lane, { slot, keys }: Batch, database: number): Promise<void> {
  const { step, source, target } = lane;
  const select: Command[] = lane.databases.length > 1 ? [["SELECT", database]] : [];
  const [conflict, ...others] = await findConflicts(keys, { source, target, select });
  if (conflict !== undefined) throw keyConflict(conflict, slot, step.from, step.to, others.length);
  const [reply] = await source.sendAllBinary([migrateCommand(lane, { slot, keys }, database, true)]);
  if (reply instanceof ServerError) throw migrateFailed(slot, step.from, step.to, reply);
  lane.moved(keys.length);
  const text = `slot ${slot}: keys that were already there with the same value were replaced`;
  lane.executor.emit({ type: "notice", text });
}
