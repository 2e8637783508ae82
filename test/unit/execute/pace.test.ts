import { describe, expect, test } from "vitest";
import { Pace } from "../../../src/execute/move/pace.ts";

interface Source {
  readonly roundTripMs: number;
  /** A MIGRATE waits for its target. */
  readonly migrateMs: number;
  readonly keyMs: number;
  readonly keysASlot: number;
}

/** The largest writes that the pace allows once it is found, and how long the source is busy with each. */
function settle(pace: Pace, { roundTripMs, migrateMs, keyMs, keysASlot }: Source) {
  const noise = [0.9, 1, 1.2, 1, 0.95];
  const last: { readonly keys: number; readonly busyMs: number }[] = [];
  for (let i = 0; i < 300; i++) {
    // Slots with nearly as many keys each, as they are.
    const each = Math.min(pace.keysAtOnce, keysASlot + (i % 3));
    let migrates = 1;
    while (pace.allows({ migrates: migrates + 1, keys: (migrates + 1) * each })) migrates++;
    const keys = migrates * each;
    const busyMs = (migrates * migrateMs + keys * keyMs) * noise[i % noise.length]!;
    pace.learn({ migrates, keys }, busyMs + roundTripMs);
    if (i >= 200) last.push({ keys, busyMs });
  }
  return { keys: mean(last.map(({ keys }) => keys)), busyMs: mean(last.map(({ busyMs }) => busyMs)) };
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b) / numbers.length;
}

const NEAR = { migrateMs: 0.05, keyMs: 0.01, keysASlot: 2000 } as const;

describe("a MIGRATE keeps the source busy", () => {
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
    const { busyMs } = settle(pace, { ...NEAR, roundTripMs });
    expect(busyMs).toBeGreaterThanOrEqual(least);
    expect(busyMs).toBeLessThanOrEqual(most);
  });

  test("for as long as it may where the way is not known", () => {
    const { busyMs } = settle(new Pace(10), { ...NEAR, roundTripMs: 0 });
    expect(busyMs).toBeGreaterThanOrEqual(5);
    expect(busyMs).toBeLessThanOrEqual(10);
  });

  test("with one key at least, however long that one takes", () => {
    const pace = new Pace(1);
    pace.learn({ migrates: 1, keys: 100 }, 10_000);
    expect(pace.keysAtOnce).toBe(1);
  });
});

describe("small MIGRATEs go out together", () => {
  const SMALL = { migrateMs: 0.05, keyMs: 0.01, keysASlot: 2 } as const;

  test.each([
    { roundTripMs: 0.1, least: 0.05, most: 0.1 },
    { roundTripMs: 0.4, least: 0.2, most: 0.4 },
    { roundTripMs: 5, least: 0.4, most: 1 },
    { roundTripMs: 80, least: 0.4, most: 1 },
  ])("for as long as the way of $roundTripMs ms, and as nobody notices", ({ roundTripMs, least, most }) => {
    const pace = new Pace(10);
    pace.learnRoundTrip(roundTripMs);
    const { busyMs } = settle(pace, { ...SMALL, roundTripMs });
    expect(busyMs).toBeGreaterThanOrEqual(least);
    expect(busyMs).toBeLessThanOrEqual(most);
  });

  test("but not where each of them waits for a target as far away as the source is", () => {
    const pace = new Pace(10);
    pace.learnRoundTrip(1);
    const { keys } = settle(pace, { ...SMALL, roundTripMs: 1, migrateMs: 1.1 });
    expect(keys).toBeLessThan(4);
  });
});

test.each([
  [3, 60],
  [8, 60],
  [30, 15],
  [150, 15],
  [150, 60],
])("a target %i ms away is no reason for ever smaller writes, with %i keys in a slot", (migrateMs, keysASlot) => {
  const pace = new Pace(10);
  pace.learnRoundTrip(0.3);
  const { keys, busyMs } = settle(pace, { roundTripMs: 0.3, migrateMs, keyMs: 0.01, keysASlot });
  expect(keys).toBeGreaterThanOrEqual(keysASlot * 0.8);
  expect(busyMs).toBeLessThanOrEqual(migrateMs * 1.6);
});

test.each([0.5, 5])("keys of %d ms each go over a few at a time", (keyMs) => {
  const pace = new Pace(10);
  pace.learnRoundTrip(1);
  const { busyMs } = settle(pace, { roundTripMs: 1, migrateMs: 0.1, keyMs, keysASlot: 1000 });
  expect(busyMs).toBeLessThanOrEqual(10);
});

test("what is far larger than anything tried so far is not tried at once", () => {
  const pace = new Pace(10);
  expect(pace.allows({ migrates: 2, keys: 101 })).toBe(false);
  pace.learn({ migrates: 1, keys: 100 }, 0.1);
  expect(pace.allows({ migrates: 2, keys: 200 })).toBe(true);
  expect(pace.allows({ migrates: 2, keys: 201 })).toBe(false);
});

test("never are there so many MIGRATEs in a write that a silent target would keep its source for long", () => {
  const pace = new Pace(1000);
  for (let i = 0; i < 50; i++) pace.learn({ migrates: 8, keys: 8 }, 0.1);
  expect(pace.allows({ migrates: 8, keys: 8 })).toBe(true);
  expect(pace.allows({ migrates: 9, keys: 9 })).toBe(false);
});
