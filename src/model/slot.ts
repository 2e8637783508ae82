/** A cluster always has this many hash slots, numbered from zero. */
export const SLOT_COUNT = 16384;

/** An inclusive run of slots, the way CLUSTER NODES prints them. */
export interface SlotRange {
  readonly start: number;
  readonly end: number;
}

/** A set of slots as ascending, disjoint ranges that do not touch. */
export type SlotRanges = readonly SlotRange[];

export const ALL_SLOTS: SlotRanges = [{ start: 0, end: SLOT_COUNT - 1 }];

/** Groups slot numbers into the fewest ranges that cover exactly them. */
export function toRanges(slots: Iterable<number>): SlotRanges {
  const ranges: { start: number; end: number }[] = [];
  for (const slot of [...slots].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && slot <= last.end + 1) last.end = Math.max(last.end, slot);
    else ranges.push({ start: slot, end: slot });
  }
  return ranges;
}

/** Puts ranges in any order, overlapping or not, into the canonical form. */
export function unionRanges(...lists: readonly SlotRanges[]): SlotRanges {
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of lists.flat().sort((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last !== undefined && start <= last.end + 1) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}

/** The slots that are in both sets. */
export function intersectRanges(left: SlotRanges, right: SlotRanges): SlotRanges {
  const common: SlotRange[] = [];
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    const a = left[i]!;
    const b = right[j]!;
    const start = Math.max(a.start, b.start);
    const end = Math.min(a.end, b.end);
    if (start <= end) common.push({ start, end });
    if (a.end < b.end) i++;
    else j++;
  }
  return common;
}

/** The slots of `left` that are not in `right`. */
export function subtractRanges(left: SlotRanges, right: SlotRanges): SlotRanges {
  return intersectRanges(left, complementRanges(right));
}

/** The slots that are not in the set. */
export function complementRanges(ranges: SlotRanges): SlotRanges {
  const gaps: SlotRange[] = [];
  let next = 0;
  for (const { start, end } of ranges) {
    if (start > next) gaps.push({ start: next, end: start - 1 });
    next = end + 1;
  }
  if (next < SLOT_COUNT) gaps.push({ start: next, end: SLOT_COUNT - 1 });
  return gaps;
}

export function countSlots(ranges: SlotRanges): number {
  return ranges.reduce((count, { start, end }) => count + end - start + 1, 0);
}

export function hasSlot(ranges: SlotRanges, slot: number): boolean {
  return ranges.some(({ start, end }) => start <= slot && slot <= end);
}

/** Each slot of the set, ascending. */
export function slotsOf(ranges: SlotRanges): readonly number[] {
  const slots: number[] = [];
  for (const { start, end } of ranges) for (let slot = start; slot <= end; slot++) slots.push(slot);
  return slots;
}

/** "0-5460,7000": the way Redis writes them, comma-separated. The empty set is "". */
export function formatRanges(ranges: SlotRanges): string {
  return ranges.map(formatRange).join(",");
}

function formatRange({ start, end }: SlotRange): string {
  return start === end ? `${start}` : `${start}-${end}`;
}

/** Reads what formatRanges writes, in any order and with blanks; undefined when it is anything else. */
export function parseRanges(text: string): SlotRanges | undefined {
  const ranges: SlotRange[] = [];
  for (const part of text.split(",").map((word) => word.trim())) {
    if (part === "" && text.trim() === "") return [];
    const range = parseRange(part);
    if (range === undefined) return undefined;
    ranges.push(range);
  }
  return unionRanges(ranges);
}

/** One range, "0-5460" or "7000"; undefined when it is no range of slots. */
export function parseRange(text: string): SlotRange | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = match[2] === undefined ? start : Number(match[2]);
  return start <= end && end < SLOT_COUNT ? { start, end } : undefined;
}
