import type { Address } from "../../model/address.ts";
import { serverRefused } from "../../node/failures.ts";
import { type Command, ServerError } from "../../node/node.ts";
import type { BulkConnections } from "./bulk-connections.ts";

/** A database of one server, and where its keys go. */
export interface Place {
  readonly server: Address;
  readonly from: number;
  readonly to: number;
}

/** Keys of one place, to be treated together. */
export interface Batch {
  readonly place: Place;
  readonly keys: readonly Buffer[];
}

/**
 * Walks over all keys of the places with SCAN, one page ahead. SCAN names every key that is there all the time; one
 * that comes or goes meanwhile may be named or not, and a key may be named twice.
 */
export class KeyScan {
  readonly #pages: AsyncGenerator<Batch, undefined>;
  #ahead: Promise<IteratorResult<Batch, undefined>> | undefined;

  /** `size` is asked before each page: how many keys it should have. */
  constructor(places: readonly Place[], connections: BulkConnections, match: string | undefined, size: () => number) {
    this.#pages = pagesOf(places, connections, match, size);
  }

  /** The next keys; undefined when there are no more. Any number of callers may wait for it. */
  async next(): Promise<Batch | undefined> {
    const page = this.#ahead ?? this.#pages.next();
    this.#ahead = this.#pages.next();
    // Whoever takes this page is told of its failure.
    this.#ahead.catch(() => undefined);
    return (await page).value;
  }
}

async function* pagesOf(
  places: readonly Place[],
  connections: BulkConnections,
  match: string | undefined,
  size: () => number,
): AsyncGenerator<Batch, undefined> {
  for (const place of places) {
    const { node } = await connections.to(place.server, place.from);
    let cursor = "0";
    do {
      const pattern = match === undefined ? [] : ["MATCH", match];
      const command: Command = ["SCAN", cursor, ...pattern, "COUNT", size()];
      const [reply] = await node.sendAllBinary([command]);
      if (reply instanceof ServerError) throw serverRefused(place.server, reply);
      const [next, names] = Array.isArray(reply) ? reply : [];
      cursor = String(next);
      const keys = Array.isArray(names) ? names.filter((name) => Buffer.isBuffer(name)) : [];
      for (let first = 0; first < keys.length; first += LONGEST_BATCH) {
        yield { place, keys: keys.slice(first, first + LONGEST_BATCH) };
      }
    } while (cursor !== "0");
  }
  return undefined;
}

/** SCAN may answer with more than it was asked for. */
const LONGEST_BATCH = 1000;
