import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseDropIn } from "./cli/drop-in/command-line.ts";
import type { DropInConnection } from "./cli/drop-in/drop-in.ts";
import type { DropInCommand, DropInImport } from "./cli/drop-in/drop-in-command.ts";
import { dropInAddNode } from "./commands/drop-in-add-node.ts";
import { dropInBackup } from "./commands/drop-in-backup.ts";
import { dropInCall, dropInSetTimeout } from "./commands/drop-in-call.ts";
import { dropInCheck, dropInInfo } from "./commands/drop-in-check.ts";
import { type DropInContext, sayFailure } from "./commands/drop-in-context.ts";
import { dropInCreate } from "./commands/drop-in-create.ts";
import { dropInDelNode } from "./commands/drop-in-del-node.ts";
import { dropInFix } from "./commands/drop-in-fix.ts";
import { dropInImport } from "./commands/drop-in-import.ts";
import { dropInRebalance } from "./commands/drop-in-rebalance.ts";
import { dropInReshard } from "./commands/drop-in-reshard.ts";
import { connectSettings } from "./connection-settings.ts";
import { ExitCode, SlotctlError } from "./errors.ts";
import type { Address } from "./model/address.ts";
import { Connections } from "./node/connections.ts";
import type { World } from "./open.ts";

const ANSWER_TIMEOUT_MS = 5_000;
const CLUSTER_TIMEOUT_MS = 60_000;

/** Runs a command line that was written for redis-cli or valkey-cli, and answers with 0 or 1 as they do. */
export async function runDropIn(argv: readonly string[], world: World, version: string): Promise<ExitCode> {
  const parsed = parseDropIn(argv, world.environment, () => readFileSync(0, "utf8"));
  switch (parsed.kind) {
    case "usage":
      world[parsed.stream].write(parsed.text);
      return parsed.exitCode;
    case "version":
      world.stdout.write(`slotctl ${version}\n`);
      return ExitCode.Ok;
    case "error":
      world.stderr.write(parsed.text);
      return parsed.exitCode;
    case "command":
      if (world.stderr.isTTY) for (const warning of parsed.warnings) world.stderr.write(`${warning}\n`);
      return runCommand(parsed.command, parsed.connection, world, version);
  }
}

async function runCommand(
  command: DropInCommand,
  connection: DropInConnection,
  world: World,
  version: string,
): Promise<ExitCode> {
  const lines = lineReader(world);
  using ordinary = new Connections(await settingsFor(connection, world, lines.next));
  using connections = movesSlots(command) ? ordinary.forBulk() : ordinary;
  const context = contextFor(connections, world, lines.next);
  try {
    return await dispatch(command, context, world, version);
  } catch (error) {
    if (!(error instanceof SlotctlError)) throw error;
    sayFailure(error, addressOf(command), context);
    return ExitCode.Failed;
  } finally {
    lines.close();
  }
}

/** It opens connections for many small commands anyway, and need not load what makes the others. */
function movesSlots({ subcommand }: DropInCommand): boolean {
  return subcommand === "reshard" || subcommand === "rebalance";
}

async function dispatch(
  command: DropInCommand,
  context: DropInContext,
  world: World,
  version: string,
): Promise<ExitCode> {
  const { environment } = world;
  switch (command.subcommand) {
    case "create":
      return dropInCreate(command, context);
    case "check":
      return dropInCheck(command, context);
    case "info":
      return dropInInfo(command.address, context);
    case "reshard":
      return dropInReshard({ ...command, environment }, context);
    case "rebalance":
      return dropInRebalance({ ...command, environment }, context);
    case "call":
      return dropInCall(command, context);
    case "set-timeout":
      return dropInSetTimeout(command.address, command.milliseconds, context);
    case "import":
      return dropInImport({ ...command, fromPassword: await sourcePassword(command, context, world) }, context);
    case "backup":
      return dropInBackup({ ...command, version }, context);
    case "fix":
      return dropInFix({ ...command, environment }, context);
    case "add-node":
      return dropInAddNode(command, context);
    case "del-node":
      return dropInDelNode(command, context);
  }
}

function addressOf(command: DropInCommand): Address {
  return command.subcommand === "create" ? command.addresses[0]! : command.address;
}

function contextFor(
  connections: Connections,
  { stdout, stderr, environment, signal }: World,
  readLine: DropInContext["readLine"],
): DropInContext {
  return {
    connections,
    signal,
    timeout: CLUSTER_TIMEOUT_MS,
    colour:
      environment.TERM?.includes("xterm") === true && stdout.isTTY === true && (environment.NO_COLOR ?? "") === "",
    out: (text) => void stdout.write(text),
    talk: (text) => void stderr.write(text),
    isTerminal: stderr.isTTY === true,
    readLine,
  };
}

async function settingsFor(connection: DropInConnection, world: World, readLine: () => Promise<string | undefined>) {
  const { password, askPass, family, connectTimeoutSeconds } = connection;
  const timeout =
    connectTimeoutSeconds === undefined || connectTimeoutSeconds === 0
      ? ANSWER_TIMEOUT_MS
      : connectTimeoutSeconds * 1000;
  const settings = connectSettings(
    {
      ...connection,
      pass: askPass ? await askPassword(world, readLine) : password,
      ipv4: family === 4,
      ipv6: family === 6,
    },
    ANSWER_TIMEOUT_MS,
  );
  return { ...settings, connectTimeout: timeout };
}

async function askPassword(world: World, readLine: () => Promise<string | undefined>): Promise<string> {
  if (!world.stdin.isTTY) return (await readLine()) ?? "";
  return (await import("./wizard/ask-password.ts")).askPassword(world);
}

async function sourcePassword(
  { fromAskPass, fromPassword }: DropInImport,
  { readLine }: DropInContext,
  world: World,
): Promise<string | undefined> {
  return fromAskPass ? askPassword(world, readLine) : fromPassword;
}

/** Lines of standard input one by one; nothing is read before the first is asked for. */
/** A signal is the end of what is typed: whatever was asked then counts as not agreed to. */
function lineReader({ stdin, signal }: World) {
  let lines: ReturnType<typeof createInterface> | undefined;
  let iterator: AsyncIterator<string> | undefined;
  return {
    next: async (): Promise<string | undefined> => {
      lines ??= createInterface({ input: stdin, signal });
      iterator ??= lines[Symbol.asyncIterator]();
      const { value, done } = await iterator.next();
      return done === true ? undefined : value;
    },
    close: () => {
      lines?.close();
      if (lines !== undefined) stdin.pause();
    },
  };
}
