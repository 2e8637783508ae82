import { setTimeout as sleep } from "node:timers/promises";

export interface Patience {
  /** Milliseconds in all. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Milliseconds until the second look; 20 unless told. */
  readonly firstPause?: number;
}

/** The first look comes at once; then they get rarer, so that a quick answer is quick and a slow one costs little. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 100;

/**
 * Looks again and again until `look` answers something other than undefined, and returns that; undefined when the time
 * is up. The only place where slotctl sleeps.
 * @throws the signal's reason when it aborts
 */
export async function waitUntil<Found>(
  look: () => Promise<Found | undefined>,
  { timeout, signal, firstPause = FIRST_PAUSE_MS }: Patience,
): Promise<Found | undefined> {
  const deadline = performance.now() + timeout;
  for (let pause = firstPause; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    const left = deadline - performance.now();
    if (left <= 0) return undefined;
    // Aborting is noticed at the top of the loop.
    await sleep(Math.min(pause, left), undefined, { signal }).catch(() => undefined);
  }
}
