import { describe, expect, test } from "vitest";
import { Pace } from "../../../src/execute/move/pace.ts";

/** A source that is busy for so long with a key, at the end of a way of so many milliseconds; the writes that come of it. */
function settle(pace: Pace, { keyMs, roundTripMs }: { readonly keyMs: number; readonly roundTripMs: number }): number {
  for (let i = 0; i < 40; i++) pace.learn(pace.keys, pace.keys * keyMs + roundTripMs);
  return pace.keys * keyMs;
}

describe("a write keeps the source busy", () => {
  test.each([
    { roundTripMs: 0.1, least: 0.5, most: 1 },
    { roundTripMs: 0.4, least: 2, most: 4 },
    { roundTripMs: 5, least: 5, most: 10 },
    { roundTripMs: 80, least: 5, most: 10 },
  ])("for ten round trips of $roundTripMs ms, or for as long as it may", ({ roundTripMs, least, most }) => {
    const pace = new Pace(10);
    pace.learnRoundTrip(roundTripMs * 3);
    pace.learnRoundTrip(roundTripMs);
    pace.learnRoundTrip(roundTripMs * 2);
    const busyMs = settle(pace, { keyMs: 0.01, roundTripMs });
    expect(busyMs).toBeGreaterThanOrEqual(least);
    expect(busyMs).toBeLessThanOrEqual(most);
  });

  test("for as long as it may where the way is not known", () => {
    const busyMs = settle(new Pace(10), { keyMs: 0.01, roundTripMs: 0 });
    expect(busyMs).toBeGreaterThanOrEqual(5);
    expect(busyMs).toBeLessThanOrEqual(10);
  });

  test("with one key at least, however long that one takes", () => {
    const pace = new Pace(1);
    pace.learn(pace.keys, 10_000);
    expect(pace.keys).toBe(1);
  });
});

test("a write that was not full does not say that a larger one would do", () => {
  const pace = new Pace(10);
  const before = pace.keys;
  pace.learn(before - 1, 0.1);
  expect(pace.keys).toBe(before);
});
