import { execFile } from "node:child_process";
import { constants, existsSync } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { noServerFound, serverNotFound, serverNotUsable } from "./failures.ts";

export type EngineName = "redis" | "valkey";

/** What a server program says it is. */
export interface Engine {
  readonly name: EngineName;
  /** As the server writes it: "7.0.15". */
  readonly version: string;
}

export interface ServerBinary {
  readonly path: string;
  readonly engine: Engine;
}

export interface ServerWish {
  /** A path, or the name of a fetched engine such as "valkey-9.1". */
  readonly server?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The engines that `npm run servers` fetches, in the order in which they are chosen. */
export const FETCHED_ENGINES = ["redis-7.0", "redis-8.0", "valkey-8.1", "valkey-9.1"] as const;

/**
 * The server program to use: the one that was asked for, else redis-server or valkey-server on the PATH, else one that
 * `npm run servers` fetched.
 * @throws SlotctlError SERVER_NOT_FOUND when what was asked for is not there, or when there is none at all
 */
export async function findServer({ server, env }: ServerWish): Promise<ServerBinary> {
  const asked = server ?? nonEmpty(env.REDIS_SERVER);
  if (asked !== undefined)
    return identify(await pathOf(asked, server === undefined ? "REDIS_SERVER" : "--server", env));
  const candidates = [
    ...onPath("redis-server", env),
    ...onPath("valkey-server", env),
    ...FETCHED_ENGINES.map((engine) => fetchedServer(engine, env)),
  ];
  const path = await firstExecutable(candidates);
  if (path === undefined) throw noServerFound();
  return identify(path);
}

/** A word without a slash may name a fetched engine, a command on the PATH, or a file here, in this order. */
async function pathOf(asked: string, source: string, env: ServerWish["env"]): Promise<string> {
  const names = asked.includes("/") ? [] : [...ifEngine(asked, env), ...onPath(asked, env)];
  const path = await firstExecutable([...names, resolve(asked)]);
  if (path === undefined) throw serverNotFound(asked, source);
  return path;
}

function ifEngine(name: string, env: ServerWish["env"]): readonly string[] {
  return /^(redis|valkey)-\d+(\.\d+)*$/.test(name) ? [fetchedServer(name, env)] : [];
}

/** Where `npm run servers` puts the server of an engine such as "redis-7.0". It need not be there. */
export function fetchedServer(engine: string, env: ServerWish["env"]): string {
  const servers = nonEmpty(env.SLOTCTL_SERVERS_DIR) ?? join(packageRoot(), ".cache/servers");
  return resolve(servers, engine, "bin", `${engine.split("-")[0]}-server`);
}

/** This file lies in src/sandbox/ of a checkout, but in dist/ of the package. */
function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "package.json")) && dirname(directory) !== directory)
    directory = dirname(directory);
  return directory;
}

function onPath(command: string, env: ServerWish["env"]): readonly string[] {
  // A relative entry would mean another program in another folder.
  const folders = (env.PATH ?? "").split(delimiter).filter(isAbsolute);
  return folders.map((folder) => join(folder, command));
}

async function firstExecutable(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isExecutable(path)) return path;
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

const VERSION_TIMEOUT_MS = 10_000;

async function identify(path: string): Promise<ServerBinary> {
  let stdout: string;
  try {
    ({ stdout } = await promisify(execFile)(path, ["--version"], { timeout: VERSION_TIMEOUT_MS }));
  } catch (cause) {
    throw serverNotUsable(path, "it does not tell its version", cause);
  }
  const engine = parseVersion(stdout);
  if (engine === undefined) throw serverNotUsable(path, "it is neither Redis nor Valkey");
  return { path, engine };
}

/** "Redis server v=7.0.15 sha=00000000:0 malloc=…", or the same with "Valkey"; undefined for anything else. */
export function parseVersion(text: string): Engine | undefined {
  const match = /^(Redis|Valkey) server v=(\d[^\s]*)/m.exec(text);
  return match === null ? undefined : { name: match[1] === "Valkey" ? "valkey" : "redis", version: match[2]! };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}
