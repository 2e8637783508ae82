/** How much had been done at a moment, and how many keys of it went over. */
interface Amounts {
  readonly done: number;
  readonly keys: number;
}

interface Sample extends Amounts {
  /** Milliseconds, from whatever clock. */
  readonly at: number;
}

/** Long enough to be calm, short enough to show that something got slower. */
const WINDOW_MS = 10_000;
const SAMPLE_EVERY_MS = 500;

/** Remembers how far something was within the last seconds, and so knows its pace. Does not change; `with` adds. */
export class Samples {
  static readonly NONE = new Samples([]);
  readonly #samples: readonly Sample[];

  private constructor(samples: readonly Sample[]) {
    this.#samples = samples;
  }

  isDue(now: number): boolean {
    const last = this.#samples.at(-1);
    return last === undefined || now - last.at >= SAMPLE_EVERY_MS;
  }

  with(now: number, amounts: Amounts): Samples {
    if (!this.isDue(now)) return this;
    // One older than the window stays: where events are rare it is all there is to compare with.
    const firstKept = this.#samples.findLastIndex(({ at }) => at <= now - WINDOW_MS);
    return new Samples([...this.#samples.slice(Math.max(0, firstKept)), { at: now, ...amounts }]);
  }

  /** So much a second until now; undefined as long as nobody can tell. */
  rates(now: number, amounts: Amounts): Amounts | undefined {
    const first = this.#samples[0];
    if (first === undefined || now - first.at < SAMPLE_EVERY_MS) return undefined;
    const seconds = (now - first.at) / 1000;
    return { done: (amounts.done - first.done) / seconds, keys: (amounts.keys - first.keys) / seconds };
  }
}
