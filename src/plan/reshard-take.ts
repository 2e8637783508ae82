import { SLOT_COUNT, type SlotRange } from "../model/slot.ts";
import type { Segment, SlotBoard } from "./reshard-board.ts";

/** What all slots below a slot weigh together, so that the weight of a run is one subtraction. */
export type RunningWeights = Float64Array;

export interface Taking {
  readonly taker: number;
  /** The most that may be taken, in the unit of the weights. */
  readonly budget: number;
  readonly weights: RunningWeights;
}

export function runningWeights(weightOf: (slot: number) => number): RunningWeights {
  const weights = new Float64Array(SLOT_COUNT + 1);
  for (let slot = 0; slot < SLOT_COUNT; slot++) weights[slot + 1] = weights[slot]! + weightOf(slot);
  return weights;
}

/** Every slot weighs 1. */
export const EVERY_SLOT_ALIKE: RunningWeights = runningWeights(() => 1);

/**
 * Gives slots out of a node's segments (longest first) to the taker, up to the budget, and says which. With slots that
 * weigh 1 that is exactly the budget, or all there is. To leave few ranges behind it takes, in this order: whole
 * segments between two ranges of the taker, then next to one; the ends that touch a range of the taker; whole segments
 * anywhere; the upper ends of what is left, where the next giver's first slots can join them. Runs that weigh nothing
 * stay.
 */
export function takeSlots(board: SlotBoard, segments: readonly Segment[], taking: Taking): readonly SlotRange[] {
  const [apart, beside, between]: readonly [Segment[], Segment[], Segment[]] = [[], [], []];
  const byTouches = [apart, beside, between];
  for (const segment of segments) byTouches[touches(board, segment, taking.taker)]!.push(segment);
  const close = [...between, ...beside];

  const taken: SlotRange[] = [];
  let { budget } = taking;
  const takeFrom = (from: readonly Segment[], cut: typeof whole) => {
    for (const segment of from) {
      if (budget <= 0) return;
      const piece = cut(segment, budget, taking.weights);
      if (piece === undefined) continue;
      budget -= weigh(piece, taking.weights);
      taken.push(piece);
      give(board, segment, piece, taking.taker);
    }
  };
  const end: typeof whole = (segment, left, weights) =>
    board.owners[segment.start - 1] === taking.taker
      ? (head(segment, left, weights) ?? tail(segment, left, weights))
      : (tail(segment, left, weights) ?? head(segment, left, weights));

  takeFrom(close, whole);
  takeFrom(close, end);
  takeFrom(apart, whole);
  takeFrom(apart, end);
  return taken;
}

/** The piece lies at one of the ends of the segment, or is all of it. */
function give({ owners }: SlotBoard, segment: Segment, piece: SlotRange, taker: number): void {
  owners.fill(taker, piece.start, piece.end + 1);
  if (piece.start === segment.start) segment.start = piece.end + 1;
  else segment.end = piece.start - 1;
}

/** On how many sides the segment lies next to the node's slots. */
function touches({ owners }: SlotBoard, { start, end }: Segment, node: number): number {
  return start > end ? 0 : Number(owners[start - 1] === node) + Number(owners[end + 1] === node);
}

function weigh({ start, end }: SlotRange, weights: RunningWeights): number {
  return weights[end + 1]! - weights[start]!;
}

function whole(segment: Segment, budget: number, weights: RunningWeights): SlotRange | undefined {
  const { start, end } = segment;
  const weight = end < start ? 0 : weigh(segment, weights);
  return weight > 0 && weight <= budget ? { start, end } : undefined;
}

/** As many of the first slots as the budget allows, up to the last one that weighs anything. */
function head({ start, end }: Segment, budget: number, weights: RunningWeights): SlotRange | undefined {
  const before = weights[start]!;
  const within = firstSlot(start, end + 1, (slot) => weights[slot + 1]! - before > budget);
  const last = firstSlot(start - 1, within - 1, (slot) => weights[slot + 1] === weights[within]);
  return last < start ? undefined : { start, end: last };
}

/** As many of the last slots as the budget allows, down to the first one that weighs anything. */
function tail({ start, end }: Segment, budget: number, weights: RunningWeights): SlotRange | undefined {
  const all = weights[end + 1]!;
  const within = firstSlot(start, end + 1, (slot) => all - weights[slot]! <= budget);
  const first = firstSlot(within, end + 1, (slot) => weights[slot + 1]! > weights[within]!);
  return first > end ? undefined : { start: first, end };
}

/** The first slot from `start` on to before `end` of which this holds, as of all after it; `end` where there is none. */
function firstSlot(start: number, end: number, holds: (slot: number) => boolean): number {
  let [low, high] = [start, end];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
