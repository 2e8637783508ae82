import { setTimeout as sleep } from "node:timers/promises";

/**
 * Tries an assertion until it holds, and returns what it returns.
 * @throws its last failure when it does not hold in time
 */
export async function eventually<Value>(
  assertion: () => Value | Promise<Value>,
  { within = 15_000 }: { readonly within?: number } = {},
): Promise<Value> {
  const deadline = performance.now() + within;
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 250)) {
    try {
      return await assertion();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
    }
    await sleep(pause);
  }
}
