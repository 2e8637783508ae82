/**
 * What a terminal of this width shows after all that was written to it: as much of one as slotctl needs. Lines that
 * scrolled away are still there, at the top.
 */
export function screenAfter(raw: string, columns: number): Screen {
  const screen = new Screen(columns);
  screen.write(raw);
  return screen;
}

export class Screen {
  #columns: number;
  #rows: string[][] = [[]];
  #row = 0;
  #column = 0;
  #isCursorShown = true;
  #broken = 0;

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** As terminals do it: what is wider now goes on in the next row, and the cursor stays with its character. */
  narrow(columns: number): void {
    const before = this.#rows;
    const rowsOf = (row: readonly string[]) => Math.max(1, Math.ceil(row.length / columns));
    const above = before.slice(0, this.#row).reduce((rows, row) => rows + rowsOf(row), 0);
    this.#rows = before.flatMap((row) =>
      Array.from({ length: rowsOf(row) }, (_, i) => row.slice(i * columns, (i + 1) * columns)),
    );
    this.#row = above + Math.floor(this.#column / columns);
    this.#column %= columns;
    this.#columns = columns;
  }

  /** The lines, without blanks at their ends and without empty lines at the end. */
  get lines(): readonly string[] {
    const lines = this.#rows.map((row) =>
      Array.from(row, (character) => character ?? " ")
        .join("")
        .trimEnd(),
    );
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  get isCursorShown(): boolean {
    return this.#isCursorShown;
  }

  /** How often a line was wider than the terminal and went on in the next row. */
  get broken(): number {
    return this.#broken;
  }

  write(text: string): void {
    // A terminal device makes "\r\n" of "\n"; here either works.
    for (const [part] of text.matchAll(/\u001b\[[?\d;]*[A-Za-z]|[\s\S]/g)) {
      if (part.length > 1) this.#obey(part);
      else this.#put(part);
    }
  }

  #put(character: string): void {
    if (character === "\r") this.#column = 0;
    else if (character === "\n") this.#newline();
    else if (character >= " ") {
      if (this.#column === this.#columns) {
        this.#broken++;
        this.#newline();
      }
      this.#line()[this.#column++] = character;
    }
  }

  #newline(): void {
    this.#row++;
    this.#column = 0;
    this.#line();
  }

  #line(): string[] {
    while (this.#rows.length <= this.#row) this.#rows.push([]);
    return this.#rows[this.#row]!;
  }

  #obey(sequence: string): void {
    const number = Number(/\d+/.exec(sequence)?.[0] ?? 0);
    switch (sequence.at(-1)) {
      case "A":
        this.#row = Math.max(0, this.#row - Math.max(1, number));
        break;
      case "B":
        this.#row += Math.max(1, number);
        this.#line();
        break;
      case "G":
        this.#column = Math.max(1, number) - 1;
        break;
      case "J":
        this.#line().length = Math.min(this.#line().length, this.#column);
        this.#rows.length = this.#row + 1;
        break;
      case "K":
        if (number === 2) this.#line().length = 0;
        else this.#line().length = Math.min(this.#line().length, this.#column);
        break;
      case "h":
      case "l":
        if (sequence.startsWith("\u001b[?25")) this.#isCursorShown = sequence.endsWith("h");
        break;
      default:
        // Colours, and what inquirer asks terminals for.
        break;
    }
  }
}
