import { expect, test } from "vitest";
import { formatDailyWindow, isOpen, parseDailyWindow } from "../../../src/model/daily-window.ts";

test.each([
  ["01:00-05:00", ["01:00", "04:59"], ["00:59", "05:00", "13:00"]],
  ["22:30-05:00", ["22:30", "23:59", "00:00", "04:59"], ["05:00", "22:29", "12:00"]],
])("%s is open at %s and not at %s", (text, open, closed) => {
  const window = parseDailyWindow(text)!;
  expect(formatDailyWindow(window)).toBe(text);
  const at = (clock: string) => isOpen(window, new Date(`2026-03-01T${clock}:30`));
  expect(open.map(at)).toEqual(open.map(() => true));
  expect(closed.map(at)).toEqual(closed.map(() => false));
});

test("an hour may be written with one digit", () => {
  expect(parseDailyWindow("1:00-5:00")).toEqual({ start: 60, end: 300 });
});

test.each(["", "1-5", "01:00", "01:00-01:00", "24:00-05:00", "01:60-05:00", "01:00-05:00x", "-01:00-05:00"])(
  "%j is no window",
  (text) => expect(parseDailyWindow(text)).toBeUndefined(),
);
