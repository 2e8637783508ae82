import { ExitCode, SlotctlError } from "../errors.ts";
import { type Address, formatAddress } from "../model/address.ts";

export const INSTALL_HINT =
  "Install redis-server or valkey-server, set REDIS_SERVER to the path of one, or run npm run servers in a checkout";

export function noServerFound(): SlotctlError {
  return failed("No Redis or Valkey server was found", { code: "SERVER_NOT_FOUND", hint: INSTALL_HINT });
}

/** `source` is what the operator set: "--server" or "REDIS_SERVER". */
export function serverNotFound(wanted: string, source: string): SlotctlError {
  return new SlotctlError(`There is no server program ${wanted}, which ${source} names`, {
    code: "SERVER_NOT_FOUND",
    exitCode: ExitCode.Usage,
    hint: INSTALL_HINT,
  });
}

export function serverNotUsable(path: string, why: string, cause?: unknown): SlotctlError {
  return failed(`${path} cannot be used as a server: ${why}`, { code: "SERVER_NOT_FOUND", hint: INSTALL_HINT, cause });
}

/** `nodes` is empty while the other start has not come that far. */
export function sandboxRunning(directory: string, nodes: readonly Address[]): SlotctlError {
  const what = nodes.length === 0 ? "is being started" : `is already running at ${nodes.map(formatAddress).join(", ")}`;
  return failed(`A sandbox in ${directory} ${what}`, {
    code: "SANDBOX_RUNNING",
    hint: "Use it, stop it with slotctl sandbox stop, or start another one in another directory",
  });
}

export function directoryInUse(directory: string, cause: unknown): SlotctlError {
  return failed(`${directory} exists already and is no part of a sandbox`, {
    code: "DIRECTORY_IN_USE",
    hint: "Remove it when it is not needed any more, or start the sandbox in another directory",
    cause,
  });
}

export function directoryUnusable(directory: string, cause: unknown): SlotctlError {
  return failed(`Cannot write in ${directory}: ${reasonOf(cause)}`, {
    code: "DIRECTORY_UNUSABLE",
    hint: "Choose another directory for the sandbox",
    cause,
  });
}

export function stateUnreadable(file: string, why: string, cause?: unknown): SlotctlError {
  return failed(`Cannot understand ${file}: ${why}`, {
    code: "SANDBOX_STATE_UNREADABLE",
    hint: "See with ps whether its servers still run, stop them by hand, then remove the directory",
    cause,
  });
}

export function portTaken(address: Address, port: number, cause: NodeJS.ErrnoException): SlotctlError {
  const which = port === address.port ? `port ${port}` : `bus port ${port} of ${formatAddress(address)}`;
  const why = cause.code === "EACCES" ? "needs more rights than you have" : "is already in use";
  return failed(`The ${which} ${why}`, {
    code: "PORT_IN_USE",
    hint: "Choose another base port, or leave it away to have free ports found",
    cause,
  });
}

export function portOutOfRange(first: number, last: number, highest: number): SlotctlError {
  return new SlotctlError(`The ports ${first}-${last} cannot be used: they must lie between 1 and ${highest}`, {
    code: "PORT_OUT_OF_RANGE",
    exitCode: ExitCode.Usage,
    hint: "Each server also takes the port 10000 above its own, which has to stay below the ports of outgoing connections",
  });
}

export function hostUnusable(host: string, cause: unknown): SlotctlError {
  return failed(`Cannot listen on ${host}: ${reasonOf(cause)}`, {
    code: "HOST_UNUSABLE",
    hint: "Give an address of this machine, such as 127.0.0.1",
    cause,
  });
}

export function noFreePorts(host: string, wanted: number): SlotctlError {
  return failed(`There are no ${wanted} free ports on ${host}`, {
    code: "PORT_IN_USE",
    hint: "Stop what is not needed, or name the ports with a base port",
  });
}

/** The program did not even start: not executable after all, no memory, too many processes. */
export function spawnFailed(binary: string, cause: unknown): SlotctlError {
  return failed(`Could not run ${binary}: ${reasonOf(cause)}`, {
    code: "SERVER_START_FAILED",
    hint: INSTALL_HINT,
    cause,
  });
}

/** Code PORT_IN_USE when the log says that somebody else was quicker to take a port. */
export function serverDied(address: Address, log: readonly string[]): SlotctlError {
  const lostItsPort = log.some((line) => /Address already in use|Failed listening on/i.test(line));
  return failed(`The server ${formatAddress(address)} ended as soon as it was started`, {
    code: lostItsPort ? "PORT_IN_USE" : "SERVER_START_FAILED",
    hint: log.length === 0 ? "It wrote nothing; run the program by hand" : "The last lines of its log tell why",
    details: log,
  });
}

export function serverMute(address: Address, timeout: number, log: readonly string[]): SlotctlError {
  return new SlotctlError(`The server ${formatAddress(address)} did not answer within ${timeout / 1000} s`, {
    code: "SERVER_START_FAILED",
    exitCode: ExitCode.TimedOut,
    hint: "The machine may be overloaded; --timeout sets how long to wait",
    details: log,
  });
}

export function notStopped(address: Address, pid: number, cause?: unknown): SlotctlError {
  return failed(`Could not stop the server ${formatAddress(address)}, process ${pid}`, {
    code: "SANDBOX_NOT_STOPPED",
    hint: "Stop it as the user who started it",
    cause,
  });
}

interface Details {
  readonly code: string;
  readonly hint: string;
  readonly cause?: unknown;
  readonly details?: readonly string[];
}

function failed(message: string, details: Details): SlotctlError {
  return new SlotctlError(message, { ...details, exitCode: ExitCode.Failed });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.split(",")[0]! : String(cause);
}
