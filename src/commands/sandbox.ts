import { join } from "node:path";
import { ExitCode } from "../errors.ts";
import { findServer } from "../sandbox/find-server.ts";
import { type Sandbox, sandboxStatus, stopSandbox } from "../sandbox/sandbox.ts";
import { startSandbox } from "../sandbox/start-sandbox.ts";
import type { Result } from "../view/view.ts";
import type { Context } from "./context.ts";
import { stateDirectory } from "./state-directory.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface SandboxOptions {
  /** Undefined: a folder of slotctl's own. */
  readonly directory: string | undefined;
  /** Print the addresses only, on one line, for a shell to take apart. */
  readonly addresses: boolean;
  readonly environment: Environment;
}

export interface StartOptions extends SandboxOptions {
  readonly nodes: number;
  readonly server: string | undefined;
  readonly basePort: number | undefined;
}

/** Starts blank servers on loopback that go on running. */
export async function sandboxStart(options: StartOptions, { view, signal }: Context): Promise<ExitCode> {
  const { nodes, server, basePort, environment } = options;
  const binary = await findServer({ server, env: environment });
  const sandbox = await startSandbox({ directory: directoryOf(options), nodes, basePort, server: binary, signal });
  view.result(resultOf("started", sandbox, options));
  return ExitCode.Ok;
}

export async function sandboxShow(options: SandboxOptions, { view }: Context): Promise<ExitCode> {
  const directory = directoryOf(options);
  const sandbox = await sandboxStatus(directory);
  const ok = sandbox?.nodes.every(({ running }) => running) === true;
  view.result(sandbox === undefined ? nothingIn(directory, ok) : { ...resultOf("running", sandbox, options), ok });
  return ok ? ExitCode.Ok : ExitCode.Failed;
}

/** Stops the servers of the sandbox, and none but those. That there is nothing to stop is no failure. */
export async function sandboxStop(options: SandboxOptions, { view }: Context): Promise<ExitCode> {
  const directory = directoryOf(options);
  const outcome = await stopSandbox(directory);
  view.result(outcome.kind === "stopped" ? resultOf("stopped", outcome.sandbox, options) : nothingIn(directory, true));
  return ExitCode.Ok;
}

function directoryOf({ directory, environment }: SandboxOptions): string {
  return directory ?? join(stateDirectory(environment), "sandbox");
}

type SandboxResult = Extract<Result, { kind: "sandbox" }>;

function resultOf(
  action: "started" | "running" | "stopped",
  sandbox: Sandbox,
  { addresses }: SandboxOptions,
): SandboxResult {
  const { directory, engine, nodes } = sandbox;
  return { kind: "sandbox", ok: true, action, directory, engine: `${engine.name} ${engine.version}`, nodes, addresses };
}

function nothingIn(directory: string, ok: boolean): SandboxResult {
  return { kind: "sandbox", ok, action: "nothing", directory, engine: "", nodes: [], addresses: false };
}
