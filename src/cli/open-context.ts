import type { Command } from "commander";
import type { Context } from "../commands/context.ts";
import { ExitCode, SlotctlError } from "../errors.ts";
import type { Address } from "../model/address.ts";
import type { Guide } from "./guide.ts";
import type { GlobalOptions } from "./options.ts";

/**
 * What a command does with the contexts of config.yaml. `any`: the one that is asked for, or the current one. `named`:
 * only one that is asked for, for a command that can do without a cluster. `none`: it has nothing to do with a cluster.
 * `shown`: as `any`, and nothing is connected to, so that no password is fetched.
 */
export type ContextUse = "any" | "named" | "none" | "shown";

/** Makes the context that a command runs in from the options of this run. */
export type OpenContext = (options: GlobalOptions, seeds: readonly Address[], use?: ContextUse) => Promise<Context>;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Running {
  readonly open: OpenContext;
  readonly done: (code: ExitCode) => void;
  /** Undefined where there is no terminal to ask in. */
  readonly guide?: Guide | undefined;
}

/** Who asks for what a command line leaves out: nobody when --yes says that nothing is to be asked. */
export function guideFor({ guide }: Running, command: Command): Guide | undefined {
  return command.optsWithGlobals<GlobalOptions>().yes === true ? undefined : guide;
}

/** Neither as an argument nor as an option. */
export function isSeedless(command: Command, seeds: readonly Address[] | undefined): boolean {
  const { host, port, socket, uri } = command.optsWithGlobals<GlobalOptions>();
  return (seeds ?? host ?? port ?? socket ?? uri) === undefined;
}

/** As commander says it of arguments that can be asked for in a terminal, where there is none. */
export function missingArgument(command: Command, name: string): never {
  return command.error(`error: missing required argument '${name}'`, { code: "commander.missingArgument" });
}

/**
 * Runs the body of a command that starts from a seed: an argument, or -h, -p, -s or -u.
 * @throws SlotctlError, exit code 2, when there is none
 */
export function runFromSeed(
  running: Running,
  command: Command,
  seeds: readonly Address[] | undefined,
  body: (context: Context) => Promise<ExitCode>,
): Promise<void> {
  return runWith(running, command, seeds, (context) => {
    if (context.seeds.length === 0) throw noSeed(command.args);
    return body(context);
  });
}

/**
 * For commands that open connections for many small commands anyway, or that scripts run over and over: with such
 * connections throughout they need not load what makes the ordinary ones, which takes as long as moving a thousand empty
 * slots.
 */
export function inBulk(body: (context: Context) => Promise<ExitCode>): (context: Context) => Promise<ExitCode> {
  return async (context) => {
    using connections = context.connections.forBulk();
    return await body({ ...context, connections });
  };
}

function noSeed([lone, ...others]: readonly string[]): SlotctlError {
  return new SlotctlError("No node to start from was given", {
    code: "NO_SEED",
    exitCode: ExitCode.Usage,
    hint:
      lone?.includes(":") !== true || others.length > 0
        ? "Give host:port of any node of the cluster, for example 10.0.0.1:7000, or --context"
        : `${lone} was taken for the node that is meant: give any node of the cluster before it, or --context`,
  });
}

/** Runs a command's body with its context and reports how it went. */
export async function runWith(
  { open, done }: Running,
  command: Command,
  seeds: readonly Address[] | undefined,
  body: (context: Context) => Promise<ExitCode>,
  use: ContextUse = "any",
): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>();
  const context = await open(options, seeds ?? [], use);
  try {
    if (use !== "none" && use !== "shown") context.view.busy("Asking the nodes");
    done(await body(context));
  } catch (error) {
    if (!(error instanceof SlotctlError)) throw error;
    // Through the view that already spoke: in JSON the plan it was shown belongs into the same document.
    context.view.error(error);
    if (options.debug === true) context.view.note(error.stack ?? error.message);
    done(error.exitCode);
  } finally {
    context.view.end();
    context.connections[Symbol.dispose]();
  }
}
