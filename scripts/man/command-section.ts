import type { Command } from "commander";
import type { HelpBlocks } from "./program-help.ts";
import { commandLines, escaped, italic, item, type Lines, paragraph, subsection, usage } from "./roff.ts";

/** A subsection for a command and for each of its own subcommands, from what `--help` would show. */
export function commandSections(command: Command, blocksOf: HelpBlocks): Lines {
  return [
    ...commandSection(command, blocksOf),
    ...command.commands.flatMap((subcommand) => commandSections(subcommand, blocksOf)),
  ];
}

function commandSection(command: Command, blocksOf: HelpBlocks): Lines {
  return subsection(
    fullName(command),
    paragraph(usage(commandUsage(command))),
    paragraph(escaped(sentence(command.description() || command.summary()))),
    argumentItems(command),
    optionItems(command),
    closingBlocks(blocksOf(command)),
  );
}

export function argumentItems(command: Command): Lines {
  return command.registeredArguments.flatMap((argument) =>
    item(italic(argument.name()), escaped(argument.description)),
  );
}

export function optionItems(command: Command): Lines {
  const help = command.createHelp();
  const options = command.options.filter(({ hidden }) => !hidden);
  return options.flatMap((option) => item(usage(option.flags), escaped(help.optionDescription(option))));
}

/** "slotctl sandbox start" */
export function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

/** "slotctl check [options] [seed]" */
export function commandUsage(command: Command): string {
  return `${fullName(command)} ${command.usage()}`;
}

export function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** What stands below the options in the help of a command: examples, and lists of words with their meaning. */
export function closingBlocks(blocks: ReturnType<HelpBlocks>): Lines {
  return blocks.flatMap(({ title, lines }) => {
    const rows = lines.map((line) => /^(\S+) {2,}(\S.*)$/.exec(line));
    if (rows.some((row) => row === null)) return [...paragraph(escaped(`${title}:`)), ...commandLines(lines)];
    return [...paragraph(escaped(`${title}:`)), ...rows.flatMap((row) => item(usage(row![1]!), escaped(row![2]!)))];
  });
}
