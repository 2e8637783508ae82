import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  complementRanges,
  countSlots,
  formatRanges,
  intersectRanges,
  parseRanges,
  SLOT_COUNT,
  slotsOf,
  subtractRanges,
  toRanges,
  unionRanges,
} from "../../../src/model/slot.ts";

const slotSet = fc.uniqueArray(fc.integer({ min: 0, max: SLOT_COUNT - 1 }), { maxLength: 60 });

describe("ranges", () => {
  test("neighbours become one range, duplicates count once", () => {
    expect(formatRanges(toRanges([7, 5, 6, 6, 9]))).toBe("5-7,9");
  });

  test("no slots are an empty text", () => {
    expect(formatRanges([])).toBe("");
    expect(parseRanges("")).toEqual([]);
  });

  test.each(["1-", "-1", "5-3", "16384", "0-16384", "a", "1,,2", "1;2"])("%j is refused", (text) => {
    expect(parseRanges(text)).toBeUndefined();
  });

  test("what is written is read back", () => {
    fc.assert(
      fc.property(slotSet, (slots) => {
        const ranges = toRanges(slots);
        expect(parseRanges(formatRanges(ranges))).toEqual(ranges);
        expect(slotsOf(ranges)).toEqual([...slots].sort((a, b) => a - b));
        expect(countSlots(ranges)).toBe(slots.length);
      }),
    );
  });

  test("set algebra on ranges is set algebra on slots", () => {
    fc.assert(
      fc.property(slotSet, slotSet, (left, right) => {
        const [a, b] = [toRanges(left), toRanges(right)];
        const has = new Set(right);
        expect(unionRanges(a, b)).toEqual(toRanges([...left, ...right]));
        expect(intersectRanges(a, b)).toEqual(toRanges(left.filter((slot) => has.has(slot))));
        expect(subtractRanges(a, b)).toEqual(toRanges(left.filter((slot) => !has.has(slot))));
        expect(unionRanges(a, complementRanges(a))).toEqual([{ start: 0, end: SLOT_COUNT - 1 }]);
        expect(intersectRanges(a, complementRanges(a))).toEqual([]);
      }),
    );
  });
});
