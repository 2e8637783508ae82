import { tableLines, widthOf, wrap } from "../view/table.ts";
import { asking } from "./asking.ts";
import { type Choice, NONE_CHOSEN, type Prompt } from "./prompt.ts";
import type { Terminal } from "./terminal.ts";
import { themeFor } from "./theme.ts";

/** Lists to move about in with the arrow keys, drawn anew in their place. */
export function drawnPrompt(terminal: Terminal, { colour }: { readonly colour: boolean }): Prompt {
  const { stderr } = terminal;
  const theme = themeFor(colour);
  const columns = () => stderr.columns ?? 80;
  return {
    choose: ({ name, message, choices, preset }) =>
      asking(terminal, async (ask) => {
        const listed = listedIn(choices, columns() - SELECT_MARK);
        const at = choices.findIndex(({ value }) => value === preset);
        const question = { type: "select", name, message, choices: listed, default: Math.max(0, at) } as const;
        const answers = await ask<Record<string, number>>([
          { ...question, loop: false, pageSize: pageSize(stderr), theme: theme.select },
        ]);
        return choices[answers[name]!]!.value;
      }),
    chooseSeveral: ({ name, message, choices, complaint }) =>
      asking(terminal, async (ask) => {
        const valueAt = (i: number) => choices[i]!.value;
        const validate = (picked: readonly { readonly value: number }[]) =>
          picked.length === 0 ? NONE_CHOSEN : (complaint?.(picked.map(({ value }) => valueAt(value))) ?? true);
        const question = {
          type: "checkbox",
          name,
          message,
          choices: listedIn(choices, columns() - CHECK_MARK),
        } as const;
        const answers = await ask<Record<string, number[]>>([
          { ...question, default: [], loop: false, pageSize: pageSize(stderr), theme: theme.checkbox, validate },
        ]);
        return answers[name]!.map(valueAt);
      }),
    enter: ({ name, message, preset, complaint }) =>
      asking(terminal, async (ask) => {
        const validate = (text: string) => complaint(text.trim()) ?? true;
        const answers = await ask<Record<string, string>>([
          { type: "input", name, message, default: preset, validate, theme: theme.input },
        ]);
        return answers[name]!.trim();
      }),
    confirm: (message) =>
      asking(terminal, async (ask) => {
        const { answer } = await ask<{ answer: boolean }>([
          { type: "confirm", name: "answer", message, default: false, theme: theme.input },
        ]);
        return answer;
      }),
    say: (text) => void stderr.write(`${text}\n`),
    get columns() {
      return columns();
    },
  };
}

/** What stands before a line of a list. */
const SELECT_MARK = 2;
const CHECK_MARK = 3;

/** In columns, as many of them as fit into the width. */
function listedIn(choices: readonly Choice<unknown>[], width: number) {
  const most = Math.max(...choices.map(({ cells }) => cells.length));
  const lines = linesThatFit(choices, width, most);
  return choices.map(({ cells, note }, i) => ({
    name: lines[i]!,
    value: i,
    short: cells[0] ?? "",
    ...(note === undefined ? {} : { description: wrap(note, width).join("\n") }),
  }));
}

function linesThatFit(choices: readonly Choice<unknown>[], width: number, columns: number): readonly string[] {
  const titles = Array.from({ length: columns }, () => ({ title: "" }));
  const [, ...lines] = tableLines(
    titles,
    choices.map(({ cells }) => cells.slice(0, columns)),
  );
  const fits = columns <= 1 || lines.every((line) => widthOf(line) < width);
  return fits ? lines : linesThatFit(choices, width, columns - 1);
}

/** A list that is longer than the terminal cannot be drawn in its place. */
function pageSize({ rows = 24 }: NodeJS.WriteStream): number {
  return Math.max(3, Math.min(20, rows - 8));
}
