/** The part of a terminal that is needed to draw in it. */
export interface Screen {
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Lines at the end of a terminal's output that can be drawn anew in their place. The cursor stays below them. */
export class LiveBlock {
  readonly #screen: Screen;
  #drawn: readonly string[] = [];
  #text = "";

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** No line may be wider than the terminal. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}\n`).join("");
    if (text === this.#text && this.#heights() === lines.length) return;
    // In one write, so that nobody sees the block half drawn.
    this.#screen.write(this.#erasing() + text);
    this.#drawn = lines;
    this.#text = text;
  }

  clear(): void {
    if (this.#drawn.length === 0) return;
    this.#screen.write(this.#erasing());
    this.#drawn = [];
    this.#text = "";
  }

  /** Back to the first line, and everything from there on away: also what was typed meanwhile. */
  #erasing(): string {
    const rows = this.#heights();
    return rows === 0 ? "" : `\r\u001b[${rows}A\u001b[J`;
  }

  /** Terminals break lines that were drawn when they were wider. */
  #heights(): number {
    const { columns = 80 } = this.#screen;
    return this.#drawn.reduce((rows, line) => rows + Math.max(1, Math.ceil(line.length / Math.max(1, columns))), 0);
  }
}
