import type { NodeId } from "../../model/cluster.ts";
import { waitUntil } from "../../node/wait-until.ts";

interface Traffic {
  /** Moves that are not about to end. */
  going: number;
  /** Moves whose last slot the node has yet to claim. */
  ending: number;
  /** When it last told the others that it claims slots. */
  toldAt: number;
}

/** A move into a node, among all others of the run that go there. */
export interface Arrival extends Disposable {
  /** The node has just told the others of slots that it claims, or may have. */
  told(): void;
  /**
   * Called when only the last slot of this move is left. Returns when nothing can be under way any more of what the node has
   * told the others, or at once where another move is still going on, which will wait at its own end.
   */
  quiet(): Promise<void>;
}

/** The moves of a run, by where they go. */
export class Incoming {
  readonly #traffic = new Map<NodeId, Traffic>();

  enter(target: NodeId): Arrival {
    const traffic = this.#traffic.get(target) ?? { going: 0, ending: 0, toldAt: Number.NEGATIVE_INFINITY };
    this.#traffic.set(target, traffic);
    return new OneArrival(traffic);
  }
}

class OneArrival implements Arrival {
  readonly #traffic: Traffic;
  #state: "going" | "ending" | "over" = "going";

  constructor(traffic: Traffic) {
    this.#traffic = traffic;
    traffic.going++;
  }

  told(): void {
    this.#traffic.toldAt = performance.now();
    if (this.#state === "ending") this.#become("over");
  }

  async quiet(): Promise<void> {
    this.#become("ending");
    const traffic = this.#traffic;
    if (traffic.going > 0) return;
    // The others that end just now do not wait: they came before.
    const isQuiet = () => traffic.ending === 1 && performance.now() - traffic.toldAt >= QUIET_MS;
    const patience = { timeout: PATIENCE_MS, signal: new AbortController().signal, firstPause: FIRST_PAUSE_MS };
    await waitUntil(async () => isQuiet() || undefined, patience);
  }

  [Symbol.dispose](): void {
    this.#become("over");
  }

  #become(state: "ending" | "over"): void {
    if (this.#state !== "over") this.#traffic[this.#state]--;
    if (state !== "over") this.#traffic[state]++;
    this.#state = state;
  }
}

/**
 * A packet waits at its sender until the one before it was acknowledged, which Linux puts off for 40 ms at the most on a
 * short way (TCP_DELACK_MIN; clusterLinkConnectHandler leaves Nagle's algorithm on).
 */
const QUIET_MS = 50;
const FIRST_PAUSE_MS = 10;
/** Another move whose end does not come is not waited for. */
const PATIENCE_MS = 1000;
