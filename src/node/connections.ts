import type { Address } from "../model/address.ts";
import { formatAddress } from "../model/address.ts";
import { type AddressMap, toOutside } from "../model/address-map.ts";
import { type ConnectSettings, connect } from "./connect.ts";
import type { Network } from "./network.ts";
import type { Node } from "./node.ts";
import { connectPipelined } from "./pipelined-node.ts";

/** The connections of one run: each server is connected to once, and all are closed at the end. */
export class Connections implements Network, Disposable {
  readonly settings: ConnectSettings;
  readonly addressMap: AddressMap;
  readonly #open = new Map<string, Promise<Node>>();

  constructor(settings: ConnectSettings, addressMap: AddressMap = []) {
    this.settings = settings;
    this.addressMap = addressMap;
  }

  dialOf(announced: Address): Address {
    return toOutside(this.addressMap, announced);
  }

  to(dial: Address): Promise<Node> {
    const key = formatAddress(dial);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const opening = connect(dial, this.settings);
    this.#open.set(key, opening);
    opening.catch(() => this.#open.delete(key));
    return opening;
  }

  open(dial: Address, commandTimeout: number): Promise<Node> {
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
