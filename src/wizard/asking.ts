import { emitKeypressEvents, type Key } from "node:readline";
import type inquirer from "inquirer";
import { importInquirer } from "./packages.ts";
import { RedrawnOutput } from "./redrawn-output.ts";
import { left, type Terminal } from "./terminal.ts";

type Ask = ReturnType<typeof inquirer.createPromptModule>;

/**
 * Asks with inquirer, which sees to Ctrl-C itself. Esc leaves as well, and so does the end of the input: Ctrl-D where nothing
 * is typed, after which inquirer would wait for ever.
 */
export async function asking<Answer>(
  { stdin, stderr, signal }: Terminal,
  body: (ask: Ask) => Promise<Answer>,
): Promise<Answer> {
  const { createPromptModule } = (await importInquirer()).default;
  const leaving = new AbortController();
  const leave = () => leaving.abort();
  const onKey = (_: string | undefined, { name, ctrl }: Key) => {
    if (name === "escape") leave();
    // Whoever closes the input pauses it, which is to be seen once all listeners have had the key.
    if (ctrl === true && name === "d") setImmediate(() => stdin.isPaused() && leave());
  };
  emitKeypressEvents(stdin);
  stdin.on("keypress", onKey).once("end", leave);
  try {
    const stop = AbortSignal.any([signal, leaving.signal]);
    return await body(createPromptModule({ input: stdin, output: new RedrawnOutput(stderr), signal: stop }));
  } catch (error) {
    throw leaving.signal.aborted ? left() : error;
  } finally {
    stdin.off("keypress", onKey).off("end", leave);
  }
}
