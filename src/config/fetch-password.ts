import { spawn } from "node:child_process";
import { constants, open } from "node:fs/promises";
import { ExitCode, SlotctlError } from "../errors.ts";
import type { PasswordSource } from "./config-file.ts";

/** A vault may ask for a finger or a PIN; nobody waits longer than this, in milliseconds. */
const COMMAND_TIMEOUT_MS = 60_000;
const MAX_BYTES = 64 * 1024;

export interface FetchOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * The password that a source names.
 * @throws SlotctlError PASSWORD_UNAVAILABLE, exit code 2, that never repeats what was read
 */
export async function fetchPassword(source: PasswordSource, { environment, signal }: FetchOptions): Promise<string> {
  switch (source.kind) {
    case "text":
      return source.text;
    case "environment":
      return notEmpty(environment[source.variable], `${source.variable} is not set`);
    case "file":
      return notEmpty(firstLine(await fileText(source.path)), `the first line of ${source.path} is empty`);
    case "command": {
      const [program] = source.words;
      const printed = await commandOutput(source.words, environment, signal);
      return notEmpty(firstLine(printed), `the first line that ${program} printed is empty`);
    }
  }
}

function notEmpty(password: string | undefined, why: string): string {
  if (password === undefined || password === "") throw unavailable(why);
  return password;
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0]!;
}

async function fileText(path: string): Promise<string> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (!stats.isFile()) throw unavailable(`${path} is no file`);
    // A group may be let in: that is how secrets are mounted into containers that do not run as root.
    if ((stats.mode & 0o007) !== 0) throw unavailable(`${path} can be read by everybody`, `chmod 600 ${path}`);
    const buffer = Buffer.alloc(MAX_BYTES);
    const { bytesRead } = await file.read(buffer, 0, MAX_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } catch (error) {
    if (error instanceof SlotctlError) throw error;
    throw unavailable(error instanceof Error ? error.message.split(",")[0]! : String(error));
  }
}

function commandOutput(
  [program, ...args]: readonly [string, ...(readonly string[])],
  env: FetchOptions["environment"],
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    // Its questions may be seen; standard input stays with slotctl, for which something may be piped in.
    const child = spawn(program, args, { env, signal, stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      child.stdout.destroy();
      reject(unavailable(`${program} took longer than ${COMMAND_TIMEOUT_MS / 1000} s`));
    }, COMMAND_TIMEOUT_MS);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed = (printed + text).slice(0, MAX_BYTES);
    });
    child.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      reject(signal.aborted ? error : unavailable(`${program} cannot be run: ${error.code ?? error.message}`));
    });
    child.once("close", (code, killedBy) => {
      clearTimeout(timer);
      if (code === 0) resolve(printed);
      else reject(unavailable(`${program} ended with ${code === null ? killedBy : `exit code ${code}`}`));
    });
  });
}

function unavailable(why: string, hint = "slotctl config show says where the password is looked for"): SlotctlError {
  return new SlotctlError(`Cannot get the password: ${why}`, {
    code: "PASSWORD_UNAVAILABLE",
    exitCode: ExitCode.Usage,
    hint,
  });
}
