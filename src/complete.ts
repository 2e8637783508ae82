import { Command } from "commander";
import { splitLine } from "./cli/completion/split-line.ts";
import { type Suggestion, type Suggestions, suggest } from "./cli/completion/suggest.ts";
import { addGlobalOptions, type GlobalOptions, seedsArgument } from "./cli/options.ts";
import { buildProgram } from "./cli/program.ts";
import type { Context } from "./commands/context.ts";
import { namedNodes } from "./commands/named-nodes.ts";
import { readConfigFile } from "./config/read-config-file.ts";
import { ExitCode } from "./errors.ts";
import { type Address, formatAddress } from "./model/address.ts";
import { contextOpener, type World } from "./open.ts";

/** One answer is waited for so long; two are needed of a node, one to the login and one to the question. */
const ANSWER_TIMEOUT_MS = 400;
const NODES_TIMEOUT_MS = 900;

/**
 * Answers a shell: what may come next on a command line. `line` is its beginning as it was typed, `words` are its words
 * without the first. Nobody reads what goes wrong while they press Tab, so then there is simply nothing to suggest.
 */
export async function complete([form, ...given]: readonly string[], world: World): Promise<ExitCode> {
  const { words, typed } =
    form === "line" ? ofLine(given[0] ?? "") : { words: given.slice(0, -1), typed: given.at(-1) ?? "" };
  const suggestions = suggest(programOnly(world), words, typed);
  world.stdout.write(await answer(suggestions, world));
  return ExitCode.Ok;
}

function ofLine(line: string) {
  const { words, typed } = splitLine(line);
  return { words: words.slice(1), typed };
}

/** To be looked at, and not to be run. */
function programOnly({ environment }: World): Command {
  return buildProgram({
    version: "",
    environment,
    open: () => Promise.reject(new Error("nothing is run here")),
    done: () => undefined,
    out: () => undefined,
    talk: () => undefined,
  });
}

async function answer(suggestions: Suggestions, world: World): Promise<string> {
  const { place, prefix, typed, words, line } = suggestions;
  if (place === "files" || place === "directories") return `${place}\n`;
  const more = place === undefined ? [] : await lookUp(suggestions, world).catch(() => []);
  const suffix = line.pending?.flags.includes("node=weight") === true ? "=" : "";
  const isThere = (value: string) => prefix.split(/[=,]/).includes(value);
  const fitting = [...words, ...more].filter(({ value }) => value.startsWith(typed) && !isThere(value));
  return ["words", ...fitting.map(({ value, about }) => `${prefix}${value}${suffix}\t${about}`), ""].join("\n");
}

async function lookUp({ place, line, typed }: Suggestions, world: World): Promise<readonly Suggestion[]> {
  if (place === "contexts") return contextNames(world);
  const options = globalOptionsOf(line.options);
  const open = contextOpener(world);
  const named = seedsIn(line.args[0]);
  // Without connecting, and without the password: not everything is done for a Tab that is done for a command.
  const context = await open({ ...options, timeout: ANSWER_TIMEOUT_MS }, named, "shown");
  const hasCluster = context.seeds.length > 0 && !asksSomebody(context);
  if (place === "seeds" || (place === "seeds or nodes" && !hasCluster)) return seedSuggestions(context, world);
  if (!hasCluster) return [];
  const connected = await open({ ...options, timeout: ANSWER_TIMEOUT_MS }, named, "any");
  try {
    return nodeSuggestions(await inTime(namedNodes(connected.seeds, connected.connections)), typed);
  } finally {
    connected.connections[Symbol.dispose]();
  }
}

async function contextNames({ environment }: World): Promise<readonly Suggestion[]> {
  const file = await readConfigFile(environment);
  return [...(file?.contexts.values() ?? [])].map(({ name, seeds }) => ({
    value: name,
    about: seeds.map(formatAddress).join(", "),
  }));
}

/** The seeds of the context that counts, else those of all contexts. */
async function seedSuggestions({ seeds }: Context, { environment }: World): Promise<readonly Suggestion[]> {
  if (seeds.length > 0) return seeds.map((seed) => ({ value: formatAddress(seed), about: "" }));
  const file = await readConfigFile(environment);
  return [...(file?.contexts.values() ?? [])].flatMap(({ name, seeds }) =>
    seeds.map((seed) => ({ value: formatAddress(seed), about: `context ${name}` })),
  );
}

/** A person, or a program that may ask one, or ring a bell. */
function asksSomebody({ settings }: Context): boolean {
  const kind = settings.password.value?.kind;
  return kind === "asked" || kind === "command";
}

/** By their addresses; by their ids for whoever has begun to type one. */
function nodeSuggestions(nodes: Awaited<ReturnType<typeof namedNodes>>, typed: string): readonly Suggestion[] {
  const byAddress = nodes.map(({ address, about }) => ({ value: address, about }));
  if (typed === "" || byAddress.some(({ value }) => value.startsWith(typed))) return byAddress;
  return nodes.map(({ id, address, about }) => ({ value: id, about: `${address}, ${about}` }));
}

function seedsIn(word: string | undefined): readonly Address[] {
  try {
    return word === undefined ? [] : seedsArgument(word);
  } catch {
    return [];
  }
}

/** Only these of what is typed say how a cluster is reached; a value that cannot be understood leaves nothing to ask. */
function globalOptionsOf(typed: Suggestions["line"]["options"]): GlobalOptions {
  const parser = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addGlobalOptions(parser);
  const known = typed.filter(({ option }) => parser.options.some(({ long }) => long === option.long));
  const words = known.map(({ option, value }) => (value === undefined ? option.long! : `${option.long}=${value}`));
  return parser.parse(words, { from: "user" }).opts<GlobalOptions>();
}

async function inTime<Value>(promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("nobody answers in time")), NODES_TIMEOUT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
