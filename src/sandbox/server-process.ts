import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SlotctlError } from "../errors.ts";
import type { Address } from "../model/address.ts";
import { parseInfo } from "../model/parse-info.ts";
import { type ConnectSettings, connect } from "../node/connect.ts";
import { ServerError } from "../node/node.ts";
import { type Patience, waitUntil } from "../node/wait-until.ts";
import { notStopped, serverDied, serverMute, spawnFailed } from "./failures.ts";
import { identityOf, isAlive, type ProcessIdentity } from "./process-identity.ts";
import { CONFIG_FILE, configText, LOG_FILE, type Settings } from "./server-config.ts";

/** What the server says before it has opened its log: mistakes in the configuration. */
const OUTPUT_FILE = "output.log";

export interface Launch {
  readonly binary: string;
  /** There already, and the server's alone. */
  readonly directory: string;
  readonly settings: Settings;
  /** What follows the config file on the command line. */
  readonly args?: readonly string[];
}

/**
 * Starts a server in a process group of its own, so that it outlives us and hears nothing of our Ctrl-C. It need not
 * answer yet.
 * @throws SlotctlError when the program does not run at all
 */
export async function launchServer({ binary, directory, settings, args = [] }: Launch): Promise<ProcessIdentity> {
  writeFileSync(join(directory, CONFIG_FILE), configText(settings));
  const output = openSync(join(directory, OUTPUT_FILE), "a");
  try {
    const child = spawn(binary, [CONFIG_FILE, ...args], {
      cwd: directory,
      detached: true,
      stdio: ["ignore", output, output],
      env: serverEnvironment(process.env),
    });
    if (child.pid === undefined) throw spawnFailed(binary, await firstError(child));
    child.unref();
    return identityOf(child.pid);
  } finally {
    closeSync(output);
  }
}

/** What a server needs to run. Passwords stay here, and so do locales, which it may not have and would die of. */
export function serverEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = ["PATH", "HOME", "TMPDIR", "TZ", "LD_LIBRARY_PATH"].map((name) => [name, env[name]]);
  return { ...Object.fromEntries(kept.filter(([, value]) => value !== undefined)), LC_ALL: "C" };
}

async function firstError(child: ChildProcess): Promise<unknown> {
  const [error] = await once(child, "error").catch((error: unknown) => [error]);
  return error;
}

export interface RunningServer {
  readonly address: Address;
  readonly directory: string;
  readonly process: ProcessIdentity;
}

/**
 * Waits until the server answers.
 * @throws SlotctlError with the last lines of its log when it dies, or keeps silent for too long
 */
export async function waitUntilAnswers(
  { address, directory, process }: RunningServer,
  settings: ConnectSettings,
  patience: Patience,
): Promise<void> {
  const answered = await waitUntil(async () => {
    if (await answersAs(address, process.pid, settings)) return true;
    if (!isAlive(process)) throw serverDied(address, lastLogLines(directory));
    return undefined;
  }, patience);
  if (answered === undefined) throw serverMute(address, patience.timeout, lastLogLines(directory));
}

/**
 * Whether the process with that pid serves there: somebody else's server may have taken the port a moment before ours
 * could. One that answers but does not tell its pid, because it wants a login, is believed.
 */
export async function answersAs(address: Address, pid: number, settings: ConnectSettings): Promise<boolean> {
  try {
    const node = await connect(address, settings);
    const [pong, info] = await node.sendAll([["PING"], ["INFO", "server"]]).finally(() => node.close());
    if (pong instanceof ServerError) return pong.word !== "LOADING";
    return info instanceof ServerError || parseInfo(String(info)).get("process_id") === String(pid);
  } catch (error) {
    if (error instanceof SlotctlError) return false;
    throw error;
  }
}

const LOG_LINES = 8;

/** The end of what the server wrote, its complaints about the configuration first. */
export function lastLogLines(directory: string): readonly string[] {
  const lines = [OUTPUT_FILE, LOG_FILE].flatMap((name) => readLines(join(directory, name)));
  return lines.filter((line) => line.trim() !== "").slice(-LOG_LINES);
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n");
  } catch {
    return [];
  }
}

const TERM_PATIENCE_MS = 3_000;
const KILL_PATIENCE_MS = 10_000;

/**
 * Ends the processes, all at once: first they are asked to, then they are made to.
 * @throws SlotctlError that names the first one that still runs
 */
export async function endServers(servers: readonly RunningServer[]): Promise<void> {
  const signal = new AbortController().signal; // What began to end must not be left half way.
  const allGone = async () => (servers.some(({ process }) => isAlive(process)) ? undefined : true);
  // A paused process hears SIGTERM only when it goes on.
  for (const server of servers) sendSignals(server, ["SIGTERM", "SIGCONT"]);
  if ((await waitUntil(allGone, { timeout: TERM_PATIENCE_MS, signal })) !== undefined) return;
  for (const server of servers) sendSignals(server, ["SIGKILL"]);
  await waitUntil(allGone, { timeout: KILL_PATIENCE_MS, signal });
  const left = servers.find(({ process }) => isAlive(process));
  if (left !== undefined) throw notStopped(left.address, left.process.pid);
}

function sendSignals({ address, process: target }: RunningServer, signals: readonly NodeJS.Signals[]): void {
  for (const signal of signals) {
    if (!isAlive(target)) return;
    try {
      process.kill(target.pid, signal);
    } catch (cause) {
      if (isAlive(target)) throw notStopped(address, target.pid, cause);
    }
  }
}
