import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ExitCode, SlotctlError } from "../errors.ts";
import type { Address } from "../model/address.ts";
import { parseInfo } from "../model/parse-info.ts";
import { type ConnectSettings, connect } from "../node/connect.ts";
import { ServerError } from "../node/node.ts";
import { waitUntil } from "../node/wait-until.ts";
import { serverNotUsable } from "./failures.ts";
import type { ServerBinary } from "./find-server.ts";
import { identityOf, isAlive, type ProcessIdentity } from "./process-identity.ts";
import { CONFIG_FILE, configText, LOG_FILE, quote } from "./server-config.ts";
import { lastLogLines, serverEnvironment } from "./server-process.ts";

export interface ThrowAwayOptions {
  readonly server: ServerBinary;
  /** The RDB file that it loads; undefined: it starts empty. It is never written to. */
  readonly rdbFile: string | undefined;
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Told how far it has loaded, in bytes. */
  readonly onLoading: (done: number, total: number) => void;
}

/** A server of our own that nobody else can reach: on a unix socket in a directory of this user alone, with a password. */
export interface ThrowAwayServer extends AsyncDisposable {
  readonly address: Address;
  readonly settings: ConnectSettings;
}

/** More than any cluster is set to; an empty database costs next to nothing. */
const DATABASES = 1024;

/**
 * Starts a server on an RDB file and waits until it has loaded it.
 * @throws SlotctlError with the end of its log when it cannot load the file, the signal's reason when it aborts
 */
export async function startThrowAway(options: ThrowAwayOptions): Promise<ThrowAwayServer> {
  const { server, rdbFile, timeout } = options;
  const directory = mkdtempSync(join(tmpdir(), "slotctl-load-"));
  const password = randomBytes(24).toString("hex");
  if (rdbFile !== undefined) symlinkSync(rdbFile, join(directory, "dump.rdb"));
  writeFileSync(join(directory, CONFIG_FILE), settingsText(directory, password), { mode: 0o600 });
  const keeper = spawn("/bin/sh", ["-c", KEEPER, "keeper", server.path, CONFIG_FILE, directory], {
    cwd: directory,
    // Our Ctrl-C is for us: we still have to finish what is under way.
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
    env: serverEnvironment(process.env),
  });
  const dispose = async () => {
    const gone = keeper.exitCode === null ? once(keeper, "close") : undefined;
    keeper.stdin?.end();
    await gone;
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  };
  try {
    const process = await pidFrom(keeper, server);
    const settings = { credentials: { password }, connectTimeout: timeout, commandTimeout: timeout };
    const address = { host: join(directory, "server.sock"), port: 0 };
    await waitUntilLoaded({ address, settings }, process, directory, options);
    return { address, settings, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/**
 * However we end, kill -9 included, our end of the pipe is closed; then the server is ended and its directory removed.
 * It has nothing to lose.
 */
const KEEPER = `
"$1" "$2" >output.log 2>&1 </dev/null &
server=$!
echo $server
cat >/dev/null
kill -KILL $server
wait $server
rm -rf "$3"
`;

function settingsText(directory: string, password: string): string {
  return configText({
    dir: quote(directory),
    port: 0,
    unixsocket: quote(join(directory, "server.sock")),
    unixsocketperm: "700",
    requirepass: password,
    databases: DATABASES,
    dbfilename: "dump.rdb",
    "cluster-enabled": "no",
    save: '""',
    appendonly: "no",
    daemonize: "no",
    maxmemory: 0,
    logfile: LOG_FILE,
    loglevel: "notice",
  });
}

async function pidFrom({ stdout }: ChildProcess, { path }: ServerBinary): Promise<ProcessIdentity> {
  const [text] = await once(stdout!, "data").catch((cause: unknown) => {
    throw serverNotUsable(path, "it cannot be started", cause);
  });
  return identityOf(Number(String(text).trim()));
}

/** As long as it takes: a server that loads a large file is busy, not stuck. */
async function waitUntilLoaded(
  { address, settings }: Pick<ThrowAwayServer, "address" | "settings">,
  server: ProcessIdentity,
  directory: string,
  { signal, rdbFile, onLoading }: ThrowAwayOptions,
): Promise<void> {
  const patience = { timeout: Number.POSITIVE_INFINITY, signal };
  await waitUntil(async () => {
    const isThere = isAlive(server);
    const info = await askInfo(address, settings);
    if (info === undefined) {
      if (!isThere) throw cannotLoad(rdbFile, lastLogLines(directory));
      return undefined;
    }
    if (info.get("loading") !== "1") return true;
    onLoading(Number(info.get("loading_loaded_bytes")), Number(info.get("loading_total_bytes")));
    return undefined;
  }, patience);
}

async function askInfo(address: Address, settings: ConnectSettings) {
  try {
    const node = await connect(address, settings);
    const [info] = await node.sendAll([["INFO", "persistence"]]).finally(() => node.close());
    return info instanceof ServerError ? undefined : parseInfo(String(info));
  } catch (error) {
    // It does not listen yet, or no longer.
    if (error instanceof SlotctlError) return undefined;
    throw error;
  }
}

function cannotLoad(rdbFile: string | undefined, log: readonly string[]): SlotctlError {
  const what =
    rdbFile === undefined ? "The server to load the backup with does not start" : `The server cannot load ${rdbFile}`;
  return new SlotctlError(what, {
    code: "BACKUP_NOT_LOADED",
    exitCode: ExitCode.Failed,
    details: log,
    hint: "Name a server of the version that the backup was made of, or a newer one of the same engine, with --server",
  });
}
