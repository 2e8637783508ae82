import type { Prompt } from "./prompt.ts";
import type { Typed } from "./typed.ts";

/** One thing that is asked for a command. Topics are asked in order: what stands before is answered already. */
export interface Topic<Answers> {
  readonly name: keyof Answers & string;
  /** The options that say it on a command line, by their long names without dashes. */
  readonly options: readonly string[];
  /** "Where from" */
  readonly label: string;
  /** The answers with this one added. */
  readonly ask: (answers: Answers, prompt: Prompt) => Promise<Answers>;
  /** The answer in few words. */
  readonly told: (answers: Answers) => string;
  /** Whether another answer has made this one impossible. */
  readonly isStale?: (answers: Answers) => boolean;
}

/** What a command is run with, as it would have been typed. */
export interface Words {
  readonly positional: readonly string[];
  readonly options: readonly string[];
}

/** All that is asked for one command, and what became of it so far. */
export interface Interview {
  /** Asks whatever has no answer yet. */
  readonly ask: (prompt: Prompt) => Promise<void>;
  /** Asks for another answer to one of the questions, and again what that made impossible. */
  readonly change: (prompt: Prompt) => Promise<void>;
  readonly words: () => Words;
  /** The options that the words speak of: whatever was typed of them is part of the answers. */
  readonly options: readonly string[];
}

/** `given` are the answers that the command line held. */
export function interviewOf<Answers extends object>(
  topics: readonly Topic<Answers>[],
  given: Partial<Answers>,
  wordsOf: (answers: Answers) => Words,
): Interview {
  // Complete as soon as everything was asked; until then no topic looks at what comes after it.
  let answers = given as Answers;
  const askMissing = async (prompt: Prompt) => {
    for (const topic of topics) {
      if (answers[topic.name] === undefined || topic.isStale?.(answers)) answers = await topic.ask(answers, prompt);
    }
  };
  return {
    ask: askMissing,
    change: async (prompt) => {
      const topic = await prompt.choose({
        name: "change",
        message: "Which answer?",
        choices: topics.map((value) => ({ value, cells: [value.label, value.told(answers)] })),
      });
      answers = await topic.ask(answers, prompt);
      await askMissing(prompt);
    },
    words: () => wordsOf(answers),
    options: topics.flatMap(({ options }) => options),
  };
}

/** What the command line says already is not asked: its own words are passed on. */
export function topicsNotTyped<Answers>(topics: readonly Topic<Answers>[], typed: Typed): readonly Topic<Answers>[] {
  return topics.filter(({ options }) => !options.some((name) => typed.has(name)));
}
