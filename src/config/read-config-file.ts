import type { Stats } from "node:fs";
import { constants, type FileHandle, open } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { ExitCode, SlotctlError } from "../errors.ts";
import { type ConfigFile, isConfidential } from "./config-file.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Contexts for hundreds of hosts fit; a parser can be kept busy for long with much more. */
const MAX_BYTES = 64 * 1024;

/** $XDG_CONFIG_HOME/slotctl/config.yaml, or ~/.config/slotctl/config.yaml. A relative path there counts for nothing. */
export function configPath({ XDG_CONFIG_HOME: config = "" }: Environment): string {
  return join(isAbsolute(config) ? config : join(homedir(), ".config"), "slotctl", "config.yaml");
}

/**
 * The file with the contexts; undefined where there is none.
 * @throws SlotctlError, exit code 2: CONFIG_UNREADABLE, CONFIG_INVALID, or CONFIG_EXPOSED when others may write it, or
 * read a password or a command in it
 */
export async function readConfigFile(environment: Environment): Promise<ConfigFile | undefined> {
  const path = configPath(environment);
  const file = await openFile(path);
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw unreadable(path, "it is no file");
    refuseForeign(path, stats);
    const text = await textOf(file, path);
    // Most runs have no such file, and none of the parser.
    const { parseConfigFile } = await import("./parse-config-file.ts");
    const config = parseConfigFile(text, { path, home: homedir() });
    if (isConfidential(config) && (stats.mode & 0o077) !== 0) throw exposed(path, "can be read by others");
    return config;
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    // A pipe must not keep us waiting for a writer.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unreadable(path, message.split(",")[0]!, error);
  }
}

/** Who may write it decides where passwords are sent, and what is run. */
function refuseForeign(path: string, { mode, uid }: Stats): void {
  if ((mode & 0o022) !== 0) throw exposed(path, "can be written by others");
  const me = process.getuid?.();
  if (me !== undefined && uid !== me && uid !== 0) throw exposed(path, "belongs to somebody else");
}

async function textOf(file: FileHandle, path: string): Promise<string> {
  const buffer = Buffer.alloc(MAX_BYTES + 1);
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
  if (bytesRead > MAX_BYTES) throw unreadable(path, `it is larger than ${MAX_BYTES / 1024} KiB`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(buffer.subarray(0, bytesRead));
  } catch {
    throw unreadable(path, "it is no UTF-8 text");
  }
}

function unreadable(path: string, why: string, cause?: unknown): SlotctlError {
  return new SlotctlError(`Cannot read ${path}: ${why}`, {
    code: "CONFIG_UNREADABLE",
    exitCode: ExitCode.Usage,
    hint: "It should be a small YAML file; man slotctl tells its form",
    cause,
  });
}

function exposed(path: string, how: string): SlotctlError {
  return new SlotctlError(`${path} ${how}, and says how to get into clusters: nothing of it is used`, {
    code: "CONFIG_EXPOSED",
    exitCode: ExitCode.Usage,
    hint: `chmod 600 ${path}; it has to be your own file`,
  });
}
