import { MigrateCost, type Write } from "./migrate-cost.ts";

/**
 * How much goes out in one write, kept so that the source is never busy for longer than was allowed, and for no longer
 * than pays: a MIGRATE that keeps it busy for ten round trips loses a tenth of its time to the way there and back, a longer
 * one gains next to nothing and keeps clients waiting. Small ones go out together only until they last as long as the way,
 * which the other lane fills, and not for so long that clients would notice.
 */
export class Pace {
  readonly #maxBlockMs: number;
  readonly #cost = new MigrateCost();
  #roundTripMs = 0;
  #mostKeys = FIRST_WRITE;
  #lastKeys = 0;
  #lastMs = 0;

  constructor(maxBlockMs: number) {
    this.#maxBlockMs = maxBlockMs;
  }

  /**
   * Keys of one MIGRATE at the most. It waits for its target in any case, however far away that is: less than half as
   * long for its keys would only make more of them.
   */
  get keysAtOnce(): number {
    if (!this.#cost.isKnown) return this.#mostKeys;
    const { migrateMs, keyMs } = this.#cost;
    const fitting = Math.max(this.#goalMs - migrateMs, migrateMs / 2) / keyMs;
    return Math.max(1, Math.floor(Math.min(fitting, this.#mostKeys)));
  }

  /** Keys of the last write. */
  get lastKeys(): number {
    return this.#lastKeys;
  }

  /** Milliseconds that the last write took. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** Whether so much may go out at once; a single MIGRATE with `keysAtOnce` always may. */
  allows({ migrates, keys }: Write): boolean {
    if (migrates > MIGRATES_A_WRITE || keys > this.#mostKeys) return false;
    return !this.#cost.isKnown || this.#cost.of({ migrates, keys }) <= this.#togetherMs;
  }

  /** Learns how many milliseconds pass until a question is answered that keeps nobody busy; the fewest count. */
  learnRoundTrip(milliseconds: number): void {
    this.#roundTripMs = this.#roundTripMs === 0 ? milliseconds : Math.min(this.#roundTripMs, milliseconds);
  }

  /** Learns from a write that was answered after so many milliseconds. */
  learn(write: Write, milliseconds: number): void {
    this.#lastKeys = write.keys;
    this.#lastMs = milliseconds;
    this.#cost.learn(write, Math.max(0, milliseconds - this.#roundTripMs));
    // What a much larger write would take is not known from small ones.
    this.#mostKeys = Math.min(LARGEST_WRITE, Math.max(this.#mostKeys, write.keys * GROWTH));
  }

  get #goalMs(): number {
    const paying = this.#roundTripMs === 0 ? Number.POSITIVE_INFINITY : this.#roundTripMs * PAYING;
    return Math.min(this.#maxBlockMs, paying) * AIMED_AT;
  }

  get #togetherMs(): number {
    const way = this.#roundTripMs === 0 ? Number.POSITIVE_INFINITY : this.#roundTripMs;
    return Math.min(this.#goalMs, way, UNNOTICED_MS);
  }
}

/** A client of a server in the same network does not notice that an answer comes so much later. */
const UNNOTICED_MS = 1;
/** Round trips that a write has to last to be worth its way. */
const PAYING = 10;
/** So that a write that takes somewhat longer than foreseen is still within what is allowed. */
const AIMED_AT = 0.75;
const GROWTH = 2;
const FIRST_WRITE = 100;
const LARGEST_WRITE = 10_000;

/**
 * A server carries out what it has read, whatever becomes of the first of it: when a target falls silent, the source
 * stands still for as long as all MIGRATEs of a write may wait. So they are few; the other lane fills the gap.
 */
const MIGRATES_A_WRITE = 8;

/** Lets so much a second pass, whoever asks. */
export class Throttle {
  readonly #perSecond: number | undefined;
  #freeAt = 0;

  constructor(perSecond: number | undefined) {
    this.#perSecond = perSecond;
  }

  /** Milliseconds to wait before so much may go. */
  delayFor(amount: number, now: number): number {
    if (this.#perSecond === undefined) return 0;
    const start = Math.max(this.#freeAt, now);
    this.#freeAt = start + (amount / this.#perSecond) * 1000;
    return start - now;
  }
}
