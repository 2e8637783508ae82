import { existsSync } from "node:fs";
import type { Context } from "../commands/context.ts";
import { ExitCode } from "../errors.ts";
import { type Address, formatAddress, parseAddress } from "../model/address.ts";
import { askSeed } from "./addresses.ts";
import { shellLines } from "./command-line.ts";
import type { Interview } from "./interview.ts";
import type { Prompt } from "./prompt.ts";
import type { Typed } from "./typed.ts";
import { askVerb, GUIDANCE, type Verb } from "./verbs.ts";

/** What the wizard is given to work with. */
export interface Wizard {
  readonly prompt: Prompt;
  /** Undefined: it is asked for. */
  readonly verb: Verb | undefined;
  /** From the command line, by whatever option; none: it is asked for where there has to be one. */
  readonly seeds: readonly Address[];
  readonly typed: Typed;
  /** The typed options but for these, as words for another command line: without secrets. */
  readonly typedWords: (without: readonly string[]) => readonly string[];
  /** Opens a context for as long as the body takes. */
  readonly look: <Found>(seeds: readonly Address[], body: (context: Context) => Promise<Found>) => Promise<Found>;
  /** Runs a command line as if it had been typed, with somebody else to ask for consent. */
  readonly run: (words: readonly string[], confirm: Context["confirm"]) => Promise<ExitCode>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * Asks what a command line leaves out, says how the whole of it reads, and runs it. Decides nothing and writes nothing:
 * what is run is the line that was shown, and it shows its plan before anybody can agree to it.
 * @throws SlotctlError, exit code 130, or inquirer's ExitPromptError, when somebody leaves
 */
export async function runWizard(wizard: Wizard): Promise<ExitCode> {
  const { prompt } = wizard;
  const verb = wizard.verb ?? (await askVerb(prompt));
  const seeds = await seedsFor(verb, wizard);
  const interview = await interviewFor(verb, seeds, wizard);
  const head = [verb, ...(isNamedByOption(wizard) || seeds.length === 0 ? [] : [seeds.map(formatAddress).join(",")])];
  await interview.ask(prompt);
  for (;;) {
    const code = await attempt(wordsOf(head, interview, wizard), wizard);
    if (code !== "another answer") return code;
    await interview.change(prompt);
  }
}

async function seedsFor(verb: Verb, { prompt, seeds }: Wizard): Promise<readonly Address[]> {
  if (GUIDANCE[verb].survey === undefined) return [];
  if (seeds.length > 0) return seeds;
  return (await askSeed(prompt)).split(",").flatMap((part) => parseAddress(part.trim()) ?? []);
}

async function interviewFor(verb: Verb, seeds: readonly Address[], wizard: Wizard): Promise<Interview> {
  const { survey, interview } = GUIDANCE[verb];
  if (survey === undefined) return interview({ nodes: [] }, wizard.typed);
  const cluster = await wizard.look(seeds, (context) => survey(context, wizard.environment));
  return interview(cluster, wizard.typed);
}

/** These say more than where the seed is, and stay as they were typed. */
function isNamedByOption({ typed }: Wizard): boolean {
  return typed.has("uri") || typed.has("socket");
}

/** The seed stands in front, also where it was given as host and port. */
function wordsOf(head: readonly string[], interview: Interview, { typedWords }: Wizard): readonly string[] {
  const { positional, options } = interview.words();
  return [...head, ...positional, ...typedWords([...interview.options, "host", "port"]), ...options];
}

type Next = "run" | "change" | "save" | "leave";

/** Thrown through the command, which has changed nothing yet. */
class AnotherWay extends Error {
  readonly next: "change" | "save";

  constructor(next: "change" | "save") {
    super(`the wizard goes on with: ${next}`);
    this.next = next;
  }
}

/** One run of the command, up to its end or up to where something else is wanted. */
async function attempt(words: readonly string[], wizard: Wizard): Promise<ExitCode | "another answer"> {
  const { prompt, signal } = wizard;
  sayCommand(words, prompt);
  let isAsked = false;
  const confirm = async (question: string) => {
    isAsked = true;
    const next = await askNext(question, prompt);
    if (next === "change" || next === "save") throw new AnotherWay(next);
    return next === "run";
  };
  try {
    const code = await wizard.run(words, confirm);
    // It said why before it asked: maybe another answer helps.
    const isRefused = code !== ExitCode.Ok && code !== ExitCode.ChangesPending && !isAsked && !signal.aborted;
    return isRefused && (await wantsAnotherAnswer(prompt)) ? "another answer" : code;
  } catch (error) {
    if (!(error instanceof AnotherWay)) throw error;
    return error.next === "change" ? "another answer" : savePlan(words, wizard);
  }
}

function sayCommand(words: readonly string[], prompt: Prompt): void {
  const lines = shellLines(["slotctl", ...words], prompt.columns);
  prompt.say(["", "The same as a command:", ...lines, ""].join("\n"));
}

function askNext(question: string, prompt: Prompt): Promise<Next> {
  prompt.say("");
  return prompt.choose<Next>({
    name: "next",
    message: question,
    // Nothing happens to those who press Enter once too often.
    preset: "leave",
    choices: [
      { value: "run", cells: ["yes, run it"] },
      { value: "change", cells: ["change an answer"] },
      { value: "save", cells: ["save the plan to a file"] },
      { value: "leave", cells: ["no, leave"] },
    ],
  });
}

function wantsAnotherAnswer(prompt: Prompt): Promise<boolean> {
  return prompt.choose({
    name: "refused",
    message: "What now?",
    choices: [
      { value: true, cells: ["change an answer"] },
      { value: false, cells: ["leave"] },
    ],
  });
}

async function savePlan(words: readonly string[], wizard: Wizard): Promise<ExitCode> {
  const { prompt } = wizard;
  const file = await prompt.enter({
    name: "file",
    message: "Which file?",
    preset: freeName(),
    complaint: (text) => {
      if (text === "") return "Type the name of a file";
      return existsSync(text) ? "There is such a file already" : undefined;
    },
  });
  const saving = [...words, "--dry-run", "--plan-out", file];
  sayCommand(saving, prompt);
  const code = await wizard.run(saving, async () => false);
  if (code === ExitCode.Ok || code === ExitCode.ChangesPending) sayApply(words[0]!, file, prompt);
  return code;
}

/** plan.json, plan-2.json and so on. */
function freeName(number = 1): string {
  const name = number === 1 ? "plan.json" : `plan-${number}.json`;
  return existsSync(name) ? freeName(number + 1) : name;
}

function sayApply(verb: string, file: string, prompt: Prompt): void {
  // The plan of a cluster that is not there yet has nobody to be applied to: create goes on by itself.
  const how =
    verb === "create" ? [] : ["This carries it out:", ...shellLines(["slotctl", "apply", file], prompt.columns)];
  prompt.say([`The plan is in ${file}.`, ...how].join("\n"));
}
