import type { WorkUnit } from "../execute/events.ts";
import { type Lane, sumOf, type Work } from "./progress-state.ts";
import { bytesText, clockText, count, groupDigits } from "./words.ts";

/**
 * "Moving slots: 5,678 of 16,384, 1,234,567 keys, 48,123 keys/s, ETA 1:12". Where that is too wide, what matters
 * least is left out first.
 */
export function totalText(work: Work, now: number, columns = Number.POSITIVE_INFINITY): string {
  const lanes = [...work.lanes.values()];
  const { done, total } = amountOf(lanes);
  const amounts = sumOf(lanes);
  const rates = work.samples.rates(now, amounts);
  const keysTold = work.unit !== "keys" && amounts.keys > 0;
  const amount = total === undefined ? unitText(done, work.unit) : partText(done, total, work.unit);
  const keys = keysTold ? [count(amounts.keys, "key")] : [];
  const rate =
    rates === undefined || (!keysTold && rates.done <= 0)
      ? []
      : [keysTold ? rateText(rates.keys, "keys") : rateText(rates.done, work.unit)];
  const left = secondsLeft(lanes, rates);
  const eta = left === undefined ? [] : [`ETA ${clockText(left)}`];
  const ways = [
    `${work.what}: ${[amount, ...keys, ...rate, ...eta].join(", ")}`,
    [amount, ...keys, ...rate, ...eta].join(", "),
    [amount, ...rate, ...eta].join(", "),
    [amount, ...eta].join(", "),
  ];
  return ways.find((text) => text.length <= columns) ?? ways.at(-1)!;
}

/** The total is unknown as long as that of one lane is. */
function amountOf(lanes: readonly Lane[]): { readonly done: number; readonly total: number | undefined } {
  const totals = lanes.map(({ status, done, total }) => (status === "ended" ? done : total));
  return {
    done: lanes.reduce((sum, lane) => sum + lane.done, 0),
    total: totals.reduce<number | undefined>((sum, total) => (total === undefined ? total : sum! + total), 0),
  };
}

/**
 * Slots with keys take longer than those without, so that keys tell better how long it takes, where they are known. Of
 * a lane that has not begun yet they are not: it is taken to be like the others.
 */
export function secondsLeft(
  lanes: readonly Lane[],
  rates: { readonly done: number; readonly keys: number } | undefined,
): number | undefined {
  if (rates === undefined) return undefined;
  const { done, total } = amountOf(lanes);
  const counted = lanes.filter(({ keys }) => keys !== undefined);
  const keysTotal = counted.reduce((sum, { keys }) => sum + keys!.total, 0);
  const keysDone = counted.reduce((sum, { keys }) => sum + keys!.done, 0);
  if (keysTotal > keysDone && total !== undefined) {
    const countedUnits = counted.reduce((sum, lane) => sum + (lane.total ?? 0) - lane.base, 0);
    const uncounted = lanes.filter(({ keys, status }) => keys === undefined && status !== "ended");
    const uncountedUnits = uncounted.reduce((sum, lane) => sum + (lane.total ?? 0) - lane.done, 0);
    const keysLeft = keysTotal - keysDone + (keysTotal / Math.max(1, countedUnits)) * uncountedUnits;
    return rates.keys > 0 ? keysLeft / rates.keys : undefined;
  }
  if (total === undefined || rates.done <= 0) return undefined;
  return Math.max(0, total - done) / rates.done;
}

function partText(done: number, total: number, unit: WorkUnit): string {
  if (unit === "bytes") return `${bytesText(done)} of ${bytesText(total)}`;
  return `${groupDigits(done)} of ${unitText(total, unit)}`;
}

function unitText(amount: number, unit: WorkUnit): string {
  return unit === "bytes" ? bytesText(amount) : count(amount, unit.slice(0, -1));
}

export function rateText(perSecond: number, unit: WorkUnit): string {
  const rounded = Math.max(0, Math.round(perSecond));
  return unit === "bytes" ? `${bytesText(rounded)}/s` : `${groupDigits(rounded)} ${unit}/s`;
}
