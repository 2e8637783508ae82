import { CommanderError } from "commander";
import type { OpenContext } from "./cli/open-context.ts";
import { buildProgram, type ProgramOptions } from "./cli/program.ts";
import { ExitCode, SlotctlError } from "./errors.ts";
import type { World } from "./open.ts";

declare const SLOTCTL_VERSION: string;

/** Runs a command line of slotctl's own and says how it went. */
export async function runNative(argv: readonly string[], world: World): Promise<ExitCode> {
  let code: ExitCode = ExitCode.Ok;
  let opening: Promise<OpenContext> | undefined;
  const opener = () => {
    opening ??= import("./open.ts").then(({ contextOpener }) => contextOpener(world));
    return opening;
  };
  const program = buildProgram(
    {
      version: SLOTCTL_VERSION,
      environment: world.environment,
      // Loaded late: what --version and --help need should be there at once.
      open: async (...request) => (await opener())(...request),
      done: (result) => {
        code = result;
      },
      out: (text) => void world.stdout.write(text),
      talk: (text) => void world.stderr.write(text),
      asking: world.stdin.isTTY && world.stderr.isTTY ? askingIn(world) : undefined,
    },
    argv[0],
  );
  try {
    await program.parseAsync(asksForHelp(argv) ? ["--help"] : argv, { from: "user" });
    return code;
  } catch (error) {
    return failed(error, argv, world);
  }
}

function askingIn(world: World): ProgramOptions["asking"] {
  return {
    prompt: async (options) => (await import("./open.ts")).promptFor(options, world),
    signal: world.signal,
  };
}

/** Nothing at all, or the bare -h of redis-cli. */
function asksForHelp([first, ...rest]: readonly string[]): boolean {
  return rest.length === 0 && (first === undefined || first === "-h");
}

/** Says what went wrong, in the form that was asked for, and which exit code that is. */
async function failed(error: unknown, argv: readonly string[], world: World): Promise<ExitCode> {
  const known = knownError(error, world);
  if (known === undefined) throw error;
  if (known === "shown") return ExitCode.Ok;
  const { viewFor } = await import("./open.ts");
  (await viewFor(outputAsked(argv), world)).error(known);
  if (argv.includes("--debug")) world.stderr.write(`${stackOf(error)}\n`);
  return known.exitCode;
}

function knownError(error: unknown, { signal }: World): SlotctlError | "shown" | undefined {
  if (error instanceof SlotctlError) return error;
  if (error instanceof CommanderError) return error.exitCode === 0 ? "shown" : usageError(error);
  const isPrompt = error instanceof Error && error.name === "ExitPromptError";
  if (isPrompt || signal.aborted) {
    return new SlotctlError("Interrupted: nothing was changed", { code: "INTERRUPTED", exitCode: ExitCode.Declined });
  }
  return undefined;
}

/** Commander's own sentence, taken apart into what is wrong and what was expected. */
function usageError({ message, code }: CommanderError): SlotctlError {
  // Commander has shown the help already; what is left to say is why.
  if (code === "commander.help") return noSuchCommand();
  const [first = "", ...rest] = message.replace(/^error: /, "").split("\n");
  const text = first
    .replace(/^command-argument value '.*' is invalid for argument '(.*?)'\./, "$1:")
    // A mistyped --pass=… must not repeat what stands behind it.
    .replace(/^(unknown option '[^'=]*)=.*'/, "$1'");
  return new SlotctlError(text.charAt(0).toUpperCase() + text.slice(1), {
    code: "USAGE",
    exitCode: ExitCode.Usage,
    hint:
      rest
        .join(" ")
        .replace(/^\((.*)\)$/, "$1")
        .trim() || "slotctl help <command> shows what it takes",
  });
}

function noSuchCommand(): SlotctlError {
  return new SlotctlError("No command was given, or none of that name is there", {
    code: "USAGE",
    exitCode: ExitCode.Usage,
    hint: "slotctl --help lists the commands",
  });
}

/** The error may be about the options themselves, so what counts for its form is looked up in the words as they are. */
function outputAsked(argv: readonly string[]) {
  const at = argv.findIndex((word) => word === "-o" || word === "--output");
  const isJson = argv[at + 1] === "json" && at >= 0;
  return {
    output: isJson || argv.includes("--output=json") || argv.includes("-ojson") ? "json" : "human",
    progress: "none",
    color: !argv.includes("--no-color"),
  } as const;
}

/** Redacted by construction: our errors hold addresses and server texts, never options. */
function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
