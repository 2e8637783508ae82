import { Command } from "commander";
import type { ExitCode } from "../errors.ts";
import { addCheck } from "./check.ts";
import { addCreate } from "./create.ts";
import { addInfo } from "./info.ts";
import type { OpenContext } from "./open-context.ts";
import { addGlobalOptions, type GlobalOptions } from "./options.ts";
import { addSandbox } from "./sandbox.ts";

import { addWait } from "./wait.ts";

export interface ProgramOptions {
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly open: OpenContext;
  /** Called with how the command went. */
  readonly done: (code: ExitCode) => void;
  readonly out: (text: string) => void;
  readonly talk: (text: string) => void;
}

const EPILOGUE = `
Exit codes: 0 done, 1 failed, 2 usage, 3 unhealthy, 4 cannot connect, 5 plan is stale, 6 stopped part-way,
7 timed out, 10 changes pending (--detailed-exitcode), 130 declined. More in slotctl(1).

Scripts written for redis-cli or valkey-cli: slotctl --cluster <subcommand> … works word for word.`;

/** All commands and options, declared once: help, man page and completion come from here. */
export function buildProgram({ version, environment, open, done, out, talk }: ProgramOptions): Command {
  const program = new Command("slotctl")
    .description("Build, resize, check and repair Redis Cluster and Valkey Cluster")
    .version(version, "-v, --version", "show the version")
    .helpOption("--help", "show help")
    .helpCommand("help [command]", "show help for a command")
    .configureHelp({ showGlobalOptions: true, helpWidth: 100 })
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: talk, outputError: () => undefined })
    .showHelpAfterError(false)
    .addHelpText("after", EPILOGUE);
  addGlobalOptions(program);
  program.hook("preAction", (_, command) => {
    if (command.optsWithGlobals<GlobalOptions>().host === true) command.help();
  });
  const run = { open, done };
  addCreate(program, run);
  addCheck(program, run);
  addInfo(program, run);
  addWait(program, run);
  addSandbox(program, run, environment);

  return program;
}
