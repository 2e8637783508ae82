import type { Executor } from "../executor.ts";
import type { HowToSet } from "../move/set-slots.ts";

/** How long a server is asked again that does not take a SETSLOT just now. */
export function patienceOf({ timeout, signal, emit }: Executor): HowToSet {
  return { patience: { timeout, signal }, oneFirst: false, emit };
}
