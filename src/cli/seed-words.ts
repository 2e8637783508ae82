import type { Address } from "../model/address.ts";
import { type GlobalOptions, seedsArgument } from "./options.ts";

export interface SeedAndRest {
  readonly seeds: readonly Address[];
  readonly rest: readonly string[];
}

/**
 * For a command whose further words never have a colon: the first one is the seed when it has. Who names the node with
 * -h, -p, -s or -u gives none.
 */
export function seedAndRest(words: readonly string[], options: GlobalOptions): SeedAndRest {
  const [first = "", ...rest] = words;
  if (isSaid(options) || !first.includes(":")) return { seeds: [], rest: words };
  return { seeds: seedsArgument(first), rest };
}

/**
 * For a command whose further words name nodes, and so may be addresses as well: of several words the first is the seed
 * if it is an address. A single one is the seed only where the command needs no other, `alone`. Nothing but the words
 * themselves decides: what a script names must not change its meaning with a context that happens to be there.
 */
export function seedAndNodes(words: readonly string[], options: GlobalOptions, alone: "seed" | "node"): SeedAndRest {
  return words.length === 1 && alone === "node" ? { seeds: [], rest: words } : seedAndRest(words, options);
}

function isSaid({ host, port, socket, uri }: GlobalOptions): boolean {
  return [host, port, socket, uri].some((option) => option !== undefined);
}

export const SEED_WORD = "the seed, unless -h, -p, -s, -u or a context names it";
