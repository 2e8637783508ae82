import { main } from "./main.ts";

/** Runs slotctl in this process: its arguments, streams and signals. Answers with the exit code. */
export async function run(): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // The first asks to stop in good order; the second finds no listener and ends the process as it always does.
    process.once(signal, () => stop.abort(new Error(`stopped by ${signal}`)));
  }
  for (const stream of [process.stdout, process.stderr]) {
    // The reader went away (`| head`, a closed terminal): that is no reason to leave a cluster half changed.
    stream.on("error", () => undefined);
  }
  const { env, stdin, stdout, stderr } = process;
  try {
    return await main(process.argv.slice(2), { environment: env, stdin, stdout, stderr, signal: stop.signal });
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    stderr.write(
      `${text}\nThis is a bug in slotctl. Please report it with the lines above and the command that you gave.\n`,
    );
    return 1;
  }
}
