/** How many keys are read in one write, kept so that their values fit into memory whatever their size. */
export class BatchSize {
  readonly #most: number;
  #keys = FIRST;

  /** With `watched` the keys of a batch are watched, which costs the server the square of their number. */
  constructor(watched = false) {
    this.#most = watched ? MOST_WATCHED : MOST;
  }

  /** Keys for the next batch. */
  get keys(): number {
    return this.#keys;
  }

  /** Learns from a batch that held so many bytes. It shrinks at once and grows slowly: large keys come in runs. */
  learn(keys: number, bytes: number): void {
    if (keys === 0) return;
    const fitting = Math.floor(BATCH_BYTES / Math.max(1, bytes / keys));
    this.#keys = Math.max(1, Math.min(fitting, this.#keys * 2, this.#most));
  }
}

const FIRST = 50;
const MOST = 1000;
const MOST_WATCHED = 200;
const BATCH_BYTES = 1_000_000;
