import type { Choice, Prompt } from "../../src/wizard/prompt.ts";

/** What is entered, or how the choice that is made begins; several choices as a list. */
export type FakeAnswer = string | readonly string[];

export interface FakePrompt extends Prompt {
  /** Names of the questions, in the order in which they were asked. */
  readonly asked: string[];
  readonly said: string[];
  /** What could be chosen, by question, as it was shown the last time. */
  readonly shown: Map<string, readonly string[]>;
}

/**
 * Answers by the names of the questions. It throws at a question that it has no answer to, and at an answer that the
 * question refuses.
 */
export function fakePrompt(answers: Readonly<Record<string, FakeAnswer>>): FakePrompt {
  const asked: string[] = [];
  const said: string[] = [];
  const shown = new Map<string, readonly string[]>();
  const answerTo = (name: string) => {
    asked.push(name);
    const given = answers[name];
    if (given === undefined) throw new Error(`Nobody expected to be asked for "${name}"`);
    return given;
  };
  const show = (name: string, choices: readonly Choice<unknown>[]) =>
    shown.set(
      name,
      choices.map(({ cells }) => cells.filter((cell) => cell !== "").join(" ")),
    );
  const pick = <Value>(choices: readonly Choice<Value>[], beginning: FakeAnswer, name: string): Value => {
    const choice = choices.find(({ cells }) => typeof beginning === "string" && cells[0]!.startsWith(beginning));
    if (choice === undefined) throw new Error(`"${name}" has no choice ${String(beginning)}`);
    return choice.value;
  };
  const accept = (name: string, complaint: string | undefined) => {
    if (complaint !== undefined) throw new Error(`"${name}" does not take this answer: ${complaint}`);
  };
  return {
    asked,
    said,
    shown,
    columns: 80,
    say: (text) => void said.push(text),
    choose: async ({ name, choices }) => {
      show(name, choices);
      return pick(choices, answerTo(name), name);
    },
    chooseSeveral: async ({ name, choices, complaint }) => {
      show(name, choices);
      const chosen = answerTo(name);
      if (typeof chosen === "string") throw new Error(`"${name}" takes several choices`);
      const values = chosen.map((beginning) => pick(choices, beginning, name));
      accept(name, complaint?.(values));
      return values;
    },
    confirm: async (question) => answerTo(question) === "yes",
    enter: async ({ name, complaint }) => {
      const text = answerTo(name);
      if (typeof text !== "string") throw new Error(`"${name}" takes a text`);
      accept(name, complaint(text));
      return text;
    },
  };
}
