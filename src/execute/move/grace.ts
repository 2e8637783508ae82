/**
 * Once a run is to stop, slots in flight may still arrive, so that none stays open for nothing. But one with a million
 * keys must not keep anybody waiting: after so many keys, or so long, it stays open and resume goes on inside of it.
 */
export class Grace {
  readonly #signal: AbortSignal;
  #keys = 0;
  #since: number | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Keys went over. */
  count(keys: number): void {
    if (this.#signal.aborted) this.#keys += keys;
  }

  isOver(now: number): boolean {
    if (!this.#signal.aborted) return false;
    this.#since ??= now;
    return this.#keys >= KEYS || now - this.#since >= MILLISECONDS;
  }
}

const KEYS = 10_000;
const MILLISECONDS = 5_000;
