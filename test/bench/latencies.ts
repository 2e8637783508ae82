import { openClient } from "../helpers/data-set.ts";
import type { GrownCluster } from "./grown-cluster.ts";

/** Milliseconds that a client waited for its answer. */
export interface Latencies {
  readonly p99: number;
  /** How many answers took longer than SLOW_MS. */
  readonly slow: number;
}

/** What a client of a server in the same network notices. */
export const SLOW_MS = 2;

/** So few that the client is no load, and enough that the slowest hundredth says something. */
const PAUSE_MS = 2;

/** A client that goes on reading while something else is measured, and follows redirects as an application would. */
export async function measureLatencies({ seeds }: GrownCluster): Promise<{ stop(): Promise<Latencies> }> {
  const client = openClient(seeds);
  const waited: number[] = [];
  let stopped = false;
  const reading = (async () => {
    for (let i = 0; !stopped; i++) {
      const started = performance.now();
      await client.get(`key:${(i * 7919) % 250_000}`);
      waited.push(performance.now() - started);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await reading;
      client.disconnect();
      waited.sort((a, b) => a - b);
      const slow = waited.filter((milliseconds) => milliseconds > SLOW_MS).length;
      return { p99: waited[Math.floor(waited.length * 0.99)] ?? 0, slow };
    },
  };
}
