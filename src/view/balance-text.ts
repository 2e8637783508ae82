import { nodeById } from "../model/cluster.ts";
import type { LoadMeasure } from "../model/evidence.ts";
import { formatRanges } from "../model/slot.ts";
import type { MovePreview } from "../plan/move-plan.ts";
import { type BeforeAndAfter, type PrimaryBalance, primaryBalances } from "../plan/move-totals.ts";
import { fittingLines, narrowLines } from "./table.ts";
import { tableNames } from "./table-names.ts";
import { bytesText, groupDigits } from "./words.ts";

const SLOT_COLUMNS = [
  { title: "PRIMARY" },
  { title: "SLOTS", align: "right" },
  { title: "AFTER", align: "right" },
  { title: "CHANGE" },
  { title: "RANGES AFTERWARDS" },
] as const;

/** What every primary owns before and after, and where there are keys, what it holds. */
export function balanceLines(preview: MovePreview, width?: number): readonly string[] {
  const balances = primaryBalances(preview);
  const nameOf = tableNames(preview.before, width);
  const slots = barsOf(balances.map((balance) => balance.slots));
  const rows = balances.map(({ node, slots: { before, after } }, i) => [
    nameOf(node),
    groupDigits(before),
    groupDigits(after),
    slots[i]!,
    formatRanges(nodeById(preview.after, node)?.slots ?? []),
  ]);
  return [...fittingLines(SLOT_COLUMNS, rows, width), ...contentLines(preview, balances, width)];
}

function contentLines(
  preview: MovePreview,
  balances: readonly PrimaryBalance[],
  width: number | undefined,
): readonly string[] {
  if (!balances.some(({ keys }) => keys !== undefined && keys.before + keys.after > 0)) return [];
  const by = preview.load?.by;
  const load = by === undefined || by === "keys" ? undefined : by;
  const bars = barsOf(balances.map((balance) => (load === undefined ? balance.keys : balance.load)));
  const total = balances.reduce((sum, balance) => sum + (balance.load?.before ?? 0), 0);
  const columns = [
    { title: "PRIMARY" },
    { title: "KEYS", align: "right" },
    { title: "AFTER", align: "right" },
    ...LOAD_COLUMNS[load ?? "memory"],
    { title: "CHANGE" },
  ] as const;
  const nameOf = tableNames(preview.before, width);
  const rows = balances.map((balance, i) => [
    nameOf(balance.node),
    ...cells(balance.keys, groupDigits),
    ...(load === undefined
      ? cells(balance.memoryBytes, bytesText)
      : cells(balance.load, load === "memory" ? bytesText : (value) => percentText(value, total))),
    bars[i]!,
  ]);
  return ["", ...narrowLines(columns, rows, width)];
}

const LOAD_COLUMNS: Readonly<Record<Exclude<LoadMeasure, "keys">, readonly { title: string; align: "right" }[]>> = {
  memory: [
    { title: "MEMORY", align: "right" },
    { title: "AFTER", align: "right" },
  ],
  cpu: [
    { title: "CPU", align: "right" },
    { title: "AFTER", align: "right" },
  ],
  network: [
    { title: "TRAFFIC", align: "right" },
    { title: "AFTER", align: "right" },
  ],
};

function cells(value: BeforeAndAfter | undefined, text: (value: number) => string): readonly [string, string] {
  return value === undefined ? ["", ""] : [text(value.before), text(value.after)];
}

function percentText(part: number, total: number): string {
  return total === 0 ? "" : `${((100 * part) / total).toFixed(1)} %`;
}

const BAR = 10;

/** What stays as "=", what goes as "-", what comes as "+"; all by the same measure, the longest ten wide. */
function barsOf(values: readonly (BeforeAndAfter | undefined)[]): readonly string[] {
  const most = Math.max(...values.map((value) => (value === undefined ? 0 : Math.max(value.before, value.after))));
  const widthOf = (part: number) => (most === 0 ? 0 : Math.round((BAR * part) / most));
  return values.map((value) => {
    if (value === undefined) return "";
    const [before, after] = [widthOf(value.before), widthOf(value.after)];
    return (
      "=".repeat(Math.min(before, after)) +
      "-".repeat(Math.max(0, before - after)) +
      "+".repeat(Math.max(0, after - before))
    );
  });
}
