import { Command, Help, type Option } from "commander";
import type { ExitCode } from "../errors.ts";
import { addAddNode } from "./add-node.ts";
import { addApply } from "./apply.ts";
import { addBackup } from "./backup.ts";
import { addCall } from "./call.ts";
import { addCheck } from "./check.ts";
import { addCompletion } from "./completion.ts";
import { addConfig, addSetTimeout } from "./config.ts";
import { addCreate } from "./create.ts";
import { addDelNode } from "./del-node.ts";
import { addFailover } from "./failover.ts";
import { addFix } from "./fix.ts";
import { addForget } from "./forget.ts";
import { type GuideParts, guideOf } from "./guide.ts";
import { addHelp, manualOf } from "./help.ts";
import { addImport } from "./import.ts";
import { addInfo } from "./info.ts";
import { addKeyslot } from "./keyslot.ts";
import type { Environment, OpenContext, Running } from "./open-context.ts";
import { addGlobalOptions, type GlobalOptions } from "./options.ts";
import { addRebalance } from "./rebalance.ts";
import { addRebalanceReplicas } from "./rebalance-replicas.ts";
import { addReplaceNode } from "./replace-node.ts";
import { addReshard } from "./reshard.ts";
import { addRestore } from "./restore.ts";
import { addSandbox } from "./sandbox.ts";
import { addSchema } from "./schema.ts";
import { rememberTyped } from "./typed-options.ts";
import { addWait } from "./wait.ts";
import { addWizard } from "./wizard.ts";

export interface ProgramOptions {
  readonly version: string;
  readonly environment: Environment;
  readonly open: OpenContext;
  /** Called with how the command went. */
  readonly done: (code: ExitCode) => void;
  readonly out: (text: string) => void;
  readonly talk: (text: string) => void;
  /** A person to ask for what is missing; undefined where there is no terminal. */
  readonly asking?: Pick<GuideParts, "prompt" | "signal"> | undefined;
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

/** Commander lists these only when told to print them itself. Those of a command in between are not for all below it. */
function visibleGlobalOptions(command: Command): Option[] {
  if (command.parent === null) return [];
  let root = command.parent;
  while (root.parent !== null) root = root.parent;
  return root.options.filter(({ hidden, long }) => !hidden && long !== "--version");
}

function helpText(command: Command, helper: Help): string {
  const own = Help.prototype.formatHelp.call(helper, command, helper);
  const shared = globalOptionsText(command, helper);
  return shared === "" ? own : `${own}\n${shared}\nManual: ${manualOf(command)}\n`;
}

/** All commands, in the order in which the help lists them. */
const COMMANDS: readonly {
  readonly names: readonly string[];
  readonly add: (program: Command, running: Running, environment: Environment) => void;
}[] = [
  { names: ["create"], add: addCreate },
  { names: ["check"], add: addCheck },
  { names: ["info"], add: addInfo },
  { names: ["fix"], add: addFix },
  { names: ["reshard"], add: addReshard },
  { names: ["rebalance"], add: addRebalance },
  { names: ["failover"], add: addFailover },
  { names: ["rebalance-replicas"], add: addRebalanceReplicas },
  { names: ["add-node"], add: addAddNode },
  { names: ["del-node"], add: addDelNode },
  { names: ["replace-node"], add: addReplaceNode },
  { names: ["forget"], add: addForget },
  { names: ["apply", "resume"], add: addApply },
  { names: ["call"], add: addCall },
  { names: ["config"], add: addConfig },
  { names: ["set-timeout"], add: addSetTimeout },
  { names: ["keyslot"], add: addKeyslot },
  { names: ["import"], add: addImport },
  { names: ["backup"], add: addBackup },
  { names: ["restore"], add: addRestore },
  { names: ["wait"], add: addWait },
  { names: ["sandbox"], add: addSandbox },
  { names: ["wizard"], add: addWizard },
  { names: ["schema"], add: addSchema },
  { names: ["completion"], add: addCompletion },
  { names: ["help"], add: addHelp },
];

/**
 * All commands and options, declared once: help, man page and completion come from here. Where the first word of the
 * command line is a command, the others are left out: to declare them all takes as long as asking a cluster.
 */
export function buildProgram(options: ProgramOptions, first?: string): Command {
  const { version, environment, open, done, out, talk, asking } = options;
  const program = new Command("slotctl")
    .description("Build, resize, check and repair Redis Cluster and Valkey Cluster")
    .version(version, "-v, --version", "show the version")
    .helpOption("--help", "show help")
    .configureHelp({ helpWidth: 100, formatHelp: helpText, visibleGlobalOptions })
    .exitOverride()
    .configureOutput({ writeOut: out, writeErr: talk, outputError: () => undefined })
    .showHelpAfterError(false)
    .addHelpText("after", EPILOGUE);
  addGlobalOptions(program);
  program.hook("preAction", (_, command) => {
    if (command.optsWithGlobals<GlobalOptions>().host === true) command.help();
  });
  const typed = rememberTyped();
  const run = { open, done, guide: asking && guideOf({ ...options, ...asking, typed, parse: parserLike(options) }) };
  const declared = COMMANDS.filter(({ names }) => first !== undefined && names.includes(first));
  for (const { add } of declared.length > 0 ? declared : COMMANDS) add(program, run, environment);
  typed.watch(program);
  return program;
}

/** Command lines that the wizard has put together are parsed as if they had been typed, but ask for nothing more. */
function parserLike(options: ProgramOptions): GuideParts["parse"] {
  return async (words, open, done) => {
    const { asking: _, ...others } = options;
    await buildProgram({ ...others, open, done }, words[0]).parseAsync(words, { from: "user" });
  };
}
