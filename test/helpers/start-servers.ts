import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { SlotctlError } from "../../src/errors.ts";
import type { ConnectSettings, Credentials } from "../../src/node/connect.ts";
import { baseSettings, clusterSettings, quote, type Settings } from "../../src/sandbox/server-config.ts";
import type { TestEngine } from "./engines.ts";
import { freePorts } from "./free-ports.ts";
import { scratchDirectory } from "./scratch.ts";
import { TestServer } from "./test-server.ts";
import { testCertificates } from "./tls.ts";

export interface ServersOptions {
  /** As many as there are hosts when it is not said. */
  readonly count?: number;
  /** Where the servers listen, such as 127.0.0.2 or ::1: one each, in turn when there are more servers than hosts. */
  readonly hosts?: readonly string[];
  readonly mode?: "cluster" | "standalone" | "sentinel";
  /**
   * Directives on top of ours, for all servers alike or for each. A list makes several lines, undefined none. A number
   * for cluster-port becomes the busPort of the server.
   */
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
  const scratch = scratchDirectory(engine.name);
  const connectSettings = await connectSettingsOf(options);
  const context = { engine, options, connectSettings, root: scratch.path };
  const places = await choosePlaces(options);
  const outcomes = await Promise.allSettled(places.map((place) => startServer(context, place)));
  const servers = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const dispose = async () => {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    scratch[Symbol.dispose]();
  };
  const failure = outcomes.find((outcome) => outcome.status === "rejected");
  if (failure !== undefined) {
    await dispose();
    throw failure.reason;
  }
  return Object.assign(servers, { [Symbol.asyncDispose]: dispose });
}

async function connectSettingsOf({ tls = false, credentials }: ServersOptions): Promise<ConnectSettings> {
  const patience = { connectTimeout: 5_000, commandTimeout: 10_000 };
  if (tls === false) return { ...patience, credentials };
  const { ca, client } = await testCertificates();
  return { ...patience, credentials, tls: { ca: ca.cert, cert: client.cert, key: client.key } };
}

/** Where one server is to run, and which of them it is. */
interface Place {
  readonly host: string;
  readonly port: number;
  readonly index: number;
}

async function choosePlaces({ count, hosts = ["127.0.0.1"] }: ServersOptions): Promise<readonly Place[]> {
  const all = Array.from({ length: count ?? hosts.length }, (_, i) => hosts[i % hosts.length]!);
  const ports = new Map<string, number[]>();
  for (const host of new Set(all)) {
    ports.set(host, [...(await freePorts(host, all.filter((other) => other === host).length))]);
  }
  return all.map((host, index) => ({ host, port: ports.get(host)!.shift()!, index }));
}

interface Context {
  readonly engine: TestEngine;
  readonly options: ServersOptions;
  readonly connectSettings: ConnectSettings;
  readonly root: string;
}

const PORT_ATTEMPTS = 5;

async function startServer(context: Context, place: Place, attempts = PORT_ATTEMPTS): Promise<TestServer> {
  const server = new TestServer(await planServer(context, place));
  try {
    await server.start();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    const isPortLost = error instanceof SlotctlError && error.code === "PORT_IN_USE";
    if (isPortLost && attempts > 1) return startServer(context, await elsewhere(place), attempts - 1);
    throw error;
  }
}

async function elsewhere(place: Place): Promise<Place> {
  const [port] = await freePorts(place.host, 1);
  return { ...place, port: port! };
}

async function planServer({ engine, options, connectSettings, root }: Context, { host, port, index }: Place) {
  const { mode = "cluster", settings = {}, tls = false, acl } = options;
  const directory = join(root, `${index}-${port}`);
  const own = typeof settings === "function" ? settings(index) : settings;
  const busPort = own["cluster-port"];
  return {
    binary: engine.server,
    address: { host, port, ...(typeof busPort === "number" ? { busPort } : {}) },
    directory,
    args: mode === "sentinel" ? ["--sentinel"] : [],
    connectSettings,
    settings: {
      ...baseSettings({ directory, host, port, engine: { name: engine.kind, version: engine.version } }),
      ...(mode === "cluster" ? clusterSettings(NODE_TIMEOUT_MS) : {}),
      ...(tls === false ? {} : await tlsSettings(port, tls)),
      ...(acl === undefined ? {} : { aclfile: quote(writeAclFile(root, acl)) }),
      ...own,
    },
  };
}

/** Short, so that failures are noticed fast, but long enough for two busy cores. */
const NODE_TIMEOUT_MS = 1_500;

async function tlsSettings(port: number, tls: true | "client-certificate"): Promise<Settings> {
  const { ca, server } = await testCertificates();
  return {
    port: 0,
    "tls-port": port,
    "tls-cluster": "yes",
    "tls-replication": "yes",
    "tls-ca-cert-file": quote(ca.certFile),
    "tls-cert-file": quote(server.certFile),
    "tls-key-file": quote(server.keyFile),
    "tls-auth-clients": tls === true ? "no" : "yes",
  };
}

function writeAclFile(root: string, lines: readonly string[]): string {
  const file = join(root, "users.acl");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}
