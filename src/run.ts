import { ExitCode } from "./errors.ts";
import { main } from "./main.ts";
import { letGoOfClosedTerminals, ProcessStreams } from "./streams.ts";

/** Runs slotctl in this process: its arguments, streams and signals. Answers with the exit code. */
export async function run(): Promise<number> {
  const stop = stopOnSignals();
  const streams = new ProcessStreams(() => stop.abort(new Error("stopped: the terminal was closed")));
  try {
    const code = await main(process.argv.slice(2), worldOf(streams, stop.signal));
    const lost = await streams.whyLost();
    return lost === undefined ? code : tellLost(lost, code, streams);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    streams.stderr.write(
      `${text}\nThis is a bug in slotctl. Please report it with the lines above and the command that you gave.\n`,
    );
    return ExitCode.Failed;
  } finally {
    letGoOfClosedTerminals();
  }
}

function worldOf(streams: ProcessStreams, signal: AbortSignal) {
  return {
    environment: process.env,
    signal,
    get stdin() {
      return streams.stdin;
    },
    get stdout() {
      return streams.stdout;
    },
    get stderr() {
      return streams.stderr;
    },
  };
}

function stopOnSignals(): AbortController {
  const stop = new AbortController();
  const stopBy = (signal: NodeJS.Signals) => stop.abort(new Error(`stopped by ${signal}`));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, (name) => {
      // The first asks to stop in good order; the second ends the process as it always does. It is listened for from the
      // start of the first on: packages that watch for our end raise a signal again when nobody else listens to it.
      process.once(signal, () => process.kill(process.pid, signal));
      stopBy(name);
    });
  }
  // A closed terminal hangs up on us twice: the system does, and so does the shell that ran in it.
  process.on("SIGHUP", stopBy);
  return stop;
}

function tellLost({ message }: Error, code: ExitCode, { stderr }: ProcessStreams): ExitCode {
  stderr.write(
    `error: The result could not be written: ${message}\nhint: The command itself ended with exit code ${code}\n`,
  );
  return code === ExitCode.Ok ? ExitCode.Failed : code;
}
