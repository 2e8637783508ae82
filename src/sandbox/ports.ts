import { createServer } from "node:net";
import { BUS_PORT_OFFSET } from "../model/address.ts";
import { hostUnusable, noFreePorts, portOutOfRange, portTaken } from "./failures.ts";

/** Outgoing connections take their ports from here upwards (Linux); a bus port among them may be gone at any moment. */
const FIRST_EPHEMERAL_PORT = 32_768;

export const HIGHEST_PORT = FIRST_EPHEMERAL_PORT - BUS_PORT_OFFSET - 1;

/** Searched ports: above those of well-known services, and below the bus ports that belong to them. */
export const SEARCHED_FROM = 10_000;
const SEARCHED = 10_000;

/** Where to begin a search, so that two that search at the same time hardly ever find the same ports. */
export function anySearchedPort(): number {
  return SEARCHED_FROM + Math.floor(Math.random() * SEARCHED);
}

/**
 * Ports whose bus ports are free as well, as close together as can be, from the searched port `first` on.
 * @throws SlotctlError when there are not as many, or the host is not one of this machine
 */
export async function findFreePorts(host: string, count: number, first: number): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let i = 0; i < SEARCHED && ports.length < count; i++) {
    const port = SEARCHED_FROM + ((first - SEARCHED_FROM + i) % SEARCHED);
    if ((await takenPart(host, port)) === undefined) ports.push(port);
  }
  if (ports.length < count) throw noFreePorts(host, count);
  return ports;
}

/**
 * The ports from `first` on, when all of them and their bus ports are free.
 * @throws SlotctlError that names the first one that is not
 */
export async function claimPorts(host: string, first: number, count: number): Promise<readonly number[]> {
  const ports = Array.from({ length: count }, (_, i) => first + i);
  if (first < 1 || first + count - 1 > HIGHEST_PORT) throw portOutOfRange(first, first + count - 1, HIGHEST_PORT);
  for (const port of ports) {
    const taken = await takenPart(host, port);
    if (taken !== undefined) throw portTaken({ host, port }, taken.port, taken.cause);
  }
  return ports;
}

interface Taken {
  readonly port: number;
  readonly cause: NodeJS.ErrnoException;
}

async function takenPart(host: string, port: number): Promise<Taken | undefined> {
  return (await tryToListen(host, port)) ?? (await tryToListen(host, port + BUS_PORT_OFFSET));
}

/** Listening for a moment is the only sure way to learn that nobody else does. */
function tryToListen(host: string, port: number): Promise<Taken | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const isTaken = cause.code === "EADDRINUSE" || cause.code === "EACCES";
      if (isTaken) resolve({ port, cause });
      else reject(hostUnusable(host, cause));
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
