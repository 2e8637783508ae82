import type { Command, Option } from "commander";

/** How far a command line is when Tab is pressed. */
export interface TypedLine {
  readonly command: Command;
  /** Words that are neither options nor their values. */
  readonly args: readonly string[];
  /** Every option that is there, in its order; `value` is undefined for one that takes none. */
  readonly options: readonly { readonly option: Option; readonly value: string | undefined }[];
  /** What is being typed: a value of this option, or when it is undefined a word or the name of an option. */
  readonly pending: Option | undefined;
  /** Behind "--" nothing is an option. */
  readonly isLiteral: boolean;
}

/** Reads the words before the one that is being typed, as commander would. What it does not know it passes over. */
export function readTyped(program: Command, words: readonly string[]): TypedLine {
  let command = program;
  let pending: Option | undefined;
  let isLiteral = false;
  const args: string[] = [];
  const options: { option: Option; value: string | undefined }[] = [];
  for (const word of words) {
    const isOption = !isLiteral && word.startsWith("-") && word !== "-";
    // The value of `-h [host]` may be left out.
    if (pending !== undefined && (pending.required || !isOption)) {
      options.push({ option: pending, value: word });
      pending = undefined;
    } else if (word === "--" && !isLiteral) {
      isLiteral = true;
    } else if (isOption) {
      pending = undefined;
      const [name = "", value] = splitAtEquals(word);
      const option = optionNamed(command, name);
      if (option === undefined) continue;
      if (value === undefined && (option.required || option.optional)) pending = option;
      else options.push({ option, value });
    } else {
      const next = args.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (next === undefined) args.push(word);
      else command = next;
    }
  }
  return { command, args, options, pending, isLiteral };
}

/** "--cacert=/etc" as its name and its value. */
export function splitAtEquals(word: string): readonly [string, string | undefined] {
  const at = word.startsWith("--") ? word.indexOf("=") : -1;
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

/** An option of the command, or one of all commands. */
export function optionNamed(command: Command, name: string): Option | undefined {
  return optionsOf(command).find(({ long, short }) => long === name || short === name);
}

export function optionsOf(command: Command): readonly Option[] {
  return command.parent === null || command.parent === undefined
    ? command.options
    : [...command.options, ...rootOf(command).options.filter(({ long }) => long !== "--version")];
}

export function rootOf(command: Command): Command {
  return command.parent === null || command.parent === undefined ? command : rootOf(command.parent);
}

/** "config get", and "" for slotctl itself. */
export function pathOf(command: Command): string {
  if (command.parent === null || command.parent === undefined) return "";
  return `${pathOf(command.parent)} ${command.name()}`.trim();
}
