import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";

/** What inquirer writes before a new frame: down to the end of the one before, and up again line by line. */
const ERASING = /^(?:\u001b\[\d+B)?(?:\u001b\[2K(?:\u001b\[1A)?)*\u001b\[2K\u001b\[G/;

/**
 * The terminal as inquirer sees it. inquirer goes up as many rows as it had written lines, but a terminal that has become
 * narrower since has broken some of them, and remains of the old frame would stay. Here it is counted anew.
 */
export class RedrawnOutput extends Writable {
  readonly #screen: NodeJS.WriteStream;
  #frame = "";
  #columns: number | undefined;

  constructor(screen: NodeJS.WriteStream) {
    super({ decodeStrings: false });
    this.#screen = screen;
  }

  get columns(): number {
    return this.#screen.columns ?? 80;
  }

  get rows(): number {
    return this.#screen.rows ?? 24;
  }

  override _write(chunk: string | Buffer, _: BufferEncoding, done: () => void): void {
    const text = String(chunk);
    const erasing = ERASING.exec(text)?.[0] ?? "";
    const isResized = this.#columns !== undefined && this.#columns !== this.columns;
    const frame = text.slice(erasing.length);
    this.#screen.write(erasing !== "" && isResized ? this.#erasingBroken() + frame : text);
    if (erasing !== "" || this.#frame === "") {
      this.#frame = frame;
      this.#columns = this.columns;
    }
    done();
  }

  /** From where the frame left the cursor to its first row, as the terminal shows it now, and all of it away. */
  #erasingBroken(): string {
    const rowsBelow = Number(/\u001b\[(\d+)A\u001b\[\d+G$/.exec(this.#frame)?.[1] ?? 0);
    const lines = stripVTControlCharacters(this.#frame).split("\n");
    const above = lines.slice(0, lines.length - rowsBelow);
    const rows = above.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / this.columns)), 0);
    return `\r${rows > 1 ? `\u001b[${rows - 1}A` : ""}\u001b[J`;
  }
}
