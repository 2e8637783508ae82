import { SLOT_COUNT, type SlotRange } from "../model/slot.ts";

/**
 * Contiguous ranges for so many primaries, in their order, the very ones that redis-cli gives: it counts with 32-bit
 * floats and rounds half away from zero, so scripts that expect its borders find them here.
 */
export function contiguousShares(primaries: number): readonly SlotRange[] {
  const perPrimary = Math.fround(SLOT_COUNT / primaries);
  const ranges: SlotRange[] = [];
  let start = 0;
  let cursor = 0;
  for (let i = 0; i < primaries; i++) {
    const rounded = Math.round(Math.fround(Math.fround(cursor + perPrimary) - 1));
    const isLast = i === primaries - 1 || rounded > SLOT_COUNT;
    const end = Math.max(start, isLast ? SLOT_COUNT - 1 : rounded);
    ranges.push({ start, end });
    start = end + 1;
    cursor = Math.fround(cursor + perPrimary);
  }
  return ranges;
}
