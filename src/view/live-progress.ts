import type { RunEvent } from "../execute/events.ts";
import { LiveBlock } from "./live-block.ts";
import { importOra } from "./packages.ts";
import type { Progress } from "./progress.ts";
import { afterEvent, NOTHING_YET, type ProgressState, remarkOf } from "./progress-state.ts";
import { blockLines } from "./progress-text.ts";
import { fitText, USUAL_WIDTH } from "./table.ts";

const SHOWN_AFTER_MS = 500;
const DRAWN_EVERY_MS = 100;

/** In a terminal: a block of lines that changes in its place, shown once something takes longer than half a second. */
export function liveProgress(
  stream: NodeJS.WriteStream,
  { colour = false, now = () => performance.now() }: LiveOptions = {},
): Progress {
  return new LiveProgress(stream, colour, now);
}

interface LiveOptions {
  readonly colour?: boolean;
  readonly now?: () => number;
}

class LiveProgress implements Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #now: () => number;
  readonly #block: LiveBlock;
  readonly #spinner: Spinner;
  #state: ProgressState = NOTHING_YET;
  #began: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: NodeJS.WriteStream, colour: boolean, now: () => number) {
    this.#stream = stream;
    this.#now = now;
    this.#block = new LiveBlock(stream);
    this.#spinner = new Spinner(stream, colour);
  }

  readonly event = (event: RunEvent): void => {
    if (event.type === "run-started") this.#began = undefined;
    this.#state = afterEvent(this.#state, event, this.#now());
    const remark = remarkOf(event, this.#state);
    if (remark !== undefined) this.#note(remark);
    if (event.type === "notice") return;
    this.#began ??= this.#now();
    // Never at once: there may be hundreds of events a second.
    this.#timer ??= setInterval(() => this.#draw(), DRAWN_EVERY_MS).unref();
  };

  busy(text: string): void {
    if (this.#timer === undefined) this.#began = this.#now();
    this.#state = { ...NOTHING_YET, phase: { name: text, text } };
    this.#timer ??= setInterval(() => this.#draw(), DRAWN_EVERY_MS).unref();
  }

  pause(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#block.clear();
    this.#spinner.stop();
  }

  #note(text: string): void {
    this.#block.clear();
    this.#spinner.stop();
    this.#stream.write(`${fitText(text, this.#stream.columns ?? USUAL_WIDTH)}\n`);
  }

  #draw(): void {
    const now = this.#now();
    if (this.#began === undefined || now - this.#began < SHOWN_AFTER_MS) return;
    const { columns = 80, rows = 24 } = this.#stream;
    const lines = blockLines(this.#state, { columns, rows }, now);
    if (lines.length > 0) {
      this.#spinner.stop();
      this.#block.draw(lines);
    } else {
      this.#block.clear();
      if (this.#state.phase !== undefined) this.#spinner.show(this.#state.phase.text, columns);
    }
  }
}

/** A line for what cannot be counted. ora is loaded when the first one is needed. */
class Spinner {
  readonly #stream: NodeJS.WriteStream;
  readonly #colour: boolean;
  #ora: { start(text: string): unknown; stop(): unknown; text: string } | undefined;
  #wanted: string | undefined;

  constructor(stream: NodeJS.WriteStream, colour: boolean) {
    this.#stream = stream;
    this.#colour = colour;
  }

  show(text: string, columns: number): void {
    const isNew = this.#wanted === undefined;
    this.#wanted = text.slice(0, Math.max(1, columns - 3));
    // Nothing to see is better than a run that ends for it: ora may be gone when slotctl is upgraded meanwhile.
    if (isNew) this.#start().catch(() => undefined);
    else if (this.#ora !== undefined && this.#ora.text !== this.#wanted) this.#ora.text = this.#wanted;
  }

  stop(): void {
    if (this.#wanted === undefined) return;
    this.#wanted = undefined;
    this.#ora?.stop();
  }

  async #start(): Promise<void> {
    const { default: ora } = await importOra();
    if (this.#wanted === undefined) return;
    // A cursor that was never hidden need not come back, however the process ends.
    this.#ora ??= ora({
      stream: this.#stream,
      color: this.#colour && "cyan",
      discardStdin: false,
      hideCursor: false,
    });
    this.#ora.start(this.#wanted);
  }
}
