import { laneLines } from "./progress-lanes.ts";
import { amountsOf, currentWork, type Lane, lanesOf, type ProgressState } from "./progress-state.ts";
import { totalText } from "./progress-total.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/**
 * The work that goes on as a block of lines, none wider than the terminal and fewer of them than it has rows: a line a
 * lane, and one for the whole. Nothing where no work goes on that can be counted.
 */
export function blockLines(state: ProgressState, { columns, rows }: Size, now: number): readonly string[] {
  const work = currentWork(state);
  if (work === undefined) return [];
  const running = lanesOf(work.lanes, "running");
  const waiting = lanesOf(work.lanes, "waiting").length;
  // The cursor stands on the line below, and the total has one.
  const room = Math.max(0, rows - 2);
  const needed = running.length + (waiting > 0 ? 1 : 0);
  const shown = needed <= room ? running : busiest(running, Math.max(0, room - 1), now);
  const rest = restText(running.length - shown.length, waiting);
  const lines = [...laneLines(shown, work.unit, columns, now), ...(rest === "" || room === 0 ? [] : [rest])];
  return [...lines, totalText(work, now, columns)].map((line) => cut(line, columns));
}

/** Of all lanes the fastest, in their own order, so that lines stay in their places. */
function busiest(lanes: readonly Lane[], most: number, now: number): readonly Lane[] {
  const speed = new Map(lanes.map((lane) => [lane, speedOf(lane, now)]));
  const kept = new Set([...lanes].sort((a, b) => speed.get(b)! - speed.get(a)!).slice(0, most));
  return lanes.filter((lane) => kept.has(lane));
}

function speedOf(lane: Lane, now: number): number {
  const rates = lane.samples.rates(now, amountsOf(lane));
  return rates === undefined ? 0 : rates.keys || rates.done;
}

function restText(more: number, waiting: number): string {
  const parts = [
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(waiting > 0 ? [`${waiting} waiting for their turn`] : []),
  ];
  return parts.join(", ");
}

/** Rather a bit less than a line that is broken. */
function cut(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`.slice(0, columns);
}
