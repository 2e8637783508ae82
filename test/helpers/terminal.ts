import { stripVTControlCharacters } from "node:util";
import { type IPty, spawn } from "@lydell/node-pty";
import { scratchDirectory } from "./scratch.ts";
import { type Environment, slotctlCommand, slotctlEnvironment } from "./slotctl-program.ts";

/** What the keys of a terminal send. */
export const Key = {
  Enter: "\r",
  Space: " ",
  Tab: "\t",
  Escape: "\x1b",
  Backspace: "\x7f",
  Up: "\x1b[A",
  Down: "\x1b[B",
  Right: "\x1b[C",
  Left: "\x1b[D",
  CtrlC: "\x03",
  CtrlD: "\x04",
} as const;

export interface TerminalOptions {
  /** On top of a clean environment; an undefined value removes. */
  readonly env?: Environment;
  readonly cwd?: string;
  readonly columns?: number;
  readonly rows?: number;
}

/** The built slotctl in a terminal. */
export function openSlotctl(args: readonly string[], options: TerminalOptions = {}): TerminalSession {
  return new TerminalSession(...slotctlCommand(args), options);
}

/** A program in a pseudo-terminal of its own. It is killed when the session is disposed of. */
export class TerminalSession implements Disposable {
  /** As a shell tells it: 128 and the number of the signal, when one ended it. */
  readonly exitCode: Promise<number>;
  readonly #pty: IPty;
  readonly #watchers = new Set<() => void>();
  #raw = "";
  #typedAt = 0;
  #hasExited = false;

  constructor(file: string, args: readonly string[], options: TerminalOptions = {}) {
    const { env = {}, cwd = scratchDirectory("cwd").path, columns = 120, rows = 40 } = options;
    this.#pty = spawn(file, [...args], {
      name: env.TERM ?? "xterm-256color",
      cols: columns,
      rows,
      cwd,
      env: slotctlEnvironment({ TERM: "xterm-256color", ...env }),
    });
    this.#pty.onData((text) => {
      this.#raw += text;
      this.#tell();
    });
    this.exitCode = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal = 0 }) => {
        this.#hasExited = true;
        this.#tell();
        resolve(signal === 0 ? exitCode : 128 + signal);
      });
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** All that was shown so far, without colours and cursor movements; what was painted anew stands there again. */
  get text(): string {
    return plain(this.#raw);
  }

  /** The same, with the escape sequences. */
  get raw(): string {
    return this.#raw;
  }

  /**
   * Waits until it shows this, and returns it. Only what came after the last keys counts, so that a question which
   * looks like the one before is not taken for it.
   */
  waitFor(pattern: string | RegExp, { within = 10_000 }: { readonly within?: number } = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        finish();
      };
      const fail = (why: string) => settle(() => reject(new Error(`${why} ${pattern}. Shown so far:\n${this.text}`)));
      const timer = setTimeout(() => fail(`Waited ${within / 1000} s in vain for`), within);
      const look = () => {
        const found = find(plain(this.#raw.slice(this.#typedAt)), pattern);
        if (found !== undefined) settle(() => resolve(found));
        else if (this.#hasExited) fail("It ended without showing");
      };
      this.#watchers.add(look);
      look();
    });
  }

  /** Types text, or keys: `session.type(Key.Down, Key.Enter)`. */
  type(...keys: readonly string[]): void {
    this.#typedAt = this.#raw.length;
    this.#pty.write(keys.join(""));
  }

  resize(columns: number, rows: number): void {
    this.#pty.resize(columns, rows);
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#hasExited) this.#pty.kill(signal);
  }

  #tell(): void {
    for (const look of [...this.#watchers]) look();
  }

  /** Somebody closes the window. What is shown from then on nobody sees. */
  hangUp(): void {
    // Not among its types, and the only way to close our end.
    (this.#pty as IPty & { destroy(): void }).destroy();
  }

  [Symbol.dispose](): void {
    this.kill("SIGKILL");
  }
}

function plain(raw: string): string {
  return stripVTControlCharacters(raw).replaceAll("\r\n", "\n");
}

function find(text: string, pattern: string | RegExp): string | undefined {
  if (typeof pattern === "string") return text.includes(pattern) ? pattern : undefined;
  return pattern.exec(text)?.[0];
}
