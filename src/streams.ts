import { closeSync, writeSync } from "node:fs";
import { isatty } from "node:tty";

const STDIN = 0;

/** The streams of this process. Each is opened when it is first asked for: a start-up need not wait for those it does not use. */
export class ProcessStreams {
  readonly #onHangUp: () => void;
  #lost: Error | undefined;
  #isOpen = false;
  #stdin: NodeJS.ReadStream | undefined;

  /** `onHangUp` is called when somebody is asked in a terminal that is closed: its signal may come too late for that. */
  constructor(onHangUp: () => void) {
    this.#onHangUp = onHangUp;
  }

  get stdin(): NodeJS.ReadStream {
    this.#stdin ??= hangingUpQuietly(lenient(process.stdin), this.#onHangUp);
    return this.#stdin;
  }

  get stdout(): NodeJS.WriteStream {
    if (!this.#isOpen) {
      process.stdout.on("error", (error: NodeJS.ErrnoException) => {
        if (!hasNoReader(error)) this.#lost ??= error;
      });
      this.#isOpen = true;
    }
    return process.stdout;
  }

  /** Progress that nobody can read any more is no reason to leave a cluster half changed. */
  get stderr(): NodeJS.WriteStream {
    return lenient(process.stderr);
  }

  /** Why what went to stdout is not all there, as on a full disk. A reader who went away (`| head`) has what it wanted. */
  async whyLost(): Promise<Error | undefined> {
    if (this.#isOpen) await new Promise<void>((resolve) => process.stdout.write("", () => setImmediate(resolve)));
    return this.#lost;
  }
}

/**
 * To be called in the end. Node sets its terminal back when it ends, and when that is gone it aborts, with a core dump and
 * an exit code of its own. What is closed it passes over.
 */
export function letGoOfClosedTerminals(): void {
  for (const descriptor of [0, 1, 2]) if (isClosedTerminal(descriptor)) closeSync(descriptor);
}

/** Nothing is written, and nothing happens, unless it was hung up. */
function isClosedTerminal(descriptor: number): boolean {
  try {
    writeSync(descriptor, "");
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EIO";
  }
}

/**
 * Whoever reads keys sets the terminal back when it ends, also when it has ended because the terminal was closed. That
 * would be an error that nobody catches.
 */
function hangingUpQuietly(stdin: NodeJS.ReadStream, onHangUp: () => void): NodeJS.ReadStream {
  if (!stdin.isTTY) return stdin;
  const setRawMode = stdin.setRawMode.bind(stdin);
  stdin.setRawMode = (mode) => (isatty(STDIN) ? setRawMode(mode) : stdin);
  stdin.once("end", () => {
    // Ctrl-D ends it as well.
    if (!isatty(STDIN)) onHangUp();
  });
  return stdin;
}

function lenient<Stream extends NodeJS.ReadStream | NodeJS.WriteStream>(stream: Stream): Stream {
  if (stream.listenerCount("error", ignore) === 0) stream.on("error", ignore);
  return stream;
}

function ignore(): void {}

/** EIO is what a terminal says that was closed. */
function hasNoReader({ code }: NodeJS.ErrnoException): boolean {
  return code === "EPIPE" || code === "EIO" || code === "ECONNRESET";
}
