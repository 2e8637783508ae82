import type { Patience } from "../../node/wait-until.ts";
import type { Executor } from "../executor.ts";

/** How long a server is asked again that does not take a SETSLOT just now. */
export function patienceOf({ timeout, signal }: Executor): { readonly patience: Patience; readonly oneFirst: boolean } {
  return { patience: { timeout, signal }, oneFirst: false };
}
