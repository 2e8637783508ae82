import { SlotctlError } from "../../src/errors.ts";
import { claimPorts, HIGHEST_PORT, SEARCHED_FROM } from "../../src/sandbox/ports.ts";

/** Above those that slotctl itself looks through for its sandboxes and throw-away servers: it would try one of ours. */
const FIRST = SEARCHED_FROM + 10_000;
const WORKERS = 4;
/** Ports that the tests of one worker take theirs from. */
const A_WORKER = Math.floor((HIGHEST_PORT - FIRST + 1) / WORKERS);

const worker = Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS;
const lowest = FIRST + worker * A_WORKER;
let next = lowest + Math.floor(Math.random() * A_WORKER);

/**
 * Free ports, with free bus ports. A server that a test has killed shall find its own free when it comes back: nobody
 * else takes ports from the same range, and this worker goes all the way round before it looks at a port again.
 */
export async function freePorts(host: string, count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let i = 0; i < A_WORKER && ports.length < count; i++) {
    if (await isFree(host, next)) ports.push(next);
    next = next + 1 < lowest + A_WORKER ? next + 1 : lowest;
  }
  if (ports.length < count) throw new Error(`There are no ${count} free ports from ${lowest} on`);
  return ports;
}

async function isFree(host: string, port: number): Promise<boolean> {
  try {
    await claimPorts(host, port, 1);
    return true;
  } catch (error) {
    if (error instanceof SlotctlError && error.code === "PORT_IN_USE") return false;
    throw error;
  }
}
