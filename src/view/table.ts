import { stripVTControlCharacters } from "node:util";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

/**
 * Lines up cells under their titles, two blanks apart. Columns in which no row has anything are left out. Colour codes
 * in cells do not count for the width.
 */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  const used = columns.map((_, i) => rows.some((row) => row[i] !== undefined && row[i] !== ""));
  const pick = <T>(cells: readonly T[]): readonly T[] => cells.filter((_, i) => used[i]);
  const kept = pick(columns);
  const body = [kept.map(({ title }) => title), ...rows.map(pick)];
  const widths = kept.map((_, i) => Math.max(...body.map((cells) => widthOf(cells[i] ?? ""))));
  return body.map((cells) =>
    cells
      .map((cell, i) => pad(cell, widths[i]!, kept[i]!.align))
      .join("  ")
      .trimEnd(),
  );
}

export function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}

export function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const blanks = " ".repeat(Math.max(0, width - widthOf(text)));
  return align === "left" ? text + blanks : blanks + text;
}

/** Breaks a sentence into lines of at most `width`, each further one indented. */
export function wrap(text: string, width: number, indent = ""): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/**
 * Lines that are wider than `width`, broken at blanks, with what follows indented below what it belongs to. A word that is wider
 * by itself is left whole: it can be copied.
 */
export function fitText(text: string, width: number): string {
  return text
    .split("\n")
    .flatMap((line) => (widthOf(line) <= width ? [line] : brokenLines(line, width)))
    .join("\n");
}

/** What stands before a sentence: blanks, and the words by which such lines are found. */
const BEGINNING = /^( *)((?:ok|problem|warning|\d+\.) +|(?:warning|error|hint|done): |)/;

function brokenLines(line: string, width: number): readonly string[] {
  const [, blanks = "", label = ""] = BEGINNING.exec(stripVTControlCharacters(line)) ?? [];
  const indent = " ".repeat(Math.min(blanks.length + Math.max(2, label.length), Math.floor(width / 2)));
  const lines: string[] = [];
  let current = "";
  for (const [, gap = "", word = ""] of line.matchAll(/( *)([^ ]+)/g)) {
    const isFull = current.trim() !== "" && widthOf(current) + gap.length + widthOf(word) > width;
    if (isFull) lines.push(current);
    current = isFull ? indent + word : current + gap + word;
  }
  return [...lines, current];
}

/** As wide as most terminals are. */
export const USUAL_WIDTH = 80;

/** Indented, and the last column, a list with commas, cut where the width is not enough for all of it. */
export function fittingLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width?: number,
): readonly string[] {
  const [titles = ""] = tableLines(columns, [...rows.map((row) => [...row.slice(0, -1), "-"])]);
  const room = (width ?? USUAL_WIDTH) - 2 - titles.length + (columns.at(-1)?.title.length ?? 0);
  if (room < 8 && width !== undefined) return narrowLines(columns.slice(0, -1), rows, width);
  const cut = rows.map((row) => [...row.slice(0, -1), fewItems(row.at(-1) ?? "", Math.max(8, room))]);
  return tableLines(columns, cut).map((line) => `  ${line}`);
}

/** Indented; in a terminal that is not wide enough the last columns are left out. */
export function narrowLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width?: number,
): readonly string[] {
  const lines = tableLines(
    columns,
    rows.map((row) => row.slice(0, columns.length)),
  ).map((line) => `  ${line}`);
  const fits = width === undefined || columns.length < 2 || lines.every((line) => widthOf(line) <= width);
  return fits ? lines : narrowLines(columns.slice(0, -1), rows, width);
}

/** As many items as fit. */
function fewItems(list: string, room: number): string {
  if (list.length <= room) return list;
  const cut = list.slice(0, room - 1);
  return `${cut.slice(0, cut.lastIndexOf(",") + 1 || room - 1)}…`;
}
