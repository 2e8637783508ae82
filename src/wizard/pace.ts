import { groupDigits } from "../view/words.ts";
import type { Topic } from "./interview.ts";
import type { Prompt } from "./prompt.ts";
import type { Typed } from "./typed.ts";

/** How gently slots are moved: a name, and the options that say so. */
export interface Pace {
  readonly name: string;
  readonly options: readonly string[];
}

const GENTLE: Pace = { name: "gentle", options: ["--concurrency", "1", "--max-block", "5ms", "--rate", "1000"] };
const NORMAL: Pace = { name: "normal", options: [] };
const FAST: Pace = { name: "fast", options: ["--concurrency", "16", "--max-block", "50ms", "--pipeline", "1000"] };

/** The options that a pace stands for. */
const PACE_OPTIONS = ["concurrency", "max-block", "rate", "pipeline"] as const;

/** The pace that was typed; undefined when nothing was said about it. */
export function paceIn(typed: Typed): Pace | undefined {
  const options = PACE_OPTIONS.flatMap((name) => (typed.has(name) ? [`--${name}`, typed.get(name) ?? ""] : []));
  return options.length === 0 ? undefined : { name: options.join(" "), options };
}

export function paceTopic<Answers extends { readonly pace?: Pace }>(): Topic<Answers> {
  return {
    name: "pace",
    options: PACE_OPTIONS,
    label: "How gently",
    ask: async (answers, prompt) => ({ ...answers, pace: await askPace(prompt) }),
    told: ({ pace }) => pace?.name ?? "",
  };
}

async function askPace(prompt: Prompt): Promise<Pace> {
  const pace = await prompt.choose<Pace | undefined>({
    name: "pace",
    message: "How gently?",
    preset: NORMAL,
    choices: [
      {
        value: GENTLE,
        cells: ["gentle"],
        note: "One move at a time, at most 1,000 keys a second, writes of at most 5 ms.",
      },
      {
        value: NORMAL,
        cells: ["normal"],
        note: "Up to 4 moves at a time for each node, writes of at most 10 ms, as fast as that goes.",
      },
      {
        value: FAST,
        cells: ["fast"],
        note: "Up to 16 moves at a time for each node, writes of at most 50 ms: clients will notice.",
      },
      {
        value: undefined,
        cells: ["own numbers"],
        note: "Asks for the rate, the longest write and the moves at a time.",
      },
    ],
  });
  return pace ?? askOwnPace(prompt);
}

async function askOwnPace(prompt: Prompt): Promise<Pace> {
  const rate = await prompt.enter({
    name: "rate",
    message: "Keys a second, over all moves (0: as fast as it goes):",
    preset: "0",
    complaint: wholeNumber(0),
  });
  const maxBlock = await prompt.enter({
    name: "max-block",
    message: "Milliseconds that a source may be busy with one write:",
    preset: "10",
    complaint: wholeNumber(1),
  });
  const concurrency = await prompt.enter({
    name: "concurrency",
    message: "Moves that a node takes part in at a time:",
    preset: "4",
    complaint: wholeNumber(1),
  });
  const paced = Number(rate) === 0 ? [] : ["--rate", String(Number(rate))];
  const options = [...paced, "--max-block", `${Number(maxBlock)}ms`, "--concurrency", String(Number(concurrency))];
  return { name: options.join(" "), options };
}

const MOST = 999_999_999;

export function wholeNumber(minimum: number, maximum = MOST): (text: string) => string | undefined {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    if (number >= minimum && number <= maximum) return undefined;
    return maximum === MOST
      ? `Type a whole number, ${minimum} or more`
      : `Type a whole number from ${minimum} to ${groupDigits(maximum)}`;
  };
}
