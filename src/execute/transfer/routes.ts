import { ExitCode, SlotctlError } from "../../errors.ts";
import type { Address } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import { keySlot } from "../../model/key-slot.ts";
import type { Connections } from "../../node/connections.ts";
import { BulkConnections } from "./bulk-connections.ts";
import type { KeyReader } from "./key-reader.ts";
import { placeOf } from "./restore-reply.ts";
import { SlotOwners } from "./slot-owners.ts";

/** What a redirection says: "MOVED 3999 127.0.0.1:6381". */
export interface Redirection {
  readonly kind: "moved" | "ask";
  readonly slot: number;
  readonly host: string | undefined;
  readonly port: number;
}

/** The way to the owner of each key of a cluster, as far as it is known; redirections teach it. */
export class Routes implements Disposable {
  readonly #owners: SlotOwners;
  readonly #nodes: BulkConnections;
  readonly #connections: Connections;

  /** An answer may take so many milliseconds. */
  constructor(cluster: Cluster, connections: Connections, timeout: number) {
    this.#owners = new SlotOwners(cluster);
    this.#connections = connections;
    this.#nodes = new BulkConnections({ ...connections.settings, commandTimeout: timeout });
  }

  [Symbol.dispose](): void {
    this.#nodes[Symbol.dispose]();
  }

  /** @throws SlotctlError when it cannot be connected to, or has no such database */
  to(at: Address, database: number): Promise<KeyReader> {
    return this.#nodes.to(at, database);
  }

  /** The same object for the same owner. */
  ownerOf(key: Buffer): Address {
    const slot = keySlot(key);
    const owner = this.#owners.ownerOf(slot);
    if (owner !== undefined) return owner;
    throw new SlotctlError(`Nobody owns slot ${slot}`, {
      code: "CLUSTER_UNHEALTHY",
      exitCode: ExitCode.Unhealthy,
      hint: "slotctl check tells how the cluster stands",
    });
  }

  /** Where a redirection leads to; one that tells of a new owner is remembered. */
  follow(redirection: Redirection, answered: Address): Address {
    // The host that answered is one to dial already; what a server names is not.
    const place = placeOf(redirection, answered);
    const dial = this.#owners.one(redirection.host === undefined ? place : this.#connections.dialOf(place));
    if (redirection.kind === "moved") this.#owners.moved(redirection.slot, dial);
    return dial;
  }

  /** Asks a node which slots it owns. */
  async learnFrom(at: Address): Promise<void> {
    await this.#owners.learnFrom((await this.to(at, 0)).node);
  }
}

export function groupBy<Item>(
  items: readonly Item[],
  addressOf: (item: Item) => Address,
): ReadonlyMap<Address, readonly Item[]> {
  const groups = new Map<Address, Item[]>();
  for (const item of items) {
    const address = addressOf(item);
    const group = groups.get(address);
    if (group === undefined) groups.set(address, [item]);
    else group.push(item);
  }
  return groups;
}
