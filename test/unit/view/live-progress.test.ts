import { expect, test, vi } from "vitest";
import { liveProgress } from "../../../src/view/live-progress.ts";

vi.mock("ora", () => {
  throw new Error("Cannot find package 'ora'");
});

test("a spinner that cannot be loaded any more ends no run: slotctl may be upgraded while one goes on", async () => {
  vi.useFakeTimers();
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  try {
    const progress = liveProgress({ columns: 80, rows: 24, write: () => true } as never);
    progress.event({ type: "run-started", steps: 1 });
    progress.event({ type: "waiting", on: "agreement", done: 0, total: 3 });
    await vi.advanceTimersByTimeAsync(2000);
    vi.useRealTimers();
    await vi.dynamicImportSettled();
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
    progress.pause();
  } finally {
    process.off("unhandledRejection", unhandled);
    vi.useRealTimers();
  }
});
