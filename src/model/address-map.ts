import { type Address, formatAddress, parseAddress, parsePort } from "./address.ts";

/** One translation: the servers know `inside`, we reach them at `outside`. Without ports it maps every port of a host. */
export interface AddressMapping {
  readonly inside: Endpoint;
  readonly outside: Endpoint;
}

interface Endpoint {
  readonly host: string;
  readonly port: number | undefined;
}

/** Translations for clusters behind NAT or in containers; the first that fits is used. */
export type AddressMap = readonly AddressMapping[];

/** Reads "172.17.0.2=127.0.0.1" or "172.17.0.2:6379=127.0.0.1:7000"; undefined when it is neither. */
export function parseAddressMapping(text: string): AddressMapping | undefined {
  const [left, right, ...rest] = text.split("=");
  if (left === undefined || right === undefined || rest.length > 0) return undefined;
  const inside = parseEndpoint(left);
  const outside = parseEndpoint(right);
  if (inside === undefined || outside === undefined) return undefined;
  // "every port" on one side cannot become one port on the other.
  return (inside.port === undefined) === (outside.port === undefined) ? { inside, outside } : undefined;
}

/** "172.17.0.2:6379=127.0.0.1:7000", as parseAddressMapping reads it. */
export function formatAddressMapping({ inside, outside }: AddressMapping): string {
  return `${formatEndpoint(inside)}=${formatEndpoint(outside)}`;
}

function formatEndpoint({ host, port }: Endpoint): string {
  return port === undefined ? host : formatAddress({ host, port });
}

function parseEndpoint(text: string): Endpoint | undefined {
  const address = parseAddress(text);
  if (address !== undefined && !isBareIpv6(text)) return { host: address.host, port: address.port };
  const host = /^\[([^\]]+)\]$/.exec(text)?.[1] ?? text;
  return host === "" || host.includes("/") || parsePort(host) !== undefined ? undefined : { host, port: undefined };
}

/** "::1:7000" reads as an address, but here an unbracketed IPv6 is a host: there is no telling the two apart. */
function isBareIpv6(text: string): boolean {
  return !text.startsWith("[") && text.split(":").length > 2;
}

/** Where to connect to for an address that the servers use. */
export function toOutside(map: AddressMap, address: Address): Address {
  const mapping = map.find(({ inside }) => fits(inside, address));
  return mapping === undefined ? address : replace(address, mapping.outside);
}

/** What to tell the servers for an address that works from here. */
export function toInside(map: AddressMap, address: Address): Address {
  const mapping = map.find(({ outside }) => fits(outside, address));
  return mapping === undefined ? address : replace(address, mapping.inside);
}

function fits({ host, port }: Endpoint, address: Address): boolean {
  return host === address.host && (port === undefined || port === address.port);
}

function replace(address: Address, { host, port }: Endpoint): Address {
  return { ...address, host, port: port ?? address.port };
}
