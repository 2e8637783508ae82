/** Lets a node take part in so many moves at a time; whoever comes later waits for its turn. */
export class Turns<Name extends string> {
  readonly #limit: number;
  readonly #busy = new Map<Name, number>();
  readonly #waiting: { readonly nodes: readonly Name[]; readonly start: () => void }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `work` once all these nodes are free for it. */
  async take<Result>(nodes: readonly Name[], work: () => Promise<Result>): Promise<Result> {
    await this.#enter(nodes);
    try {
      return await work();
    } finally {
      for (const node of nodes) this.#busy.set(node, (this.#busy.get(node) ?? 1) - 1);
      this.#startWaiting();
    }
  }

  #enter(nodes: readonly Name[]): Promise<void> {
    return new Promise((start) => {
      this.#waiting.push({ nodes, start });
      this.#startWaiting();
    });
  }

  #startWaiting(): void {
    for (let i = 0; i < this.#waiting.length; ) {
      const { nodes, start } = this.#waiting[i]!;
      if (nodes.some((node) => (this.#busy.get(node) ?? 0) >= this.#limit)) {
        i++;
        continue;
      }
      for (const node of nodes) this.#busy.set(node, (this.#busy.get(node) ?? 0) + 1);
      this.#waiting.splice(i, 1);
      start();
    }
  }
}
