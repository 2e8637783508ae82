import { type Address, formatAddress } from "../../model/address.ts";
import { type Cluster, primariesOf } from "../../model/cluster.ts";
import { parseNodes } from "../../model/parse-nodes.ts";
import { SLOT_COUNT, type SlotRanges, slotsOf } from "../../model/slot.ts";
import type { Node } from "../../node/node.ts";

/** Where each slot is, as far as we know; redirections teach it. Addresses are those to dial. */
export class SlotOwners {
  readonly #owners = new Array<Address | undefined>(SLOT_COUNT);

  constructor(cluster: Cluster) {
    for (const { slots, dial } of primariesOf(cluster)) this.#give(slots, dial);
  }

  ownerOf(slot: number): Address | undefined {
    return this.#owners[slot];
  }

  moved(slot: number, to: Address): void {
    this.#owners[slot] = to;
  }

  /** Takes over what a node says that it owns itself: of the others it may not know the latest. */
  async learnFrom(node: Node): Promise<void> {
    const { myself } = parseNodes(String(await node.send("CLUSTER", "NODES")));
    this.#give(myself.slots, node.address);
  }

  /** Every address that owns a slot, each once. */
  addresses(): readonly Address[] {
    const known = this.#owners.filter((owner) => owner !== undefined);
    return [...new Map(known.map((owner) => [formatAddress(owner), owner])).values()];
  }

  #give(slots: SlotRanges, to: Address): void {
    for (const slot of slotsOf(slots)) this.#owners[slot] = to;
  }
}
