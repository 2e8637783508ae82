import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { liveProgress } from "../../../src/view/live-progress.ts";
import { plainProgress } from "../../../src/view/progress.ts";
import { moved, moveOf, stepStarted, worked } from "../../helpers/progress-events.ts";
import { Screen } from "../../helpers/screen.ts";

const move = moveOf("10.0.0.1:7000", "10.0.0.2:7000", "0-999");

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("without a terminal", () => {
  function talking() {
    const lines: string[] = [];
    return { lines, progress: plainProgress((text) => lines.push(text.trimEnd())) };
  }

  test("a phase is told of at once, how far it is every three seconds", () => {
    const { lines, progress } = talking();
    progress.event(stepStarted(0, move));
    progress.event(moved(0, 0, 1000));
    expect(lines).toEqual(["Moving slots…"]);
    vi.advanceTimersByTime(2000);
    progress.event(moved(0, 200, 1000));
    expect(lines).toHaveLength(1);
    vi.advanceTimersByTime(1000);
    expect(lines.slice(1)).toEqual(["Moving slots: 200 of 1,000 slots, 67 slots/s, ETA 0:12"]);
    progress.event({ type: "waiting", on: "agreement", done: 0, total: 6 });
    progress.event({ type: "waiting", on: "agreement", done: 2, total: 6 });
    expect(lines.slice(2)).toEqual(["Waiting until all nodes agree: 0 of 6 nodes"]);
    vi.advanceTimersByTime(3000);
    expect(lines.at(-1)).toBe("Moving slots: 200 of 1,000 slots, 33 slots/s, ETA 0:24");
  });

  test("a notice is told each time, and nothing after the end", () => {
    const { lines, progress } = talking();
    progress.event({ type: "notice", text: "by the way" });
    progress.event({ type: "notice", text: "by the way" });
    progress.event(worked("a", 0));
    progress.pause();
    vi.advanceTimersByTime(60_000);
    expect(lines).toEqual(["by the way", "by the way", "Importing keys…"]);
  });
});

describe("in a terminal", () => {
  function terminal(columns = 80) {
    const screen = new Screen(columns);
    const stream = { columns, rows: 24, write: (text: string) => screen.write(text) };
    const progress = liveProgress(stream as unknown as NodeJS.WriteStream);
    progress.event(stepStarted(0, move));
    progress.event(moved(0, 0, 1000));
    return { screen, stream, progress };
  }

  test("nothing is shown of what is done within half a second", () => {
    const { screen, progress } = terminal();
    vi.advanceTimersByTime(400);
    progress.pause();
    vi.advanceTimersByTime(5000);
    expect(screen.lines).toEqual([]);
  });

  test("the block is drawn in its place, goes when something is said and comes back", () => {
    const { screen, stream, progress } = terminal();
    stream.write("the plan\n");
    vi.advanceTimersByTime(600);
    progress.event(moved(0, 500, 1000));
    vi.advanceTimersByTime(1000);
    expect(screen.lines).toEqual([
      "the plan",
      expect.stringMatching(/^10\.0\.0\.1:7000 -> 10\.0\.0\.2:7000 \[=+> +\] 500\/1,000 \d+ slots\/s ETA 0:02$/),
      expect.stringMatching(/^Moving slots: 500 of 1,000 slots, /),
    ]);
    progress.event({ type: "notice", text: "by the way" });
    expect(screen.lines).toEqual(["the plan", "by the way"]);
    vi.advanceTimersByTime(100);
    expect(screen.lines).toHaveLength(4);
    progress.pause();
    stream.write("warning: mind\n");
    vi.advanceTimersByTime(1000);
    expect(screen.lines).toEqual(["the plan", "by the way", "warning: mind"]);
    progress.event(moved(0, 600, 1000));
    vi.advanceTimersByTime(100);
    expect(screen.lines.at(-1)).toMatch(/^Moving slots: 600 of/);
    progress.pause();
    expect(screen.lines).toEqual(["the plan", "by the way", "warning: mind"]);
  });

  test("lines that a narrower terminal broke are taken back whole", () => {
    const { stream, progress } = terminal(80);
    vi.advanceTimersByTime(1000);
    const written: string[] = [];
    stream.write = (text) => written.push(text);
    stream.columns = 40;
    vi.advanceTimersByTime(100);
    // Two lines of 41 to 80 characters became four rows.
    expect(written.join("")).toMatch(/^\r\u001b\[3A\u001b\[J…?\S+ -> /);
    progress.pause();
    expect(written.at(-1)).toBe("\r\u001b[2A\u001b[J");
  });

  test("it is drawn ten times a second at the most, however many events there are", () => {
    const { stream, progress } = terminal();
    const write = vi.spyOn(stream, "write");
    for (let i = 0; i < 1000; i++) {
      progress.event(moved(0, i, 1000));
      vi.advanceTimersByTime(1);
    }
    expect(write.mock.calls.length).toBeGreaterThan(3);
    expect(write.mock.calls.length).toBeLessThanOrEqual(10);
  });
});
