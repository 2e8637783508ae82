import { findFreePorts, SEARCHED_FROM } from "../../src/sandbox/ports.ts";

/** Ports that the tests of one worker take theirs from. */
const A_WORKER = 1000;
const WORKERS = 10;

const worker = Number(process.env.VITEST_POOL_ID ?? 0) % WORKERS;
const lowest = SEARCHED_FROM + worker * A_WORKER;
let next = lowest + Math.floor(Math.random() * A_WORKER);

/**
 * Free ports, with free bus ports. A server that a test has killed shall find its own free when it comes back: no other
 * worker takes ports from the same range, and this one goes all the way round before it looks at a port again.
 */
export async function freePorts(host: string, count: number): Promise<readonly number[]> {
  const first = next;
  next = after(first + count - 1);
  const ports = await findFreePorts(host, count, first);
  next = after(Math.max(...ports, next - 1));
  return ports;
}

function after(port: number): number {
  return port + 1 < lowest + A_WORKER ? port + 1 : lowest;
}
