import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SlotctlError } from "../../src/errors.ts";
import type { ConnectSettings, Credentials } from "../../src/node/connect.ts";
import { findFreePorts } from "../../src/sandbox/ports.ts";
import { baseSettings, clusterSettings, quote, type Settings } from "../../src/sandbox/server-config.ts";
import type { TestEngine } from "./engines.ts";
import { scratchDirectory } from "./scratch.ts";
import { TestServer } from "./test-server.ts";
import { testCertificates } from "./tls.ts";

export interface ServersOptions {
  readonly count?: number;
  /** The host of each server, such as 127.0.0.2 or ::1; given alone it also says how many. */
  readonly hosts?: readonly string[];
  readonly mode?: "cluster" | "standalone" | "sentinel";
  /** Directives on top of ours, for all servers alike or for each. A list makes several lines, an empty one none. */
  readonly settings?: Settings | ((index: number) => Settings);
  /** TLS for clients, replication and the cluster bus; "client-certificate" lets nobody in without one. */
  readonly tls?: boolean | "client-certificate";
  /** Lines of an ACL file: "user default off". */
  readonly acl?: readonly string[];
  /** What `call` logs in with. It does not make the servers ask for it: see settings and acl. */
  readonly credentials?: Credentials;
}

export type TestServers = readonly TestServer[] & AsyncDisposable;

/** Starts servers that know nothing of each other, all at once, and waits until they answer. */
export async function startServers(engine: TestEngine, options: ServersOptions = {}): Promise<TestServers> {
  await using stack = new AsyncDisposableStack();
  const scratch = stack.use(scratchDirectory(engine.name));
  const connectSettings = await connectSettingsOf(options);
  const addresses = await chooseAddresses(options);
  const started = await Promise.allSettled(
    addresses.map(async ({ host, port }, index) => {
      const plan = { engine, options, connectSettings, host, index, root: scratch.path };
      stack.use(await startServer(plan, port, stack));
    }),
  );
  return [] as never;
}
