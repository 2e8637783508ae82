import type { WorkUnit } from "../execute/events.ts";
import { amountsOf, type Lane, type Pace } from "./progress-state.ts";
import { rateText, secondsLeft } from "./progress-total.ts";
import { pad } from "./table.ts";
import { bytesText, clockText, groupDigits, shortCount } from "./words.ts";

/** What a line may show besides its name and its bar, in this order. */
interface Cells {
  readonly amount: string;
  readonly rate: string;
  readonly eta: string;
  readonly pace: string;
}

interface Layout {
  readonly cells: readonly (keyof Cells)[];
  readonly wording: "long" | "short";
  /** The bar takes what is left, but no less than this; 0: there is none. */
  readonly bar: number;
}

/** From the widest to the narrowest. */
const LAYOUTS: readonly Layout[] = [
  { cells: ["amount", "rate", "eta", "pace"], wording: "long", bar: 12 },
  { cells: ["amount", "rate", "eta", "pace"], wording: "short", bar: 8 },
  { cells: ["amount", "rate", "eta"], wording: "short", bar: 8 },
  { cells: ["amount", "rate", "eta"], wording: "short", bar: 0 },
  { cells: ["amount", "eta"], wording: "short", bar: 0 },
  { cells: ["amount"], wording: "short", bar: 0 },
];

const WIDEST_BAR = 40;

/** A line a lane, in columns: "a:7000 -> b:7000 [====>     ] 512/1365 12k/s 0:07 100 in 2.3ms". */
export function laneLines(lanes: readonly Lane[], unit: WorkUnit, columns: number, now: number): readonly string[] {
  const whole = lanes.map(({ name }) => name);
  const short = shortened(whole, Math.max(12, Math.floor(columns * 0.42)));
  const rowsOf = (wording: Layout["wording"]) => lanes.map((lane) => cellsOf(lane, unit, wording, now));
  const rows = { long: rowsOf("long"), short: rowsOf("short") };
  // Whole names are worth a shorter bar, but not that something is left out.
  const ways = [
    ...LAYOUTS.filter(({ cells }) => cells.includes("pace")).map((layout) => ({ layout, names: whole })),
    ...LAYOUTS.map((layout) => ({ layout, names: short })),
  ];
  for (const { layout, names } of ways) {
    const lines = laidOut(lanes, names, rows[layout.wording], layout, columns);
    if (lines !== undefined) return lines;
  }
  return short;
}

/** Undefined when it does not fit. */
function laidOut(
  lanes: readonly Lane[],
  names: readonly string[],
  rows: readonly Cells[],
  layout: Layout,
  columns: number,
): readonly string[] | undefined {
  const nameWidth = Math.max(0, ...names.map(({ length }) => length));
  const used = layout.cells.filter((cell) => rows.some((row) => row[cell] !== ""));
  const widths = used.map((cell) => Math.max(...rows.map((row) => row[cell].length)));
  const room = columns - widths.reduce((sum, width) => sum + 1 + width, nameWidth);
  if (room < (layout.bar === 0 ? 0 : layout.bar + 1)) return undefined;
  return lanes.map((lane, i) => {
    const bar = layout.bar === 0 ? [] : [barText(lane, Math.min(WIDEST_BAR, room - 1))];
    const cells = used.map((cell, j) => pad(rows[i]![cell], widths[j]!, cell === "pace" ? "left" : "right"));
    return [pad(names[i]!, nameWidth), ...bar, ...cells].join(" ").trimEnd();
  });
}

function cellsOf(lane: Lane, unit: WorkUnit, wording: Layout["wording"], now: number): Cells {
  const rates = lane.samples.rates(now, amountsOf(lane));
  const byKeys = lane.keys !== undefined && lane.keys.done > 0;
  // The servers' own migration ends all at once; until then there is nothing to say.
  const isPaced = byKeys || (rates !== undefined && rates.done > 0);
  const rate = isPaced ? (byKeys ? rates?.keys : rates?.done) : undefined;
  const left = secondsLeft([lane], rates);
  const isLong = wording === "long";
  return {
    amount: amountText(lane, unit, isLong),
    rate: rate === undefined ? "" : isLong ? rateText(rate, byKeys ? "keys" : unit) : shortRate(rate, byKeys, unit),
    eta: left === undefined ? "" : `${isLong ? "ETA " : ""}${clockText(left)}`,
    pace: lane.pace === undefined ? "" : paceText(lane.pace, isLong),
  };
}

function amountText({ done, total }: Lane, unit: WorkUnit, isLong: boolean): string {
  const text = (amount: number) => {
    if (unit === "bytes") return bytesText(amount);
    return isLong ? groupDigits(amount) : amount < 100_000 ? String(amount) : shortCount(amount);
  };
  return total === undefined ? text(done) : `${text(done)}/${text(total)}`;
}

function shortRate(rate: number, byKeys: boolean, unit: WorkUnit): string {
  const rounded = Math.max(0, Math.round(rate));
  if (unit === "bytes") return `${bytesText(rounded)}/s`;
  return `${shortCount(rounded)}${byKeys || unit === "keys" ? "" : ` ${unit}`}/s`;
}

function paceText(pace: Pace, isLong: boolean): string {
  if (pace.kind === "text") return pace.text;
  const { batch, milliseconds } = pace;
  return isLong
    ? `${groupDigits(batch)} a write, ${milliseconds.toFixed(1)} ms`
    : `${batch} in ${milliseconds.toFixed(milliseconds < 100 ? 1 : 0)}ms`;
}

/** "[=====>    ]"; without a total nobody knows how full it is. */
function barText({ done, total }: Lane, width: number): string {
  const room = width - 2;
  const share = total === undefined || total === 0 ? 0 : Math.min(1, done / total);
  const full = Math.floor(room * share);
  const head = full < room && total !== undefined ? ">" : "";
  return `[${`${"=".repeat(full)}${head}`.padEnd(room)}]`;
}

/**
 * Names that fit. Of "a -> b" both ends are kept; a port that is the same everywhere is the first to go. Addresses, and
 * the first labels of host names, differ at their ends: "redis-0", "redis-1".
 */
function shortened(names: readonly string[], width: number): readonly string[] {
  if (names.every(({ length }) => length <= width)) return names;
  const ends = names.map((name) => name.split(ARROW));
  const ports = new Set(ends.flat().map((end) => /(?<=[^:]):\d+$/.exec(end)?.[0]));
  const [port] = ports;
  const isSame = ports.size === 1 && port !== undefined;
  return ends.map((each) => {
    const room = Math.floor((width - ARROW.length * (each.length - 1)) / each.length);
    const kept = isSame ? each.map((end) => end.slice(0, -port.length)) : each;
    return kept.map((end) => shortenedEnd(end, room)).join(ARROW);
  });
}

const ARROW = " -> ";

function shortenedEnd(text: string, width: number): string {
  if (text.length <= width) return text;
  const isNumeric = /^[\d.:[\]a-f]+$/.test(text);
  const [label = text] = isNumeric ? [text] : text.split(".");
  return label.length <= width ? label : `…${label.slice(1 - width)}`;
}
