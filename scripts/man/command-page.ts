import type { Command } from "commander";
import { ExitCode } from "../../src/errors.ts";
import { type CommandProse, environmentOf, filesOf } from "./command-prose.ts";
import {
  argumentItems,
  closingBlocks,
  commandSections,
  commandUsage,
  optionItems,
  sentence,
} from "./command-section.ts";
import type { HelpBlocks } from "./program-help.ts";
import { DATE } from "./prose.ts";
import { bold, escaped, item, type Lines, marked, page, paragraph, section, unfilled, usage } from "./roff.ts";

/** slotctl-create(1) and its like: what `--help` says, and what a person would ask next. */
export function commandPage(command: Command, prose: CommandProse, blocksOf: HelpBlocks, version: string): string {
  const blocks = blocksOf(command);
  const isExample = ({ title }: (typeof blocks)[number]) => title === "Examples";
  return page(
    { name: pageName(command), version, date: DATE },
    section("NAME", paragraph(`${escaped(pageName(command))} \\- ${escaped(command.summary())}`)),
    section("SYNOPSIS", unfilled(leavesOf(command).map(commandUsage).map(usage))),
    section(
      "DESCRIPTION",
      paragraph(escaped(sentence(command.description() || command.summary()))),
      ...prose.more.map((text) => paragraph(marked(text))),
    ),
    ...optionalSection(
      "COMMANDS",
      command.commands.flatMap((subcommand) => commandSections(subcommand, blocksOf)),
    ),
    ...optionalSection("ARGUMENTS", argumentItems(command)),
    ...optionalSection("OPTIONS", [
      ...optionItems(command),
      ...closingBlocks(blocks.filter((block) => !isExample(block))),
      ...paragraph(marked(prose.connects === false ? OUTPUT_OPTIONS : ALL_OPTIONS)),
    ]),
    section("EXIT STATUS", ...exitStatus(prose)),
    ...optionalSection("ENVIRONMENT", items(environmentOf(prose))),
    ...optionalSection("FILES", items(filesOf(prose))),
    ...optionalSection("EXAMPLES", closingBlocks(blocks.filter(isExample)).slice(EXAMPLES_TITLE_LINES)),
    section(
      "SEE ALSO",
      paragraph(["slotctl", ...prose.see.map((name) => `slotctl-${name}`)].map(reference).join(", ")),
    ),
  );
}

const ALL_OPTIONS = "The connection and output options, which every command has, are told in slotctl(1).";
const OUTPUT_OPTIONS = "The output options, which every command has, are told in slotctl(1).";

/** "Examples:" as a paragraph, which the heading says already. */
const EXAMPLES_TITLE_LINES = 2;

/** "slotctl-create" */
export function pageName(command: Command): string {
  return `slotctl-${command.name()}`;
}

/** Every command below this one, or itself, that does something. */
export function leavesOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

export function reference(name: string): string {
  return `${bold(name)}(1)`;
}

function optionalSection(title: string, lines: Lines): readonly Lines[] {
  return lines.length === 0 ? [] : [section(title, lines)];
}

function exitStatus({ exits }: CommandProse): readonly Lines[] {
  return Object.entries(ExitCode).flatMap(([name, code]) => {
    const text = exits[name as keyof typeof ExitCode];
    return text === undefined ? [] : [item(bold(String(code)), marked(text))];
  });
}

function items(texts: Readonly<Record<string, string>>): Lines {
  return Object.entries(texts).flatMap(([tag, text]) => item(usage(tag), marked(text)));
}
