/** Work that goes on while the next is begun: a few pieces at a time. */
export class TrailingWork {
  readonly #running: Promise<void>[] = [];
  #failure: { readonly reason: unknown } | undefined;

  /**
   * Leaves a piece of work behind that has just begun, and returns when few enough are left.
   * @throws what an earlier piece has thrown
   */
  async add(work: Promise<void>): Promise<void> {
    work.catch((reason: unknown) => {
      this.#failure ??= { reason };
    });
    this.#running.push(work);
    if (this.#running.length > AT_A_TIME) await this.#running.shift();
  }

  /** Throws what a piece has thrown that was left behind: then nothing new should be begun. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }

  /**
   * Returns when all of it is done.
   * @throws what the first piece that failed has thrown, when all others have come to their end too
   */
  async end(): Promise<void> {
    await Promise.allSettled(this.#running);
    this.throwIfFailed();
  }
}

const AT_A_TIME = 4;

/** Does work that leaves other work behind it, and waits for both; the first failure of what was left behind counts more. */
export async function withTrailingWork(work: (trailing: TrailingWork) => Promise<void>): Promise<void> {
  const trailing = new TrailingWork();
  const [outcome] = await Promise.allSettled([work(trailing)]);
  await trailing.end();
  if (outcome.status === "rejected") throw outcome.reason;
}
