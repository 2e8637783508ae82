import { describe, expect, test } from "vitest";
import type { RunEvent } from "../../../src/execute/events.ts";
import {
  currentWork,
  type Lane,
  lanesOf,
  type ProgressState,
  remarkOf,
  type Work,
} from "../../../src/view/progress-state.ts";
import { moved, moveOf, stateAfter, stepDone, stepStarted, worked } from "../../helpers/progress-events.ts";

const first = moveOf("10.0.0.1:7000", "10.0.0.3:7000", "0-99,200-299");
const second = moveOf("10.0.0.2:7000", "10.0.0.3:7000", "5461-5470");
const bothStarted = [[0, stepStarted(0, first)] as const, [0, stepStarted(1, second)] as const];
const replicate: RunEvent = {
  type: "step-started",
  index: 2,
  step: { kind: "replicate", node: first.from, primary: first.to },
};

function lane({ works }: ProgressState, key: string, what = "Moving slots"): Lane {
  return works.get(what)!.lanes.get(key)!;
}

function statuses(work: Work | undefined): readonly string[] {
  return [...(work?.lanes.values() ?? [])].map(({ status }) => status);
}

describe("what goes on", () => {
  test.each<[string, readonly RunEvent[], string | undefined]>([
    ["nothing yet", [{ type: "run-started", steps: 3 }], undefined],
    ["a step that is no move", [replicate], "Attaching replicas…"],
    ["a move that has its turn to come", [stepStarted(0, first)], "Moving slots…"],
    ["a wait after a step", [replicate, waiting("agreement", 2, 6)], "Waiting until all nodes agree: 2 of 6 nodes"],
    [
      "a wait for replicas",
      [waiting("replica-links", 0, 1)],
      "Waiting for the replicas to copy their primaries: 0 of 1 replica",
    ],
    ["a work of another kind", [worked("a", 1)], "Importing keys…"],
    ["a notice changes nothing", [replicate, { type: "notice", text: "by the way" }], "Attaching replicas…"],
    ["the end changes nothing", [replicate, { type: "run-done", changed: true }], "Attaching replicas…"],
    ["a new run begins at nothing", [replicate, { type: "run-started", steps: 1 }], undefined],
  ])("%s", (_, events, text) => {
    expect(stateAfter(...events.map((event) => [0, event] as const)).phase?.text).toBe(text);
  });

  test("a move that came to nothing is said where others go on, and its lane is over", () => {
    const failed: RunEvent = { type: "step-failed", index: 0, step: first, message: "10.0.0.1:7000 is gone" };
    const beside = stateAfter(...bothStarted, [1, moved(0, 3, 200)], [1, moved(1, 2, 10)], [2, failed]);
    expect(lane(beside, "0")).toMatchObject({ status: "ended", done: 3 });
    expect(remarkOf(failed, beside)).toBe("10.0.0.1:7000 is gone; the others go on");
    const alone = stateAfter([0, stepStarted(0, first)], [1, moved(0, 3, 200)], [2, failed]);
    expect(remarkOf(failed, alone)).toBeUndefined();
  });

  test("a wait has one name however far it is", () => {
    const names = [0, 3].map((done) => stateAfter([0, waiting("join", done, 6)]).phase?.name);
    expect(names[0]).toBe(names[1]);
  });
});

function waiting(on: "agreement" | "join" | "replica-links", done: number, total: number): RunEvent {
  return { type: "waiting", on, done, total };
}

describe("moves are lanes", () => {
  test("each waits for its turn, runs and ends", () => {
    expect(statuses(stateAfter(...bothStarted).works.get("Moving slots"))).toEqual(["waiting", "waiting"]);
    const running = stateAfter(...bothStarted, [1, moved(1, 0, 10)]);
    expect(statuses(currentWork(running))).toEqual(["waiting", "running"]);
    const done = stateAfter(...bothStarted, [1, moved(1, 0, 10)], [2, stepDone(1, second)]);
    expect(currentWork(done)).toBeUndefined();
    expect(lane(done, "1")).toMatchObject({ status: "ended", done: 10, total: 10 });
  });

  test("a lane has its way as a name and knows its slots before it begins", () => {
    expect(lane(stateAfter(...bothStarted), "0")).toMatchObject({
      name: "10.0.0.1:7000 -> 10.0.0.3:7000",
      done: 0,
      total: 200,
    });
  });

  test("what had arrived before this run is done, and is no pace", () => {
    const state = stateAfter(...bothStarted, [0, moved(0, 150, 200)], [10, moved(0, 160, 200)]);
    const { done, samples, base } = lane(state, "0");
    expect(done).toBe(160);
    expect(samples.rates(10_000, { done: done - base, keys: 0 })).toEqual({ done: 1, keys: 0 });
  });

  test("a step that was true already ends without a pace", () => {
    const state = stateAfter(...bothStarted, [1, stepDone(1, second)]);
    expect(lane(state, "1")).toMatchObject({ done: 10, base: 10 });
  });

  test("keys, writes and blocks are those of the last event; the servers' own migration has a word", () => {
    const keys = { keysMoved: 500, keysTotal: 400, batch: 80, blockMs: 2.5 };
    expect(lane(stateAfter(...bothStarted, [1, moved(0, 3, 200, keys)]), "0")).toMatchObject({
      // More keys came in than were counted.
      keys: { done: 500, total: 500 },
      pace: { kind: "writes", batch: 80, milliseconds: 2.5 },
    });
    const atomic = lane(stateAfter(...bothStarted, [1, moved(0, 0, 200, { state: "snapshotting" })]), "0");
    expect(atomic).toMatchObject({ keys: undefined, pace: { kind: "text", text: "snapshotting" } });
  });

  test("news of a move that never started are nobody's", () => {
    expect(stateAfter([0, moved(7, 1, 2)])).toEqual(stateAfter());
  });
});

describe("other works", () => {
  test.each<[string, RunEvent, string]>([
    ["goes on", worked("a", 5, { total: 10 }), "running"],
    ["goes on without a total", worked("a", 5), "running"],
    ["is done when all is done", worked("a", 10, { total: 10 }), "ended"],
    ["is done when it says so", worked("a", 5, { total: 10, ended: true }), "ended"],
    ["is not done as long as it says so", worked("a", 10, { total: 10, ended: false }), "running"],
  ])("a lane %s", (_, event, status) => {
    const state = stateAfter([0, worked("a", 0)], [1, event]);
    expect(lane(state, "a", "Importing keys").status).toBe(status);
  });

  test("the one that began last is the current one while it has lanes that run", () => {
    const backup = { what: "Saving", unit: "bytes" as const };
    const both = [[0, worked("a", 0)] as const, [1, worked("a", 0, backup)] as const];
    expect(currentWork(stateAfter(...both))?.what).toBe("Saving");
    const ended = stateAfter(...both, [2, worked("a", 9, { ...backup, ended: true })]);
    expect(currentWork(ended)?.what).toBe("Importing keys");
    expect(lanesOf(ended.works.get("Saving")!.lanes, "ended")).toHaveLength(1);
  });
});

describe("pace", () => {
  const steady = (seconds: number, perSecond: number) =>
    Array.from({ length: seconds + 1 }, (_, i) => [i, worked("a", i * perSecond)] as const);

  function rateAt(now: number, ...events: readonly (readonly [number, RunEvent])[]): number | undefined {
    const { done, samples } = lane(stateAfter(...events), "a", "Importing keys");
    return samples.rates(now * 1000, { done, keys: 0 })?.done;
  }

  test("nobody can tell it at once", () => {
    expect(rateAt(0.4, [0, worked("a", 0)], [0.3, worked("a", 100)])).toBeUndefined();
    expect(rateAt(0.5, [0, worked("a", 0)], [0.3, worked("a", 100)])).toBe(200);
  });

  test("it is that of the last ten seconds", () => {
    expect(rateAt(60, ...steady(60, 100))).toBe(100);
    const slower = steady(30, 10).map(
      ([at, event]) => [60 + at, { ...event, done: 6000 + at * 10 } as RunEvent] as const,
    );
    expect(rateAt(90, ...steady(60, 100), ...slower)).toBe(10);
  });

  test("it falls while nothing is told", () => {
    const at10 = rateAt(10, ...steady(10, 100))!;
    expect(rateAt(20, ...steady(10, 100))).toBe(at10 / 2);
  });

  test("an event that comes late is compared with the one before it", () => {
    expect(rateAt(100, [0, worked("a", 0)], [100, worked("a", 500)])).toBe(5);
  });
});
