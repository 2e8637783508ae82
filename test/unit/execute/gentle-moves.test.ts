import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Throttle } from "../../../src/execute/move/pace.ts";
import { FakeCluster } from "../../helpers/fake-cluster.ts";
import { type Ran, type RunMovesOptions, runMoves } from "../../helpers/run-moves.ts";

/** a gives its slots, each with one key, to b. */
function newCluster(): FakeCluster {
  const cluster = new FakeCluster({ a: "0-39", b: "40-59", c: "60-69" }, { gossipEvery: 5 });
  for (let slot = 0; slot < 40; slot++) cluster.put("a", slot, `key-${slot}`, "value");
  return cluster;
}

function run(cluster: FakeCluster, options: RunMovesOptions = {}): Promise<Ran> {
  const expected = { a: "0-9", b: "10-59", c: "60-69" };
  return runMoves(cluster, [{ from: "a", to: "b", slots: "10-39" }], expected, options);
}

test("a target that falls silent keeps its source from nobody for longer than 4 s a write", async () => {
  const cluster = newCluster();
  const writes: number[][] = [];
  cluster.onWrite = (commands) => {
    const migrates = commands.filter(([name]) => name === "MIGRATE");
    if (migrates.length > 0) writes.push(migrates.map((command) => Number(command[5])));
  };
  expect((await run(cluster)).error).toBeUndefined();
  expect(writes.flat()).toHaveLength(30);
  const waits = writes.map((timeouts) => timeouts.reduce((sum, timeout) => sum + timeout, 0));
  expect(Math.max(...waits)).toBeLessThanOrEqual(4000 + 8);
});

test("a MIGRATE that timed out is not repeated before its target has answered something else", async () => {
  const cluster = newCluster();
  cluster.server("a").refuse(/^MIGRATE .* key-10$/, "IOERR error or timeout reading from target instance", 1);
  const before = cluster.server("b").log.length;
  expect((await run(cluster)).error).toBeUndefined();
  const tries = cluster.server("a").log.filter((text) => / key-10$/.test(text) && text.startsWith("MIGRATE"));
  expect(tries).toHaveLength(2);
  expect(cluster.server("b").log.slice(before)).toContain("CLUSTER MYID");
});

test.each([
  { unit: "keys", perSecond: 1000, size: 64, weighed: 0 },
  { unit: "bytes", perSecond: 1_000_000, size: 100_000, weighed: 30 },
] as const)("a rate of $perSecond $unit a second counts $unit", async ({ unit, perSecond, size, weighed }) => {
  const cluster = newCluster();
  const server = cluster.server("a");
  for (let slot = 10; slot < 14; slot++) server.sizes.set(`key-${slot}`, size);
  expect((await run(cluster, { rate: { unit, perSecond } })).error).toBeUndefined();
  expect(server.log.filter((text) => text.startsWith("MEMORY USAGE"))).toHaveLength(weighed);
});

test("what goes over early is made up for by waiting", () => {
  const throttle = new Throttle(100);
  expect([throttle.delayFor(50, 0), throttle.delayFor(10, 100), throttle.delayFor(1, 100)]).toEqual([0, 400, 500]);
  expect(throttle.delayFor(1, 10_000)).toBe(0);
  expect(new Throttle(undefined).delayFor(1e9, 0)).toBe(0);
});

describe("a window", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterEach(() => void vi.useRealTimers());
  const window = { start: 60, end: 300 };
  const at = (clock: string) => vi.setSystemTime(new Date(`2026-03-01T${clock}:00`));

  test("that is closed is waited for before anything is touched", async () => {
    const cluster = newCluster();
    const told: string[] = [];
    at("00:30");
    const onNotice = (text: string) => {
      told.push(text);
      expect(cluster.openSlots()).toEqual([]);
      expect(cluster.server("a").log.filter((text) => /SETSLOT|MIGRATE/.test(text))).toEqual([]);
      at("01:00");
    };
    expect((await run(cluster, { window, onNotice })).error).toBeUndefined();
    expect(told).toEqual(["Slots move between 01:00-05:00: going on at 01:00"]);
    expect(cluster.contents().filter((line) => line.endsWith("at b"))).toHaveLength(30);
  });

  test("that ends meanwhile leaves no slot open, and the rest goes when it opens again", async () => {
    const cluster = new FakeCluster({ a: "0-999", b: "1000-1001", c: "1002-1009" }, { gossipEvery: 5 });
    for (let slot = 0; slot < 1000; slot++) cluster.put("a", slot, `key-${slot}`, "value");
    at("04:59");
    let waits = 0;
    const ran = await runMoves(
      cluster,
      [{ from: "a", to: "b", slots: "0-998" }],
      { a: "999", b: "0-998,1000-1001" },
      {
        window,
        pipeline: 2,
        onKeys: () => void (waits === 0 && at("05:00")),
        onNotice: () => {
          waits++;
          expect(cluster.openSlots()).toEqual([]);
          expect(cluster.contents().some((line) => line.endsWith("at a") && !line.includes("slot 999 "))).toBe(true);
          at("01:00");
        },
      },
    );
    expect(ran.error).toBeUndefined();
    expect(waits).toBe(1);
    expect(cluster.contents().filter((line) => line.endsWith("at b"))).toHaveLength(999);
  });

  test("that is closed can be left by an interrupt, with nothing changed", async () => {
    const cluster = newCluster();
    const interrupt = new AbortController();
    at("12:00");
    const ran = await run(cluster, { window, signal: interrupt.signal, onNotice: () => interrupt.abort() });
    expect(ran.error).toMatchObject({ exitCode: 130 });
  });
});
