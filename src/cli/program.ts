import { Command, Help, type Option } from "commander";
import type { ExitCode } from "../errors.ts";
import { addAddNode } from "./add-node.ts";
import { addApply } from "./apply.ts";
import { addCall } from "./call.ts";
import { addCheck } from "./check.ts";
import { addConfig, addSetTimeout } from "./config.ts";
import { addCreate } from "./create.ts";
import { addDelNode } from "./del-node.ts";
import { addFailover } from "./failover.ts";
import { addFix } from "./fix.ts";
import { addForget } from "./forget.ts";
import { addImport } from "./import.ts";
import { addInfo } from "./info.ts";
import { addKeyslot } from "./keyslot.ts";
import type { OpenContext } from "./open-context.ts";
import { addGlobalOptions, type GlobalOptions } from "./options.ts";
import { addRebalance } from "./rebalance.ts";
import { addRebalanceReplicas } from "./rebalance-replicas.ts";
import { addReshard } from "./reshard.ts";
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
Exit codes: 0 done, 1 failed, 2 usage, 3 unhealthy, 4 cannot connect, 5 plan is stale,
6 stopped part-way, 7 timed out, 10 changes pending, 130 declined. More in slotctl(1).

Scripts written for redis-cli or valkey-cli: slotctl --cluster <subcommand> … works word for word.`;

/** The options of every command, below its own, in their groups. Commander would put them into one long list. */
function globalOptionsText(command: Command, helper: Help): string {
  const groups = new Map<string, string[]>();
  const options = helper.visibleGlobalOptions(command);
  const width = Math.max(0, ...options.map((option) => helper.optionTerm(option).length));
  for (const option of options) {
    const heading = option.helpGroupHeading ?? "Other:";
    const line = helper.formatItem(helper.optionTerm(option), width, helper.optionDescription(option), helper);
    groups.set(heading, [...(groups.get(heading) ?? []), line]);
  }
  return [...groups].map(([heading, lines]) => `${heading}\n${lines.join("\n")}\n`).join("\n");
}

/** Commander lists these only when told to print them itself. */
function visibleGlobalOptions(command: Command): Option[] {
  const parents: Command[] = [];
  for (let parent = command.parent; parent !== null; parent = parent.parent) parents.push(parent);
  return parents.flatMap(({ options }) => options.filter(({ hidden, long }) => !hidden && long !== "--version"));
}

function helpText(command: Command, helper: Help): string {
  const own = Help.prototype.formatHelp.call(helper, command, helper);
  const shared = globalOptionsText(command, helper);
  return shared === "" ? own : `${own}\n${shared}`;
}

/** All commands and options, declared once: help, man page and completion come from here. */
export function buildProgram({ version, environment, open, done, out, talk }: ProgramOptions): Command {
  const program = new Command("slotctl")
    .description("Build, resize, check and repair Redis Cluster and Valkey Cluster")
    .version(version, "-v, --version", "show the version")
    .helpOption("--help", "show help")
    .helpCommand("help [command]", "show help for a command")
    .configureHelp({ helpWidth: 100, formatHelp: helpText, visibleGlobalOptions })
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
  addFix(program, run, environment);
  addReshard(program, run, environment);
  addRebalance(program, run, environment);
  addFailover(program, run, environment);
  addRebalanceReplicas(program, run, environment);
  addAddNode(program, run, environment);
  addDelNode(program, run, environment);
  addForget(program, run, environment);
  addApply(program, run, environment);
  addCall(program, run);
  addConfig(program, run);
  addSetTimeout(program, run);
  addKeyslot(program, run);
  addImport(program, run);
  addWait(program, run);
  addSandbox(program, run, environment);

  return program;
}
