import type { Job } from "./job.ts";

/** Tells how long a job has made no progress. */
export class Movement {
  #last = "";
  #fewestBytesLeft = Number.POSITIVE_INFINITY;
  #movedAt = performance.now();

  /** Takes note of what the end that drives the job and the other one tell; undefined: it did not answer. */
  see(driver: Job | undefined, peer: Job | undefined): void {
    const states = `${driver?.state} ${driver?.retries} ${peer?.state}`;
    const bytesLeft = driver?.bytesLeft ?? Number.POSITIVE_INFINITY;
    // Under steady writes the bytes that are left go up and down: only fewer than ever are progress.
    if (states !== this.#last || bytesLeft < this.#fewestBytesLeft || driver?.guarded)
      this.#movedAt = performance.now();
    this.#last = states;
    this.#fewestBytesLeft = Math.min(this.#fewestBytesLeft, bytesLeft);
  }

  get stillFor(): number {
    return performance.now() - this.#movedAt;
  }
}
