import type { NodeId } from "../../model/cluster.ts";
import { waitUntil } from "../../node/wait-until.ts";

interface Traffic {
  /** Moves that are not about to end. */
  going: number;
  /** When it last told the others that it claims slots. */
  toldAt: number;
}

/** A move into a node, among all others of the run that go there. */
export interface Arrival extends Disposable {
  /** The node has just told the others of slots that it claims. */
  told(): void;
  /**
   * Called when only the end of this move is left. Returns when nothing can be under way any more of what the node has
   * told the others, or at once where another move is still going on, which will wait at its own end.
   */
  quiet(): Promise<void>;
}

/** The moves of a run, by where they go. */
export class Incoming {
  readonly #traffic = new Map<NodeId, Traffic>();

  enter(target: NodeId): Arrival {
    const traffic = this.#traffic.get(target) ?? { going: 0, toldAt: Number.NEGATIVE_INFINITY };
    this.#traffic.set(target, traffic);
    traffic.going++;
    let isGoing = true;
    const leave = () => {
      if (isGoing) traffic.going--;
      isGoing = false;
    };
    return {
      told: () => {
        traffic.toldAt = performance.now();
      },
      quiet: async () => {
        leave();
        const timeout = traffic.toldAt + QUIET_MS - performance.now();
        if (traffic.going > 0 || timeout <= 0) return;
        const patience = { timeout, signal: new AbortController().signal, firstPause: timeout };
        await waitUntil(async () => undefined, patience);
      },
      [Symbol.dispose]: leave,
    };
  }
}

/**
 * A packet waits at its sender until the one before it was acknowledged, which Linux puts off for 40 ms at the most on a
 * short way (TCP_DELACK_MIN; clusterLinkConnectHandler leaves Nagle's algorithm on).
 */
const QUIET_MS = 50;
