import type { Address } from "../model/address.ts";
import { formatAddress } from "../model/address.ts";
import { type AddressMap, toOutside } from "../model/address-map.ts";
import type { ConnectSettings } from "./connect.ts";
import type { Network } from "./network.ts";
import type { Node } from "./node.ts";
import { type BulkNode, connectPipelined } from "./pipelined-node.ts";

/** The connections of one run: each server is connected to once, and all are closed at the end. */
export class Connections implements Network, Disposable {
  readonly settings: ConnectSettings;
  readonly addressMap: AddressMap;
  readonly #connect: typeof connectLate;
  readonly #open = new Map<string, Promise<Node>>();

  constructor(settings: ConnectSettings, addressMap: AddressMap = [], connect: typeof connectLate = connectLate) {
    this.settings = settings;
    this.addressMap = addressMap;
    this.#connect = connect;
  }

  /** The same way to the same servers, on connections as `open` makes them: for a command that needs those anyway. */
  forBulk(): Connections {
    return new Connections(this.settings, this.addressMap, connectPipelined);
  }

  dialOf(announced: Address): Address {
    return toOutside(this.addressMap, announced);
  }

  to(dial: Address): Promise<Node> {
    const key = formatAddress(dial);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const opening = this.#connect(dial, this.settings);
    this.#open.set(key, opening);
    opening.catch(() => this.#open.delete(key));
    return opening;
  }

  open(dial: Address, commandTimeout: number): Promise<BulkNode> {
    return connectPipelined(dial, { ...this.settings, commandTimeout });
  }

  drop(dial: Address): void {
    const key = formatAddress(dial);
    this.#open.get(key)?.then(
      (node) => node.close(),
      () => undefined,
    );
    this.#open.delete(key);
  }

  [Symbol.dispose](): void {
    for (const opening of this.#open.values()) {
      opening.then(
        (node) => node.close(),
        () => undefined,
      );
    }
    this.#open.clear();
  }
}

/** What connects in the ordinary way takes its time to load. */
async function connectLate(address: Address, settings: ConnectSettings): Promise<Node> {
  const { connect } = await import("./connect.ts");
  return connect(address, settings);
}
