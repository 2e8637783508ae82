import { emitKeypressEvents, type Key } from "node:readline";
import { styleText } from "node:util";
import inquirer from "inquirer";
import { tableLines, widthOf, wrap } from "../view/table.ts";
import { type Choice, NONE_CHOSEN, type Prompt } from "./prompt.ts";
import { RedrawnOutput } from "./redrawn-output.ts";
import { left, type Terminal } from "./terminal.ts";

type Ask = ReturnType<typeof inquirer.createPromptModule>;

/** Lists to move about in with the arrow keys, drawn anew in their place, in colour. */
export function drawnPrompt(terminal: Terminal): Prompt {
  const { stderr } = terminal;
  const columns = () => stderr.columns ?? 80;
  return {
    choose: ({ name, message, choices, preset }) =>
      asking(terminal, async (ask) => {
        const listed = listedIn(choices, columns() - SELECT_MARK);
        const at = choices.findIndex(({ value }) => value === preset);
        const question = { type: "select", name, message, choices: listed, default: Math.max(0, at) } as const;
        const answers = await ask<Record<string, number>>([
          { ...question, loop: false, pageSize: pageSize(stderr), theme: SELECT },
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
          { ...question, default: [], loop: false, pageSize: pageSize(stderr), theme: CHECKBOX, validate },
        ]);
        return answers[name]!.map(valueAt);
      }),
    enter: ({ name, message, preset, complaint }) =>
      asking(terminal, async (ask) => {
        const validate = (text: string) => complaint(text.trim()) ?? true;
        const answers = await ask<Record<string, string>>([
          { type: "input", name, message, default: preset, validate, theme: THEME },
        ]);
        return answers[name]!.trim();
      }),
    say: (text) => void stderr.write(`${text}\n`),
    get columns() {
      return columns();
    },
  };
}

/** Esc leaves as Ctrl-C does, which inquirer sees to itself. */
async function asking<Answer>(
  { stdin, stderr, signal }: Terminal,
  body: (ask: Ask) => Promise<Answer>,
): Promise<Answer> {
  const leaving = new AbortController();
  const onKey = (_: string | undefined, { name }: Key) => {
    if (name === "escape") leaving.abort();
  };
  emitKeypressEvents(stdin);
  stdin.on("keypress", onKey);
  try {
    const stop = AbortSignal.any([signal, leaving.signal]);
    return await body(inquirer.createPromptModule({ input: stdin, output: new RedrawnOutput(stderr), signal: stop }));
  } catch (error) {
    throw leaving.signal.aborted ? left() : error;
  } finally {
    stdin.off("keypress", onKey);
  }
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

const bold = (text: string) => styleText("bold", text, { validateStream: false });
const cyan = (text: string) => styleText("cyan", text, { validateStream: false });
const green = (text: string) => styleText("green", text, { validateStream: false });
const red = (text: string) => styleText("red", text, { validateStream: false });
const plain = (text: string) => text;

const THEME = {
  prefix: { idle: cyan("?"), done: green("✔") },
  style: { message: bold, answer: cyan, highlight: cyan, help: plain, error: (text: string) => red(`> ${text}`) },
};

const SELECT = {
  ...THEME,
  style: { ...THEME.style, description: plain, keysHelpTip: () => "arrows move, Enter chooses, Esc leaves" },
};

const CHECKBOX = {
  ...THEME,
  style: { ...THEME.style, description: plain, keysHelpTip: () => "Space ticks, a all, Enter goes on, Esc leaves" },
};
