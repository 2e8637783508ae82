/** Calls at most so often, in milliseconds. */
const PAUSE_MS = 100;

/** Something that is called far more often than anybody looks; `now` calls it in any case. */
export interface Throttled<Args extends readonly unknown[]> {
  (...args: Args): void;
  readonly now: (...args: Args) => void;
}

export function throttled<Args extends readonly unknown[]>(call: (...args: Args) => void): Throttled<Args> {
  let last = Number.NEGATIVE_INFINITY;
  const now = (...args: Args) => {
    last = performance.now();
    call(...args);
  };
  return Object.assign((...args: Args) => void (performance.now() - last >= PAUSE_MS && now(...args)), { now });
}
