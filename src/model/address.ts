/** Where a server listens. `busPort` is there only when it was said. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly busPort?: number | undefined;
}

/** The cluster bus listens this far above the client port unless `cluster-port` says otherwise. */
export const BUS_PORT_OFFSET = 10_000;

/**
 * Reads an address as operators type it: "10.0.0.1:7000", "redis-1.example.com:7000", "[::1]:7000", "::1:7000", each
 * with an optional "@17000" bus port and whatever follows it. Undefined when it is none.
 */
export function parseAddress(text: string): Address | undefined {
  const at = text.lastIndexOf("@");
  const location = at < 0 ? text : text.slice(0, at);
  const busPort = at < 0 ? undefined : parsePort(text.slice(at + 1).split(",")[0]!);
  const match = /^(?:\[([^\]]+)\]|([^[\]\s/]+)):(\d+)$/.exec(location);
  const port = match === null ? undefined : parsePort(match[3]!);
  if (match === null || port === undefined || (at >= 0 && busPort === undefined)) return undefined;
  return { host: (match[1] ?? match[2])!, port, ...(busPort === undefined ? {} : { busPort }) };
}

/** A TCP port, 1 to 65535; undefined when the text is anything else. */
export function parsePort(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** "10.0.0.1:7000", and "[::1]:7000" so that the port can be told from the address. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The port of the cluster bus: the one that was said, or the usual one. */
export function busPortOf({ port, busPort }: Address): number {
  return busPort ?? port + BUS_PORT_OFFSET;
}

export function sameAddress(left: Address, right: Address): boolean {
  return left.host === right.host && left.port === right.port;
}
