/** How many keys go out in one write, kept so that the source is never busy for longer than was allowed. */
export class Pace {
  readonly #maxBlockMs: number;
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

  /** Learns from a write of so many keys that was answered after so many milliseconds. */
  learn(keys: number, milliseconds: number): void {
    this.#lastMs = milliseconds;
    if (milliseconds > this.#maxBlockMs) {
      this.#keys = Math.max(1, (keys * this.#maxBlockMs) / milliseconds);
    } else if (keys >= this.keys && milliseconds < this.#maxBlockMs / 2) {
      // Only a full write says that a larger one would do.
      this.#keys = Math.min(this.#keys * 1.5, LARGEST_BATCH);
    }
  }
}

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
