import { execFileSync } from "node:child_process";
import type { Plan } from "../../src/plan/plan.ts";
import { slotctlCommand, slotctlEnvironment } from "./slotctl-program.ts";
import { Key, type TerminalOptions, TerminalSession } from "./terminal.ts";

/** What is asked, and the keys that answer it. */
export type Answer = readonly [question: string | RegExp, ...keys: readonly string[]];

/** Moves on to the choice with this number, counted from 0, and takes it. */
export function choice(number: number): string {
  return Key.Down.repeat(number) + Key.Enter;
}

/** Answers one question after the other, as they come. */
export async function walk(session: TerminalSession, answers: readonly Answer[]): Promise<void> {
  for (const [question, ...keys] of answers) {
    await session.waitFor(question);
    session.type(...keys);
  }
}

/** Slotctl as a shell runs it, which says afterwards how the terminal was left. The exit code is slotctl's. */
export function openInShell(args: readonly string[], options: TerminalOptions = {}): TerminalSession {
  const [file, words] = slotctlCommand(args);
  // Ctrl-C in a terminal that sees to it itself reaches the shell as well, which is to go on.
  const script = 'trap : INT; "$@"; code=$?; stty -a; exit $code';
  return new TerminalSession("sh", ["-c", script, "sh", file, ...words], options);
}

/** The command lines that were shown, as a shell reads them: their words behind "slotctl". */
export function shownCommands(text: string): readonly (readonly string[])[] {
  return [...text.matchAll(/The same as a command:\n {2}slotctl ((?:.*\\\n)*.*)\n/g)].map(([, command]) =>
    execFileSync("sh", ["-c", `printf '%s\\n' ${command}`], { encoding: "utf8" })
      .trimEnd()
      .split("\n"),
  );
}

/** What a command line plans. */
export function planOf(words: readonly string[]): Plan {
  const [file, args] = slotctlCommand([...words, "--dry-run", "-o", "json"]);
  const { plan } = JSON.parse(execFileSync(file, args, { encoding: "utf8", env: slotctlEnvironment() })) as {
    plan: Plan;
  };
  return plan;
}
