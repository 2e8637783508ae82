import { type Address, parseAddress } from "../../model/address.ts";
import type { Given } from "./given.ts";
import { refusal, type Stop, throwing } from "./stop.ts";

const INVALID_ADDRESS =
  "[ERR] Invalid arguments: you need to pass either a valid address (ie. 120.0.0.1:7000) " +
  "or space separated IP and port (ie. 120.0.0.1 7000)";

export const INVALID_SOURCE =
  "[ERR] Invalid --cluster-from host. You need to pass a valid address (ie. 120.0.0.1:7000).";

/** "host:port", or "host port" as two words; any third word is not looked at. */
export function entryAddress({ positionals: [host = "", port] }: Pick<Given, "positionals">): Address {
  if (port === undefined) return nodeAddress(host);
  // One colon and a port of its own: "127.0.0.1:7000 7001" would be read as the host "127.0.0.1:7000".
  if (host.split(":").length === 2) throw refusal(INVALID_ADDRESS);
  return nodeAddress(`${host}:${port}`);
}

export function nodeAddress(text: string): Address {
  return addressIn(text) ?? throwing(refusal(INVALID_ADDRESS));
}

/** Of "host:port@17000,name" only "host:port" counts: nodes tell their bus ports themselves. */
export function addressIn(text: string): Address | undefined {
  const at = text.lastIndexOf("@");
  return parseAddress((at < 0 ? text : text.slice(0, at)).trim());
}

/** Quotes what was typed, but for the password if it was a URI. */
export function invalidAddressOf(text: string): Stop {
  return refusal(`Invalid address format: ${text.replace(/\/\/.*@/s, "//...@")}`);
}
