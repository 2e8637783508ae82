import type { Address } from "../../model/address.ts";
import { formatAddress } from "../../model/address.ts";
import type { ConnectSettings } from "../../node/connect.ts";
import { serverRefused } from "../../node/failures.ts";
import { ServerError } from "../../node/node.ts";
import { type BulkNode, connectPipelined } from "../../node/pipelined-node.ts";
import { KeyReader } from "./key-reader.ts";

/** Connections for bulk work, one for each server and database. */
export class BulkConnections implements Disposable {
  readonly #settings: ConnectSettings;
  readonly #open = new Map<string, Promise<KeyReader>>();

  constructor(settings: ConnectSettings) {
    this.#settings = settings;
  }

  /**
   * The connection on which this database is selected: it never selects another one.
   * @throws SlotctlError when it cannot be opened, or has no such database
   */
  to(address: Address, database: number): Promise<KeyReader> {
    const name = `${formatAddress(address)}/${database}`;
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const opening = openBulk(address, database, this.#settings);
    this.#open.set(name, opening);
    return opening;
  }

  [Symbol.dispose](): void {
    for (const opening of this.#open.values()) {
      opening.then(
        ({ node }) => node.close(),
        () => undefined,
      );
    }
    this.#open.clear();
  }
}

/** @throws SlotctlError when it cannot be opened, or has no such database */
export async function openBulk(address: Address, database: number, settings: ConnectSettings): Promise<KeyReader> {
  const node: BulkNode = await connectPipelined(address, settings);
  try {
    if (database !== 0) await node.send("SELECT", database);
    return await KeyReader.on(node, database);
  } catch (error) {
    node.close();
    throw error instanceof ServerError ? serverRefused(address, error) : error;
  }
}
