import { SlotctlError } from "../../errors.ts";
import type { NodeLine, View } from "../../model/cluster.ts";
import { parseRanges, slotsOf } from "../../model/slot.ts";
import { countKeys } from "../../node/count-keys.ts";
import { type Command, type Node, ServerError } from "../../node/node.ts";
import { type Patience, waitUntil } from "../../node/wait-until.ts";
import type { MoveSlots, NodeRef } from "../../plan/plan.ts";
import { type Executor, nodeOf, type OnChange, viewOf } from "../executor.ts";
import { drainSlots, type Lane } from "./drain-slots.ts";
import { planIsStale, setSlotRefused } from "./move-failures.ts";
import { type KeyRate, Pace } from "./pace.ts";
import { sortSlots } from "./slot-states.ts";

/** What the moves of one run have in common. */
export interface MoveContext {
  readonly executor: Executor;
  readonly rate: KeyRate;
  readonly onChange: OnChange;
  readonly progress: (progress: MoveProgress) => void;
}

export interface MoveProgress {
  readonly slotsDone: number;
  readonly slotsTotal: number;
  readonly keysMoved: number;
  readonly batch: number;
  readonly blockMs: number;
}

/** Two ways keep source and target busy while the other one waits for an answer; more only get into each other's way. */
const LANES = 2;

/** Servers write nodes.conf once for all SETSLOTs that they get in one go, so empty slots go in large chunks. */
const EMPTY_SLOTS_A_CHUNK = 256;

/** Multi-key commands on an open slot may get TRYAGAIN, so few slots with keys are open at a time. */
const FILLED_SLOTS_A_CHUNK = 64;
const KEYS_A_CHUNK = 4096;

/**
 * Moves the slots of the step key by key and returns whether anything had to be changed. Can be stopped and repeated at
 * any point: each slot is first looked at, and taken on from where it is. An abort lets the slots in flight arrive.
 * @throws SlotctlError; slots in flight then stay open, with every key on one of the two nodes
 */
export async function moveSlots(step: MoveSlots, context: MoveContext): Promise<boolean> {
  const mover = new Mover(step, context);
  return mover.run();
}

class Mover {
  readonly #step: MoveSlots;
  readonly #context: MoveContext;
  readonly #slots: readonly number[];
  readonly #pace: Pace;
  /** An abort is looked for between chunks; within one it would leave slots open for nothing. */
  readonly #patience: Patience;
  #others: readonly NodeRef[] = [];
  #slotsDone = 0;
  #keysMoved = 0;
  #changed = false;

  constructor(step: MoveSlots, context: MoveContext) {
    this.#step = step;
    this.#context = context;
    this.#slots = [...slotsOf(parseRanges(step.slots) ?? [])];
    this.#pace = new Pace(context.executor.limits.maxBlockMs);
    this.#patience = { timeout: context.executor.timeout, signal: new AbortController().signal };
  }

  async run(): Promise<boolean> {
    const [source, target] = await this.#views();
    const { atSource, unclosed, stale } = sortSlots(this.#step, this.#slots, source.myself, target.myself);
    if (stale.length > 0) throw planIsStale(stale);
    this.#others = otherPrimaries(source, this.#step);
    this.#slotsDone = this.#slots.length - atSource.length - unclosed.length;
    if (atSource.length + unclosed.length > 0) await this.#move(atSource, unclosed);
    return this.#changed;
  }

  #views(): Promise<[View, View]> {
    const { executor } = this.#context;
    return Promise.all([viewOf(executor, this.#step.from), viewOf(executor, this.#step.to)]);
  }

  async #move(atSource: readonly number[], unclosed: readonly number[]): Promise<void> {
    await this.#close(unclosed);
    const databases = await this.#databases();
    const chunks = chunksOf(atSource, await this.#countKeys(atSource, databases));
    const next = chunks[Symbol.iterator]();
    const lanes = Array.from({ length: Math.min(LANES, chunks.length) }, () => this.#runLane(next, databases));
    // Each lane brings its chunk to an end before the first failure is reported.
    const failed = (await Promise.allSettled(lanes)).find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async #runLane(chunks: Iterator<readonly number[]>, databases: readonly number[]): Promise<void> {
    const { executor, rate } = this.#context;
    const { connections, limits } = executor;
    const { commandTimeout } = connections.settings;
    // A MIGRATE may take as long as it is allowed to, and then the answer still has to arrive.
    const sourceDial = (await nodeOf(executor, this.#step.from)).address;
    const source = await connections.open(sourceDial, limits.migrateTimeoutMs + commandTimeout);
    const target = await connections.open((await nodeOf(executor, this.#step.to)).address, commandTimeout);
    const moved = (keys: number) => {
      this.#keysMoved += keys;
      this.#tell();
    };
    const lane: Lane = {
      step: this.#step,
      source,
      target,
      pace: this.#pace,
      rate,
      executor,
      patience: this.#patience,
      databases,
      moved,
    };
    try {
      for (let chunk = chunks.next(); chunk.done !== true; chunk = chunks.next()) {
        executor.signal.throwIfAborted();
        await this.#moveChunk(lane, chunk.value);
      }
    } finally {
      source.close();
      target.close();
    }
  }

  async #moveChunk(lane: Lane, slots: readonly number[]): Promise<void> {
    this.#changed = true;
    this.#context.onChange();
    const { from, to } = this.#step;
    // Importing before migrating: an ASK reply must find the target ready for it.
    await this.#setSlots(lane.target, to, slots, ["IMPORTING", from.id]);
    await this.#setSlots(lane.source, from, slots, ["MIGRATING", to.id]);
    // From here on no new key can come into being at the source, so what is counted now is all there will be.
    for (let filled = await this.#filled(lane, slots); filled.length > 0; filled = await this.#filled(lane, filled)) {
      await drainSlots(lane, filled);
    }
    await this.#close(slots);
  }

  async #filled({ source, databases }: Lane, slots: readonly number[]): Promise<readonly number[]> {
    const counts = await countKeys(source, slots, databases);
    return slots.filter((slot) => (counts.get(slot) ?? 0) > 0);
  }

  /**
   * The target must hear first: were it to die after the source had let go, the slot would have no owner at all. The
   * others learn by gossip anyway; telling them spares their clients a redirect.
   */
  async #close(slots: readonly number[]): Promise<void> {
    if (slots.length === 0) return;
    const { executor, onChange } = this.#context;
    const { from, to } = this.#step;
    this.#changed = true;
    onChange();
    const target = await nodeOf(executor, to);
    const source = await nodeOf(executor, from);
    await this.#setSlots(target, to, slots, ["NODE", to.id]);
    await this.#setSlots(source, from, slots, ["NODE", to.id]);
    await Promise.all(this.#others.map((other) => this.#tellOther(other, slots)));
    this.#slotsDone += slots.length;
    this.#tell();
  }

  /** A primary that takes no part in the move and cannot be told is no reason to stop: gossip reaches it later. */
  async #tellOther(other: NodeRef, slots: readonly number[]): Promise<void> {
    try {
      const node = await nodeOf(this.#context.executor, other);
      await node.sendAll(slots.map((slot) => setSlot(slot, ["NODE", this.#step.to.id])));
    } catch (error) {
      if (!(error instanceof SlotctlError)) throw error;
      this.#others = this.#others.filter(({ id }) => id !== other.id);
      this.#context.executor.emit({
        type: "notice",
        text: `${error.message}; it takes no part and learns of it later`,
      });
    }
  }

  /** All in one write; a refusal that means "it is so already" or "not yet" is dealt with, any other is thrown. */
  async #setSlots(node: Node, ref: NodeRef, slots: readonly number[], words: readonly string[]): Promise<void> {
    let left = slots;
    let refusal: { slot: number; error: ServerError } | undefined;
    const done = await waitUntil(async () => {
      const outcomes = await node.sendAll(left.map((slot) => setSlot(slot, words)));
      const refused = left.flatMap((slot, i) => {
        const error = outcomes[i];
        return error instanceof ServerError && !isSoAlready(error, words) ? [{ slot, error }] : [];
      });
      refusal = refused[0];
      if (refusal === undefined) return true;
      if (!refused.every(({ error }) => PASSING.test(error.message)))
        throw setSlotRefused(refusal.slot, ref, refusal.error);
      left = refused.map(({ slot }) => slot);
      return undefined;
    }, this.#patience);
    if (done === undefined && refusal !== undefined) throw setSlotRefused(refusal.slot, ref, refusal.error);
  }

  async #databases(): Promise<readonly number[]> {
    const source = await nodeOf(this.#context.executor, this.#step.from);
    const keyspace = String(await source.send("INFO", "keyspace"));
    const found = [...keyspace.matchAll(/^db(\d+):/gm)].map(([, database]) => Number(database));
    // A database that gets its first key while slots move must be seen as well, where there can be more than one.
    const [setting] = await source.sendAll([["CONFIG", "GET", "cluster-databases"]]);
    const count = Array.isArray(setting) && setting.length === 2 ? Number(setting[1]) : 1;
    const all = Array.from({ length: count }, (_, database) => database);
    return [...new Set([0, ...found, ...(count <= 16 ? all : [])])].sort((a, b) => a - b);
  }

  async #countKeys(slots: readonly number[], databases: readonly number[]): Promise<ReadonlyMap<number, number>> {
    return countKeys(await nodeOf(this.#context.executor, this.#step.from), slots, databases);
  }

  #tell(): void {
    this.#context.progress({
      slotsDone: this.#slotsDone,
      slotsTotal: this.#slots.length,
      keysMoved: this.#keysMoved,
      batch: this.#pace.keys,
      blockMs: this.#pace.lastMs,
    });
  }
}

/** A replica of the target that is slow to confirm, or a server that is still loading. */
const PASSING = /^(NOREPLICAS|UNBLOCKED|LOADING|BUSY|CLUSTERDOWN)/;

/** A source that gave its last slot away may have become a replica meanwhile, which needs no telling. */
function isSoAlready({ message }: ServerError, [word]: readonly string[]): boolean {
  if (/already the owner of hash slot/i.test(message)) return true;
  return word === "NODE" && /only with (masters|primaries)/i.test(message);
}

function setSlot(slot: number, words: readonly string[]): Command {
  return ["CLUSTER", "SETSLOT", slot, ...words];
}

/** Empty slots in large chunks first; then those with keys, a few at a time. */
function chunksOf(slots: readonly number[], keys: ReadonlyMap<number, number>): readonly (readonly number[])[] {
  const empty = slots.filter((slot) => (keys.get(slot) ?? 0) === 0);
  const chunks: number[][] = [];
  for (let first = 0; first < empty.length; first += EMPTY_SLOTS_A_CHUNK) {
    chunks.push(empty.slice(first, first + EMPTY_SLOTS_A_CHUNK));
  }
  let room = 0;
  for (const slot of slots) {
    const count = keys.get(slot) ?? 0;
    if (count === 0) continue;
    if (room < count || chunks.at(-1)!.length >= FILLED_SLOTS_A_CHUNK) {
      chunks.push([]);
      room = KEYS_A_CHUNK;
    }
    chunks.at(-1)!.push(slot);
    room -= count;
  }
  return chunks;
}

/** Everybody else who may own slots and can be told; a node that is failing would only be waited for. */
function otherPrimaries({ lines }: View, { from, to }: MoveSlots): readonly NodeRef[] {
  return lines
    .filter((line) => isOther(line, from, to))
    .map(({ id, host, port, busPort }) => ({ id, address: { host, port, busPort } }));
}

function isOther({ id, role, health, handshake, noAddress, host }: NodeLine, from: NodeRef, to: NodeRef): boolean {
  return (
    role === "primary" &&
    id !== from.id &&
    id !== to.id &&
    health !== "failing" &&
    !handshake &&
    !noAddress &&
    host !== ""
  );
}
