import type { Argument, Command, Option } from "commander";
import { SCHEMA_NAMES } from "../../view/schema/schema-names.ts";
import { optionNamed, optionsOf, pathOf, readTyped, rootOf, splitAtEquals, type TypedLine } from "./typed-line.ts";

export interface Suggestion {
  readonly value: string;
  readonly about: string;
}

/** What only the file system, config.yaml or a cluster can tell. */
export type Place = "files" | "directories" | "contexts" | "seeds" | "nodes" | "seeds or nodes";

/** What may come next on a command line. */
export interface Suggestions {
  readonly line: TypedLine;
  /** Stands before each word: what is already there of "--from=a,b". */
  readonly prefix: string;
  /** What is typed of the word itself. */
  readonly typed: string;
  readonly words: readonly Suggestion[];
  /** Where there are more of them. */
  readonly place: Place | undefined;
}

/** Everything that slotctl knows by itself of what may come next. `words` are those before the one that is being typed. */
export function suggest(program: Command, words: readonly string[], typed: string): Suggestions {
  const line = readTyped(program, words);
  if (line.pending !== undefined && (line.pending.required || !typed.startsWith("-"))) {
    return valuesOf(line.pending, line, "", typed);
  }
  if (!typed.startsWith("-") || line.isLiteral) return wordsOf(line, typed);
  const [name, value] = splitAtEquals(typed);
  const option = value === undefined ? undefined : optionNamed(line.command, name);
  if (option !== undefined) return valuesOf(option, line, `${name}=`, value!);
  return { line, prefix: "", typed, words: optionsLeft(line), place: undefined };
}

/** Values by what the option calls them: `--cacert <file>`. */
const PLACES: Readonly<Record<string, Place>> = {
  file: "files",
  path: "files",
  program: "files",
  dir: "directories",
  node: "nodes",
  nodes: "nodes",
  primary: "nodes",
  "node=weight": "nodes",
};

function valuesOf(option: Option, line: TypedLine, before: string, typed: string): Suggestions {
  const name = placeholderOf(option);
  const place = option.long === "--context" ? "contexts" : PLACES[name];
  // Of a list of nodes the last one is being typed.
  const listed = name === "nodes" ? typed.slice(0, typed.lastIndexOf(",") + 1) : "";
  const words = (option.argChoices ?? []).map((value) => ({ value, about: "" }));
  return { line, prefix: before + listed, typed: typed.slice(listed.length), words, place };
}

/** "file" of "--cacert <file>" */
export function placeholderOf({ flags }: Option): string {
  return /[<[](.*)[>\]]$/.exec(flags)?.[1] ?? "";
}

function optionsLeft({ command, options }: TypedLine): readonly Suggestion[] {
  const given = new Set(options.map(({ option }) => option));
  return optionsOf(command)
    .filter((option) => !option.hidden && (!given.has(option) || option.description.includes("(repeatable)")))
    .map((option) => ({ value: option.long ?? option.short!, about: option.description }))
    .concat({ value: "--help", about: "show help" });
}

/** What the words behind the seed are, where they are something that can be listed. */
export const WORDS_BEHIND_SEED: Readonly<Record<string, Place>> = {
  failover: "nodes",
  "del-node": "nodes",
  forget: "nodes",
  "replace-node": "nodes",
  backup: "directories",
  restore: "directories",
  "backup verify": "directories",
  apply: "files",
};

function wordsOf(line: TypedLine, typed: string): Suggestions {
  const { command, args } = line;
  const none = { line, prefix: "", typed, words: [], place: undefined };
  const path = pathOf(command);
  if (path === "schema") return { ...none, words: schemaWords(args) };
  if (path === "help") return { ...none, words: commandsOf(commandAt(rootOf(command), args)) };
  const words = args.length === 0 ? [...commandsOf(command), ...choicesOf(command)] : [];
  const behind = WORDS_BEHIND_SEED[path];
  if (args.length > 0 || namesNode(line) || !takesSeed(command)) return { ...none, words, place: behind };
  return { ...none, words, place: behind === "nodes" ? "seeds or nodes" : "seeds" };
}

function commandsOf(command: Command): readonly Suggestion[] {
  return command.commands
    .filter((one) => !one.name().startsWith("_"))
    .map((one) => ({ value: one.name(), about: one.summary() }));
}

function choicesOf({ registeredArguments: [first] }: Command): readonly Suggestion[] {
  return (first?.argChoices ?? []).map((value) => ({ value, about: "" }));
}

function commandAt(command: Command, names: readonly string[]): Command {
  return names.reduce((at, name) => at.commands.find((one) => one.name() === name) ?? at, command);
}

function schemaWords(before: readonly string[]): readonly Suggestion[] {
  const rest = SCHEMA_NAMES.map((name) => name.split(" ")).filter((words) =>
    before.every((word, i) => words[i] === word),
  );
  const next = rest.flatMap((words) => words.slice(before.length, before.length + 1));
  return [...new Set(next)].map((value) => ({ value, about: "" }));
}

/** `[seed]`, or words of which the first may be the seed. */
function takesSeed({ registeredArguments }: Command): boolean {
  const isSeed = (argument: Argument) => argument.name() === "seed" || argument.description.startsWith("the seed");
  return registeredArguments.some(isSeed);
}

function namesNode({ options }: TypedLine): boolean {
  return options.some(({ option }) => ["host", "port", "socket", "uri"].includes(option.attributeName()));
}
