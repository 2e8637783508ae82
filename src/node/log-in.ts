import type { ConnectionOptions as TlsSocketOptions } from "node:tls";
import type { ConnectSettings, TlsSettings } from "./connect.ts";
import { serverRefused } from "./failures.ts";
import { type Node, ServerError } from "./node.ts";

export function tlsOptions({ ca, cert, key, serverName, ciphers, insecure = false }: TlsSettings): TlsSocketOptions {
  return {
    ...(ca === undefined ? {} : { ca: typeof ca === "string" ? ca : [...ca] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(ciphers === undefined ? {} : { ciphers }),
    rejectUnauthorized: !insecure,
    // Nodes name each other by IP address, which their certificates rarely hold. As redis-cli does, the chain is
    // verified and the name is not.
    checkServerIdentity: () => undefined,
  };
}

export async function logIn(node: Node, { credentials }: ConnectSettings): Promise<void> {
  if (credentials === undefined) return;
  const { user, password } = credentials;
  try {
    await node.send("AUTH", ...(user === undefined ? [] : [user]), password);
  } catch (error) {
    node.close();
    throw error instanceof ServerError ? serverRefused(node.address, error) : error;
  }
}
