import { join } from "node:path";
import type { Command } from "commander";
import { ExitCode } from "../../src/errors.ts";
import { type Problem, severityOf } from "../../src/plan/problems.ts";
import { commandPage, leavesOf, pageName, reference } from "./command-page.ts";
import { COMMAND_PROSE } from "./command-prose.ts";
import { commandUsage, sentence } from "./command-section.ts";
import { errorCodesIn } from "./error-codes.ts";
import { readProgram } from "./program-help.ts";
import * as prose from "./prose.ts";
import {
  bold,
  commandLines,
  escaped,
  item,
  type Lines,
  marked,
  page,
  paragraph,
  section,
  unfilled,
  usage,
} from "./roff.ts";

export interface ManPage {
  /** Below man/. */
  readonly file: string;
  readonly text: string;
}

/**
 * The man pages of the project in `root`. They depend on its source and version only: the same input, the same bytes.
 * @throws Error when prose.ts leaves out something that the source has, or the other way round
 */
export function manPages(root: string, version: string): readonly ManPage[] {
  const { program, blocksOf } = readProgram(version);
  const commands = visibleCommands(program);
  refuseOther(commands.map((command) => command.name()));
  return [
    { file: "slotctl.1", text: slotctlPage(root, version) },
    ...commands.map((command) => ({
      file: `${pageName(command)}.1`,
      text: commandPage(command, COMMAND_PROSE[command.name()]!, blocksOf, version),
    })),
  ];
}

function visibleCommands(program: Command): readonly Command[] {
  return program.createHelp().visibleCommands(program);
}

function refuseOther(names: readonly string[]): void {
  const told = Object.keys(COMMAND_PROSE);
  const other = [...names.filter((name) => !told.includes(name)), ...told.filter((name) => !names.includes(name))];
  if (other.length > 0) throw new Error(`scripts/man/command-prose.ts and the commands differ: ${other.join(", ")}`);
}

function slotctlPage(root: string, version: string): string {
  const { program } = readProgram(version);
  return page(
    { name: "slotctl", version, date: prose.DATE },
    section("NAME", paragraph(`slotctl \\- ${escaped(prose.PURPOSE)}`)),
    section("SYNOPSIS", synopsis(program)),
    section("DESCRIPTION", ...paragraphs(prose.DESCRIPTION)),
    section("COMMANDS", paragraph(marked(COMMANDS_ARE)), ...visibleCommands(program).map(commandItem)),
    ...optionSections(program),
    section("CONTEXTS", ...contexts()),
    section("DROP-IN MODE", paragraph(usage(DROP_IN_USAGE)), ...paragraphs(prose.DROP_IN)),
    section("PROBLEMS", ...problems()),
    section("EXIT STATUS", ...exitStatus(), paragraph(marked(prose.DROP_IN_EXIT)), paragraph(marked(prose.SIGNALS))),
    section("ERROR CODES", paragraph(marked(ERROR_CODES_ARE)), ...errorCodes(join(root, "src"))),
    section("ENVIRONMENT", ...items(prose.ENVIRONMENT)),
    section("FILES", ...items(prose.FILES)),
    section("EXAMPLES", ...prose.EXAMPLES.flatMap(({ says, lines }) => [paragraph(marked(says)), commandLines(lines)])),
    section(
      "SEE ALSO",
      paragraph(`${visibleCommands(program).map(pageName).map(reference).join(", ")}, ${marked(prose.SEE_ALSO)}`),
    ),
  );
}

const DROP_IN_USAGE = "slotctl [options] --cluster <subcommand> [arguments] [options]";
const ERROR_CODES_ARE = "The `code` of an error in JSON output. They do not change; the messages may.";

const COMMANDS_ARE = "Each has a page of its own with its options and examples, and `slotctl help` *command*.";

function commandItem(command: Command): Lines {
  return item(reference(pageName(command)), escaped(sentence(command.summary())));
}

function contexts(): readonly Lines[] {
  const [first = "", ...rest] = prose.CONTEXTS;
  return [
    paragraph(marked(first)),
    commandLines(prose.CONTEXTS_EXAMPLE),
    ...paragraphs(rest),
    ...items(prose.CONTEXT_SETTINGS),
  ];
}

/** Every command that does something by itself, then the other way to call it. */
function synopsis(program: Command): Lines {
  const commands = visibleCommands(program).flatMap(leavesOf).map(commandUsage);
  return unfilled([...commands, DROP_IN_USAGE].map(usage));
}

/** A section for each group of options in the help; those without a group come last. */
function optionSections(program: Command): readonly Lines[] {
  const help = program.createHelp();
  const groups = new Map<string, Lines[]>();
  for (const option of help.visibleOptions(program)) {
    const title = option.helpGroupHeading ?? OTHER;
    groups.set(title, [
      ...(groups.get(title) ?? []),
      item(usage(option.flags), escaped(help.optionDescription(option))),
    ]);
  }
  const titles = [...groups.keys()].sort((a, b) => Number(a === OTHER) - Number(b === OTHER));
  return titles.map((title) => {
    const notes = OPTION_NOTES.get(title) ?? [];
    return section(`${title.replace(/:$/, "").toUpperCase()} OPTIONS`, ...groups.get(title)!, ...paragraphs(notes));
  });
}

const OTHER = "Other:";
const OPTION_NOTES: ReadonlyMap<string, readonly string[]> = new Map([
  ["Connection:", prose.CONNECTION_NOTES],
  ["Output:", prose.OUTPUT_NOTES],
]);

function problems(): readonly Lines[] {
  const kinds = Object.keys(prose.PROBLEMS) as Problem["kind"][];
  const listed = (severity: "error" | "warning") =>
    // The severity hangs on the kind alone.
    kinds
      .filter((kind) => severityOf({ kind } as Problem) === severity)
      .map((kind) => item(bold(kind), marked(prose.PROBLEMS[kind])));
  return [
    paragraph(marked(PROBLEMS_ARE)),
    ...listed("error"),
    paragraph(marked("Warnings, which make it exit 3 only with `--strict`:")),
    ...listed("warning"),
  ];
}

const PROBLEMS_ARE =
  "What `check` reports, by the `kind` that stands in its JSON document and, for problems, in the line of `--quick`. " +
  "Problems, which make it exit 3:";

function exitStatus(): readonly Lines[] {
  return Object.entries(ExitCode).map(([name, code]) =>
    item(bold(String(code)), marked(prose.EXIT_STATUS[name as keyof typeof ExitCode])),
  );
}

function errorCodes(src: string): readonly Lines[] {
  const codes = errorCodesIn(src);
  const told = Object.keys(prose.ERROR_CODES);
  const untold = codes.filter((code) => !told.includes(code));
  if (untold.length > 0) throw new Error(`scripts/man/prose.ts lacks the error codes ${untold.join(", ")}`);
  const unused = told.filter((code) => !codes.includes(code));
  if (unused.length > 0)
    throw new Error(`scripts/man/prose.ts lists error codes that src/ has not: ${unused.join(", ")}`);
  return codes.map((code) => item(bold(code), marked(prose.ERROR_CODES[code]!)));
}

function paragraphs(texts: readonly string[]): readonly Lines[] {
  return texts.map((text) => paragraph(marked(text)));
}

function items(texts: Readonly<Record<string, string>>): readonly Lines[] {
  return Object.entries(texts).map(([tag, text]) => item(usage(tag), marked(text)));
}
