import { type ChildProcess, spawn } from "node:child_process";
import { refuseUnpublished } from "./published-schemas.ts";
import { scratchDirectory } from "./scratch.ts";
import { type Environment, slotctlCommand, slotctlEnvironment } from "./slotctl-program.ts";

export interface RunOptions {
  /** On top of a clean environment; an undefined value removes. */
  readonly env?: Environment;
  /** What it reads on stdin; without it stdin is empty. Never a terminal. */
  readonly input?: string;
  /** Milliseconds; then it is killed and the run fails. */
  readonly timeout?: number;
  /** A fresh directory when it is not said. */
  readonly cwd?: string;
}

export interface RunResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A slotctl that runs: to be watched, and to be sent signals. It is killed when it is disposed of. */
export interface SlotctlProcess extends Disposable {
  readonly pid: number;
  /** What came so far. */
  readonly stdout: string;
  readonly stderr: string;
  kill(signal: NodeJS.Signals): void;
  /** Kills it as soon as stderr says so, and returns whether it ever did; when it never does it comes to its own end. */
  killAt(moment: RegExp): Promise<boolean>;
  /** Nobody reads any more what it writes there. */
  stopReading(stream: "stdout" | "stderr"): void;
  /** Settles when it has ended; rejects when it took too long. */
  readonly result: Promise<RunResult>;
}

/**
 * Runs the built slotctl to its end, whatever that is: a failure is a result like any other. JSON that it writes has to
 * be as `slotctl schema` says.
 */
export function runSlotctl(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return startSlotctl(args, options).result;
}

export function startSlotctl(args: readonly string[], options: RunOptions = {}): SlotctlProcess {
  const { env = {}, input = "", timeout = 60_000, cwd = scratchDirectory("cwd").path } = options;
  const [file, fileArgs] = slotctlCommand(args);
  const child = spawn(file, fileArgs, { cwd, env: slotctlEnvironment(env) });
  const output = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (text: string) => {
      output[stream] += text;
    });
  }
  const result = finish(child, output, args, timeout);
  // It may end without reading what it is given.
  child.stdin.on("error", () => undefined).end(input);
  return {
    pid: child.pid!,
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    kill: (signal) => void child.kill(signal),
    killAt: async (moment) => {
      // Where it is heard of, not a moment later: the next step may be the last.
      child.stderr.on("data", () => moment.test(output.stderr) && child.kill("SIGKILL"));
      if (moment.test(output.stderr)) child.kill("SIGKILL");
      await result;
      return moment.test(output.stderr);
    },
    stopReading: (stream) => void child[stream].destroy(),
    result,
    [Symbol.dispose]: () => void child.kill("SIGKILL"),
  };
}

function finish(
  child: ChildProcess,
  output: { readonly stdout: string; readonly stderr: string },
  args: readonly string[],
  timeout: number,
): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      const what = `slotctl ${args.join(" ")} did not end within ${timeout / 1000} s`;
      reject(new Error(`${what}\nstdout: ${output.stdout}\nstderr: ${output.stderr}`));
    }, timeout);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      try {
        // What was killed may have written half a document.
        if (signal === null) refuseUnpublished(args, output);
        resolve({ code, signal, ...output });
      } catch (error) {
        reject(error);
      }
    });
  });
}
