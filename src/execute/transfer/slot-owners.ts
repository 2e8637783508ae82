import { type Address, formatAddress } from "../../model/address.ts";
import { type Cluster, primariesOf } from "../../model/cluster.ts";
import { parseNodes } from "../../model/parse-nodes.ts";
import { SLOT_COUNT, type SlotRanges, slotsOf } from "../../model/slot.ts";
import type { Node } from "../../node/node.ts";

/** Where each slot is, as far as we know; redirections teach it. Addresses are those to dial, one object for each. */
export class SlotOwners {
  readonly #owners = new Array<Address | undefined>(SLOT_COUNT).fill(undefined);
  readonly #known = new Map<string, Address>();

  constructor(cluster: Cluster) {
    for (const { slots, dial } of primariesOf(cluster)) this.#give(slots, dial);
  }

  ownerOf(slot: number): Address | undefined {
    return this.#owners[slot];
  }

  moved(slot: number, to: Address): void {
    this.#owners[slot] = this.one(to);
  }

  /** The same object for the same address. */
  one(address: Address): Address {
    const name = formatAddress(address);
    const known = this.#known.get(name) ?? address;
    this.#known.set(name, known);
    return known;
  }

  /** Takes over what a node says that it owns itself: of the others it may not know the latest. */
  async learnFrom(node: Node): Promise<void> {
    const { myself } = parseNodes(String(await node.send("CLUSTER", "NODES")));
    this.#give(myself.slots, node.address);
  }

  #give(slots: SlotRanges, to: Address): void {
    const owner = this.one(to);
    for (const slot of slotsOf(slots)) this.#owners[slot] = owner;
  }
}
