import { createInterface } from "node:readline/promises";
import { wrap } from "../view/table.ts";
import { type Choice, NONE_CHOSEN, type Prompt } from "./prompt.ts";
import { left, type Terminal } from "./terminal.ts";

const ESCAPE = "\u001b";

/** Numbered lists that are answered by typing: nothing moves and nothing is told by colour, so it can be read aloud. */
export function plainPrompt(terminal: Terminal): Prompt {
  const { stderr } = terminal;
  const columns = () => (stderr.columns === undefined || stderr.columns === 0 ? 80 : stderr.columns);
  const say = (text: string) => void stderr.write(`${text}\n`);
  const list = (message: string, choices: readonly Choice<unknown>[]) => {
    say(message);
    for (const [i, choice] of choices.entries()) say(numbered(i + 1, choice, columns()));
  };
  /** Asks until there is an answer that means something. */
  const until = async <Answer>(
    question: string,
    read: (line: string) => { answer: Answer } | { complaint: string },
  ) => {
    for (;;) {
      const result = read(await askLine(question, terminal));
      if ("answer" in result) return result.answer;
      say(result.complaint);
    }
  };
  return {
    choose: ({ message, choices, preset }) => {
      list(message, choices);
      const standard =
        Math.max(
          0,
          choices.findIndex(({ value }) => value === preset),
        ) + 1;
      return until(`Number, or Enter for ${standard}: `, (line) => {
        const choice = choices[(line === "" ? standard : numberIn(line)) - 1];
        return choice === undefined ? { complaint: numbersUpTo(choices.length) } : { answer: choice.value };
      });
    },
    chooseSeveral: ({ message, choices, complaint }) => {
      list(message, choices);
      return until("Numbers with commas between them: ", (line) => {
        const numbers = [
          ...new Set(
            line
              .split(/[\s,]+/)
              .filter((word) => word !== "")
              .map(numberIn),
          ),
        ];
        const chosen = numbers.map((number) => choices[number - 1]);
        const values = chosen.flatMap((choice) => (choice === undefined ? [] : [choice.value]));
        if (values.length < chosen.length) return { complaint: numbersUpTo(choices.length) };
        const wrong = values.length === 0 ? NONE_CHOSEN : complaint?.(values);
        return wrong === undefined ? { answer: values } : { complaint: wrong };
      });
    },
    enter: ({ message, preset, complaint }) =>
      until(preset === undefined ? `${message} ` : `${message} (Enter for ${preset}) `, (line) => {
        const answer = line === "" ? (preset ?? "") : line;
        const wrong = complaint(answer);
        return wrong === undefined ? { answer } : { complaint: wrong };
      }),
    confirm: (message) =>
      until(`${message} (yes or no, Enter for no) `, (line) => {
        if (/^(n|no|)$/i.test(line)) return { answer: false };
        return /^(y|yes)$/i.test(line) ? { answer: true } : { complaint: "Type yes or no" };
      }),
    say,
    get columns() {
      return columns();
    },
  };
}

/** "1. 127.0.0.1:7000, 5,461 slots, 2 replicas" and what it means behind a colon. */
function numbered(number: number, { cells, note }: Choice<unknown>, columns: number): string {
  const text = cells.filter((cell) => cell !== "").join(", ");
  return wrap(`${number}. ${text}${note === undefined ? "" : `: ${note}`}`, columns, "   ").join("\n");
}

function numberIn(word: string): number {
  return /^\d{1,6}$/.test(word) ? Number(word) : 0;
}

function numbersUpTo(most: number): string {
  return most === 1 ? "There is only number 1" : `Type a number from 1 to ${most}`;
}

/** One line. The terminal itself sees to the typing, so Esc arrives with the Enter behind it. */
async function askLine(question: string, { stdin, stderr, signal }: Terminal): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  const closed = new AbortController();
  lines.once("close", () => closed.abort());
  try {
    const line = await lines.question(question, { signal: AbortSignal.any([signal, closed.signal]) });
    if (line.includes(ESCAPE)) throw left();
    return line.trim();
  } catch (error) {
    // Ctrl-C, or Ctrl-D at the beginning of a line.
    if (error instanceof Error && error.name === "AbortError") throw left();
    throw error;
  } finally {
    lines.close();
  }
}
