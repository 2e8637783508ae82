import type { SlotctlError } from "../../errors.ts";
import type { View } from "../../model/cluster.ts";
import { formatRanges, parseRanges, slotsOf, toRanges } from "../../model/slot.ts";
import { countKeys } from "../../node/count-keys.ts";
import type { Patience } from "../../node/wait-until.ts";
import { withConnection } from "../../node/with-connection.ts";
import type { MoveSlots } from "../../plan/plan.ts";
import { type Executor, nodeOf, type OnChange } from "../executor.ts";
import { chunksOf, lastOf } from "./chunks.ts";
import { Claims } from "./claim-slots.ts";
import { bystandersIn, type Close, type Closing, closeLast, closeSlots, tellWhoHasNotHeard } from "./close-slots.ts";
import type { Conflicts } from "./conflicts.ts";
import { drainSlots } from "./drain-slots.ts";
import { awaitFormerPrimaries } from "./former-primaries.ts";
import { Grace } from "./grace.ts";
import { awaitHeardEpoch } from "./heard-epoch.ts";
import { Hearing } from "./hearing.ts";
import type { Incoming } from "./incoming.ts";
import { isInWindow, waitForWindow } from "./keep-window.ts";
import { databasesOf, type Lane, type LaneSettings, withLane } from "./lane.ts";
import { heirOf, type Pair, readPair, waitForPair } from "./look-again.ts";
import { failedOver, isWorthAnotherLook, planIsStale } from "./move-failures.ts";
import { Pace, type Throttle } from "./pace.ts";
import { setSlotHabitsOf } from "./set-slot-habits.ts";
import { setSlots } from "./set-slots.ts";
import { type StaleSlot, sortSlots, unheardSlots } from "./slot-states.ts";

/** What the moves of one run have in common. */
export interface MoveContext {
  readonly executor: Executor;
  readonly throttle: Throttle;
  readonly incoming: Incoming;
  readonly onChange: OnChange;
  readonly progress: (progress: MoveProgress) => void;
  /** What becomes of keys that both ends hold with different values; undefined: the move stops at the first. */
  readonly conflicts?: Conflicts | undefined;
}

export interface MoveProgress {
  /** Arrived since it was told the last time, as Redis writes them. */
  readonly slots: string;
  /** How many keys those of them brought that brought any. */
  readonly keysOf?: Readonly<Record<number, number>>;
  readonly slotsDone: number;
  readonly slotsTotal: number;
  readonly keysMoved: number;
  readonly keysTotal: number;
  readonly batch: number;
  readonly blockMs: number;
}

/** Two ways keep source and target busy while the other one waits for an answer; more only get into each other's way. */
const LANES = 2;

/** Keys on their way are told of no more often, in milliseconds: there may be thousands of writes a second. */
const TELL_EVERY_MS = 50;

/** A slot with more of them is not begun for the sake of those that have arrived. */
const FEW_KEYS = 1000;

/** Looks in a row that may come to nothing before a move is given up. */
const FRUITLESS_LOOKS = 3;

/**
 * Moves the slots of the step key by key and returns whether anything had to be changed. Can be stopped and repeated at
 * any point: each slot is first looked at, and taken on from where it is. After a lost connection both ends are read
 * again; nothing is sent twice blindly. An abort lets the slots in flight arrive, except where that takes long.
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
  readonly #grace: Grace;
  /** An abort is looked for between chunks; within one it would leave slots open for nothing. */
  readonly #patience: Patience;
  readonly #arrivedSlots = new Set<number>();
  readonly #keysOf = new Map<number, number>();
  #keysMoved = 0;
  #keysTotal = 0;
  #keysTold = 0;
  #toldAt = 0;
  #changed = false;
  /** The time for moving slots was over before all had gone. */
  #isPaused = false;
  /** Slots have arrived since one was last moved that ends a move. */
  #isEndDue = false;
  #seen: Pair | undefined;

  constructor(step: MoveSlots, context: MoveContext) {
    this.#step = step;
    this.#context = context;
    this.#slots = slotsOf(parseRanges(step.slots) ?? []);
    this.#pace = new Pace(context.executor.limits.maxBlockMs);
    this.#grace = new Grace(context.executor.signal);
    this.#patience = { timeout: context.executor.timeout, signal: new AbortController().signal };
  }

  async run(): Promise<boolean> {
    const { executor } = this.#context;
    for (let fruitless = 0, isFirst = true; ; isFirst = false) {
      const before = this.#arrivedSlots.size + this.#keysMoved;
      try {
        await waitForWindow(this.#step, executor);
        await this.#moveWhatIsLeft(isFirst);
        if (!this.#isPaused) return this.#changed;
        this.#isPaused = false;
        fruitless = 0;
      } catch (error) {
        if (this.#keysMoved > this.#keysTold) this.#tell();
        fruitless = this.#arrivedSlots.size + this.#keysMoved > before ? 0 : fruitless + 1;
        // Who cannot even be looked at once is not waited for: the address or the password may be wrong.
        if (this.#seen === undefined || fruitless > FRUITLESS_LOOKS) throw error;
        if (executor.signal.aborted || !isWorthAnotherLook(error)) throw error;
        await waitForPair(this.#step, executor, this.#seen, error);
      }
    }
  }

  async #moveWhatIsLeft(isFirst: boolean): Promise<void> {
    const { executor } = this.#context;
    const { source, target } = await readPair(this.#step, executor);
    const { atSource, unclosed, stale } = sortSlots(this.#step, this.#slots, source.myself, target.myself);
    if (stale.length > 0) throw this.#explainStale(stale, source);
    this.#seen = { source, target };
    const toGo = new Set([...atSource, ...unclosed]);
    this.#arrived(this.#slots.filter((slot) => !toGo.has(slot)));
    if (atSource.length + unclosed.length === 0) return;
    await awaitHeardEpoch(this.#step, this.#seen, executor);
    await awaitFormerPrimaries(this.#step, target, executor);
    using bystanders = bystandersIn(source, this.#step);
    using arrival = this.#context.incoming.enter(this.#step.to.id);
    const ends = await Promise.all([nodeOf(executor, this.#step.from), nodeOf(executor, this.#step.to)]);
    const habits = await Promise.all(ends.map(setSlotHabitsOf));
    const closing: Closing = {
      executor,
      emit: executor.emit,
      step: this.#step,
      patience: this.#patience,
      oneFirst: !isFirst || habits.some(({ asksReplicas }) => asksReplicas),
      claims: new Claims(habits[1]!),
      bystanders,
      arrival,
      hearing: habits.some(({ keepsMarks }) => keepsMarks) ? new Hearing(this.#step.to, executor) : undefined,
    };
    await this.#close(unclosed, closing, closeSlots);
    const { from, to } = this.#step;
    const unheard = unheardSlots(this.#step, atSource, target);
    await setSlots(await nodeOf(executor, to), to, unheard, ["NODE", from.id], closing);
    const open = new Set([source, target].flatMap(({ myself }) => myself.openSlots.map(({ slot }) => slot)));
    await this.#moveAll(atSource, (slot) => open.has(slot), closing);
    await tellWhoHasNotHeard([...this.#arrivedSlots], closing);
  }

  /** A source that failed over may first be seen without its slots, and only then as a replica. */
  #explainStale(stale: readonly StaleSlot[], now: View): SlotctlError {
    const heir = this.#seen && heirOf(this.#step.from, this.#seen.source, now);
    return heir === undefined ? planIsStale(stale) : failedOver(this.#step.from, heir);
  }

  /** Where marks are kept, one slot is left for the end: see closeLast. */
  async #moveAll(slots: readonly number[], isOpen: (slot: number) => boolean, closing: Closing): Promise<void> {
    if (slots.length === 0) return;
    const { executor, throttle, conflicts } = this.#context;
    const { databases, counts } = await this.#count(slots);
    this.#keysTotal = this.#keysMoved + [...counts.values()].reduce((sum, keys) => sum + keys, 0);
    this.#tell();
    const settings: LaneSettings = {
      step: this.#step,
      pace: this.#pace,
      grace: this.#grace,
      throttle,
      executor,
      patience: this.#patience,
      databases,
      moved: (keys, slot) => this.#moved(keys, slot),
      conflicts,
    };
    const last = closing.hearing === undefined ? undefined : lastOf(slots, counts, isOpen);
    const others = slots.filter((slot) => slot !== last);
    const failure = await this.#moveChunks(chunksOf(others, counts), settings, closing);
    if (last !== undefined) await this.#moveLast(last, { keys: counts.get(last) ?? 0, failure }, settings, closing);
    if (failure !== undefined) throw failure;
  }

  /** Returns why not all of them were moved, if so; when the run is to stop that is the signal's reason. */
  async #moveChunks(
    chunks: readonly (readonly number[])[],
    settings: LaneSettings,
    closing: Closing,
  ): Promise<unknown> {
    const { executor } = this.#context;
    const { signal } = executor;
    const next = chunks[Symbol.iterator]();
    const lanes = Array.from({ length: Math.min(LANES, chunks.length) }, () =>
      withLane(settings, async (lane) => {
        for (let chunk = next.next(); chunk.done !== true; chunk = next.next()) {
          signal.throwIfAborted();
          this.#isPaused ||= !isInWindow(executor);
          if (this.#isPaused) return;
          await this.#moveChunk(chunk.value, lane, closing, closeSlots);
        }
      }),
    );
    // Each lane brings its chunk to an end before the first failure is reported.
    const outcomes = await Promise.allSettled(lanes);
    const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    return reasons.find((reason) => reason !== signal.reason) ?? reasons[0];
  }

  /**
   * What has moved is brought to its end also where the run is to stop or to wait, or has failed in a way that leaves
   * both ends at work; but no large slot is begun for that.
   * @throws failure, where there was one and the last slot was tried in vain
   */
  async #moveLast(
    slot: number,
    { keys, failure }: { readonly keys: number; readonly failure: unknown },
    settings: LaneSettings,
    closing: Closing,
  ): Promise<void> {
    const { executor, conflicts } = this.#context;
    const isStopping = failure !== undefined || executor.signal.aborted || !isInWindow(executor);
    const isSmall = keys <= FEW_KEYS && !this.#grace.isOver(performance.now());
    const isWorthIt = this.#isEndDue && isSmall && conflicts === undefined && !isWorthAnotherLook(failure);
    if (isStopping && !isWorthIt) {
      if (failure !== undefined) return;
      executor.signal.throwIfAborted();
      this.#isPaused = true;
      return;
    }
    try {
      await withLane(settings, (lane) => this.#moveChunk([slot], lane, closing, closeLast));
    } catch (error) {
      throw failure ?? error;
    }
  }

  async #count(slots: readonly number[]) {
    const { connections } = this.#context.executor;
    const { address } = await nodeOf(this.#context.executor, this.#step.from);
    return withConnection(connections, address, async (source) => {
      const databases = await databasesOf(source);
      return { databases, counts: await countKeys(source, slots, databases) };
    });
  }

  async #moveChunk(slots: readonly number[], lane: Lane, closing: Closing, close: Close): Promise<void> {
    this.#changed = true;
    this.#context.onChange();
    const { from, to } = this.#step;
    // Importing before migrating: an ASK reply must find the target ready for it.
    await setSlots(lane.target, to, slots, ["IMPORTING", from.id], closing);
    await setSlots(lane.source, from, slots, ["MIGRATING", to.id], closing);
    // From here on no new key can come into being at the source, so what is counted now is all there will be.
    await lane.conflicts?.prepare(slots, lane);
    let filled = await filledOf(slots, lane);
    while (filled.length > 0 && !this.#grace.isOver(performance.now())) {
      await drainSlots(lane, filled);
      filled = await filledOf(filled, lane);
    }
    const open = new Set(filled);
    // A slot with a key that nobody may decide about stays open, with both values where they were.
    const drained = slots.filter((slot) => !open.has(slot) && lane.conflicts?.isLeft(slot) !== true);
    await this.#close(drained, { ...closing, ends: lane }, close);
    if (open.size > 0) this.#park(filled);
  }

  async #close(slots: readonly number[], closing: Closing, close: Close): Promise<void> {
    if (slots.length === 0) return;
    this.#changed = true;
    this.#context.onChange();
    this.#isEndDue = true;
    await close(slots, closing);
    this.#isEndDue = close !== closeLast;
    this.#arrived(slots);
  }

  /** Every key of the slot is at one of the two nodes, and clients that follow ASK find it. */
  #park(slots: readonly number[]): never {
    const { executor } = this.#context;
    executor.emit({ type: "notice", text: `Left open with keys still to go: slot ${slots.join(", ")}` });
    throw executor.signal.reason;
  }

  #moved(keys: number, slot: number): void {
    this.#keysMoved += keys;
    this.#keysOf.set(slot, (this.#keysOf.get(slot) ?? 0) + keys);
    this.#grace.count(keys);
    if (performance.now() - this.#toldAt >= TELL_EVERY_MS) this.#tell();
  }

  /** Each slot is told once, however often both ends are looked at. */
  #arrived(slots: readonly number[]): void {
    const fresh = slots.filter((slot) => !this.#arrivedSlots.has(slot));
    for (const slot of fresh) this.#arrivedSlots.add(slot);
    const filled = fresh.flatMap((slot) => {
      const keys = this.#keysOf.get(slot);
      this.#keysOf.delete(slot);
      return keys === undefined ? [] : [[slot, keys] as const];
    });
    this.#tell(formatRanges(toRanges(fresh)), filled.length === 0 ? {} : { keysOf: Object.fromEntries(filled) });
  }

  #tell(slots = "", keysOf: Pick<MoveProgress, "keysOf"> = {}): void {
    this.#keysTold = this.#keysMoved;
    this.#toldAt = performance.now();
    this.#context.progress({
      slots,
      ...keysOf,
      slotsDone: this.#arrivedSlots.size,
      slotsTotal: this.#slots.length,
      keysMoved: this.#keysMoved,
      keysTotal: this.#keysTotal,
      batch: this.#pace.lastKeys,
      blockMs: this.#pace.lastMs,
    });
  }
}

/** Those with keys that can go over. */
async function filledOf(slots: readonly number[], { source, databases, conflicts }: Lane): Promise<readonly number[]> {
  const counts = await countKeys(source, slots, databases);
  return slots.filter((slot) => (counts.get(slot) ?? 0) > (conflicts?.countLeft(slot) ?? 0));
}
