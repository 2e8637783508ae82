import type { Address } from "../model/address.ts";
import type { AddressMap } from "../model/address-map.ts";
import type { ConnectSettings } from "./connect.ts";
import type { Node } from "./node.ts";
import type { BulkNode } from "./pipelined-node.ts";

/** The way to the servers of one run. */
export interface Network {
  readonly settings: ConnectSettings;
  readonly addressMap: AddressMap;
  /** Where a server that its peers know by `announced` is reached from here. */
  dialOf(announced: Address): Address;
  /**
   * The connection to the server at `dial` that all share, opened on first use. A failed attempt is not remembered.
   * @throws SlotctlError when it cannot be opened
   */
  to(dial: Address): Promise<Node>;
  /**
   * A connection of the caller's own, who closes it; made for many small commands in one write. An answer may take so
   * many milliseconds.
   * @throws SlotctlError when it cannot be opened
   */
  open(dial: Address, commandTimeout: number): Promise<BulkNode>;
  /** Forgets a shared connection that broke, so that the next use opens a new one. */
  drop(dial: Address): void;
}
