/**
 * How many keys go out in one write, kept so that the source is never busy for longer than was allowed, and for no
 * longer than pays: a write that keeps it busy for ten round trips loses a tenth of its time to the way there and back,
 * a longer one gains next to nothing and keeps clients waiting.
 */
export class Pace {
  readonly #maxBlockMs: number;
  #roundTripMs = 0;
  #keys = FIRST_BATCH;
  #lastMs = 0;

  constructor(maxBlockMs: number) {
    this.#maxBlockMs = maxBlockMs;
  }

  /** Keys for the next write. */
  get keys(): number {
    return Math.max(1, Math.floor(this.#keys));
  }

  /** Milliseconds that the last write took. */
  get lastMs(): number {
    return this.#lastMs;
  }

  /** Learns how many milliseconds pass until a question is answered that keeps nobody busy; the fewest count. */
  learnRoundTrip(milliseconds: number): void {
    this.#roundTripMs = this.#roundTripMs === 0 ? milliseconds : Math.min(this.#roundTripMs, milliseconds);
  }

  /** Learns from a write of so many keys that was answered after so many milliseconds. */
  learn(keys: number, milliseconds: number): void {
    this.#lastMs = milliseconds;
    const allowed = this.#allowedMs;
    const busy = Math.max(0, milliseconds - this.#roundTripMs);
    if (busy > allowed) {
      this.#keys = Math.max(1, (keys * allowed) / busy);
    } else if (keys >= this.keys && busy < allowed / 2) {
      // Only a full write says that a larger one would do.
      this.#keys = Math.min(this.#keys * 1.5, LARGEST_BATCH);
    }
  }

  get #allowedMs(): number {
    return this.#roundTripMs === 0 ? this.#maxBlockMs : Math.min(this.#maxBlockMs, this.#roundTripMs * PAYING);
  }
}

/** Round trips that a write has to last to be worth its way. */
const PAYING = 10;
const FIRST_BATCH = 100;
const LARGEST_BATCH = 10_000;

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
