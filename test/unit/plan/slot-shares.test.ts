import { expect, test } from "vitest";
import { formatRanges, SLOT_COUNT } from "../../../src/model/slot.ts";
import { contiguousShares } from "../../../src/plan/slot-shares.ts";

/** What redis-cli 7.4 printed for so many primaries. */
const REDIS_CLI = {
  3: "0-5460,5461-10922,10923-16383",
  4: "0-4095,4096-8191,8192-12287,12288-16383",
  5: "0-3276,3277-6553,6554-9829,9830-13106,13107-16383",
  6: "0-2730,2731-5460,5461-8191,8192-10922,10923-13652,13653-16383",
  7: "0-2340,2341-4680,4681-7021,7022-9361,9362-11702,11703-14042,14043-16383",
  9: "0-1819,1820-3640,3641-5460,5461-7281,7282-9101,9102-10922,10923-12742,12743-14563,14564-16383",
  10: "0-1637,1638-3276,3277-4914,4915-6553,6554-8191,8192-9829,9830-11468,11469-13106,13107-14745,14746-16383",
  11: "0-1488,1489-2978,2979-4467,4468-5957,5958-7446,7447-8936,8937-10425,10426-11915,11916-13404,13405-14894,14895-16383",
  12: "0-1364,1365-2730,2731-4095,4096-5460,5461-6826,6827-8191,8192-9556,9557-10922,10923-12287,12288-13652,13653-15018,15019-16383",
};

test.each(Object.entries(REDIS_CLI))(
  "17.4.56 %s primaries get the ranges that redis-cli gives",
  (primaries, expected) => {
    expect(
      contiguousShares(Number(primaries))
        .map((range) => formatRanges([range]))
        .join(","),
    ).toBe(expected);
  },
);

test("for any number of primaries all slots are given once, and sizes differ by at most one", () => {
  for (let primaries = 1; primaries <= 1000; primaries++) {
    const ranges = contiguousShares(primaries);
    const sizes = ranges.map(({ start, end }) => end - start + 1);
    expect(ranges.every(({ start }, i) => start === (ranges[i - 1]?.end ?? -1) + 1)).toBe(true);
    expect(ranges.at(-1)!.end).toBe(SLOT_COUNT - 1);
    expect(Math.max(...sizes) - Math.min(...sizes), `${primaries} primaries`).toBeLessThanOrEqual(1);
  }
});
