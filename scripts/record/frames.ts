import xterm from "@xterm/headless";

/** What a terminal shows at one moment: lines of pieces that look alike. */
export interface Frame {
  /** The command line; undefined: the one before goes on. */
  readonly prompt: string | undefined;
  readonly lines: readonly (readonly Piece[])[];
}

export interface Piece {
  readonly text: string;
  readonly bold: boolean;
  readonly dim: boolean;
  /** One of the sixteen; undefined: the colour of text. */
  readonly color: number | undefined;
}

export async function lastFrame(raw: string, prompt: string, columns: number): Promise<Frame> {
  return { prompt, lines: await linesAfter(raw, columns) };
}

export function textOf(line: readonly Piece[]): string {
  return line.map(({ text }) => text).join("");
}

/** What stood there in the moment in which a bar was nearest to its half; undefined when there never was a bar. */
export async function linesHalfWay(raw: string, columns: number): Promise<Frame["lines"] | undefined> {
  const bars = [...raw.matchAll(/\[(=*>?)( *)\]/g)].map((match) => ({
    // A block is drawn in one go, and its last line tells of the whole.
    end: raw.indexOf("\n", raw.indexOf("Moving slots:", match.index)) + 1,
    off: Math.abs(match[1]!.length - match[2]!.length),
  }));
  const [best] = bars.filter(({ end }) => end > 0).sort((a, b) => a.off - b.off);
  return best && linesAfter(raw.slice(0, best.end), columns);
}

async function linesAfter(raw: string, columns: number): Promise<readonly (readonly Piece[])[]> {
  const terminal = new xterm.Terminal({ cols: columns, rows: 60, scrollback: 2000, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(raw, resolve));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, i) => piecesOf(active.getLine(i)!, columns));
  while (lines.at(-1)?.length === 0) lines.pop();
  return lines;
}

type Line = NonNullable<ReturnType<InstanceType<typeof xterm.Terminal>["buffer"]["active"]["getLine"]>>;

function piecesOf(line: Line, columns: number): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let column = 0; column < Math.min(columns, line.length); column++) {
    const cell = line.getCell(column)!;
    const look = {
      bold: cell.isBold() !== 0,
      dim: cell.isDim() !== 0,
      color: cell.isFgPalette() ? cell.getFgColor() : undefined,
    };
    const text = cell.getChars() || " ";
    const last = pieces.at(-1);
    if (last !== undefined && last.bold === look.bold && last.dim === look.dim && last.color === look.color) {
      pieces[pieces.length - 1] = { ...last, text: last.text + text };
    } else {
      pieces.push({ text, ...look });
    }
  }
  while (pieces.at(-1)?.text.trim() === "") pieces.pop();
  return pieces;
}
