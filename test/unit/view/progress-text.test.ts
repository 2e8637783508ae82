import { describe, expect, test } from "vitest";
import type { RunEvent } from "../../../src/execute/events.ts";
import type { MoveSlots } from "../../../src/plan/plan.ts";
import { blockLines } from "../../../src/view/progress-text.ts";
import { moved, moveOf, stateAfter, stepDone, stepStarted, worked } from "../../helpers/progress-events.ts";

type Timed = readonly [number, RunEvent];

const ports = [7000, 7001, 7002];
const moves = ports.map((port, i) =>
  moveOf(`10.0.12.${i + 1}:${port}`, "10.0.12.9:7009", `${i * 1365}-${i * 1365 + 1364}`),
);

/** Three moves, ten seconds after they began. */
const running: readonly Timed[] = [
  ...moves.map((move, i): Timed => [0, stepStarted(i, move)]),
  ...moves.map((_, i): Timed => [0, moved(i, 0, 1365, { keysMoved: 0, keysTotal: 50_000, batch: 100, blockMs: 0 })]),
  [10, moved(0, 512, 1365, { keysMoved: 20_000, keysTotal: 50_000, batch: 220, blockMs: 2.34 })],
  [10, moved(1, 30, 1365, { keysMoved: 1000, keysTotal: 50_000, batch: 18, blockMs: 11.2 })],
  [10, moved(2, 1360, 1365, { keysMoved: 49_900, keysTotal: 50_000, batch: 1400, blockMs: 9.9 })],
];

function linesOf(events: readonly Timed[], columns: number, rows = 24, now = 10): readonly string[] {
  return blockLines(stateAfter(...events), { columns, rows }, now * 1000);
}

/** What a line calls the move. */
function nameOf(move: MoveSlots, columns: number): string | undefined {
  const [line = ""] = linesOf(
    [
      [0, stepStarted(0, move)],
      [0, moved(0, 50, 100)],
    ],
    columns,
    24,
    0,
  );
  return /^\S+ -> \S+/.exec(line)?.[0];
}

describe("a line a lane, and one for the whole", () => {
  test("in 80 columns", () => {
    expect(linesOf(running, 80)).toEqual([
      "10.0.12.1:7000 -> 10.0.12.9:7009 [===>     ]  512/1365 2.0k/s 0:15 220 in 2.3ms",
      "10.0.12.2:7001 -> 10.0.12.9:7009 [>        ]   30/1365  100/s 8:10 18 in 11.2ms",
      "10.0.12.3:7002 -> 10.0.12.9:7009 [========>] 1360/1365 5.0k/s 0:01 1400 in 9.9ms",
      "Moving slots: 1,902 of 4,095 slots, 70,900 keys, 7,090 keys/s, ETA 0:12",
    ]);
  });

  test("in 120 columns", () => {
    expect(linesOf(running, 120)).toEqual([
      "10.0.12.1:7000 -> 10.0.12.9:7009 [==========>                  ]   512/1,365 2,000 keys/s ETA 0:15 220 a write, 2.3 ms",
      "10.0.12.2:7001 -> 10.0.12.9:7009 [>                            ]    30/1,365   100 keys/s ETA 8:10 18 a write, 11.2 ms",
      "10.0.12.3:7002 -> 10.0.12.9:7009 [============================>] 1,360/1,365 4,990 keys/s ETA 0:01 1,400 a write, 9.9 ms",
      "Moving slots: 1,902 of 4,095 slots, 70,900 keys, 7,090 keys/s, ETA 0:12",
    ]);
  });

  test("in 40 columns", () => {
    expect(linesOf(running, 40)).toEqual([
      "…:7000 -> …:7009  512/1365 2.0k/s 0:15",
      "…:7001 -> …:7009   30/1365  100/s 8:10",
      "…:7002 -> …:7009 1360/1365 5.0k/s 0:01",
      "1,902 of 4,095 slots, ETA 0:12",
    ]);
  });

  test.each([1, 2, 5, 12, 20, 31, 40, 47, 56, 64, 72, 79, 80, 81, 99, 100, 133, 200, 400])(
    "no line is wider than %i columns",
    (columns) => {
      for (const line of linesOf(running, columns)) expect(line.length, line).toBeLessThanOrEqual(columns);
    },
  );

  test("a port that all have says nothing where there is no room", () => {
    expect(nameOf(moveOf("10.0.12.1:7000", "10.0.12.9:7000", "0-99"), 40)).toBe("….12.1 -> ….12.9");
    expect(nameOf(moveOf("10.0.12.1:7000", "10.0.12.9:7000", "0-99"), 80)).toBe("10.0.12.1:7000 -> 10.0.12.9:7000");
  });

  test("host names keep the end of their first label, addresses their end", () => {
    const long = moveOf("redis-cluster-0.redis.default.svc:6379", "[fd00:aaaa:bbbb:cccc::12]:6379", "0-99");
    expect(nameOf(long, 60)).toBe("…cluster-0 -> …cccc::12]");
  });
});

describe("a low terminal", () => {
  test("shows the busiest lanes in their own order and how many there are beside them", () => {
    expect(linesOf(running, 80, 4).map((line) => line.slice(0, 14))).toEqual([
      "10.0.12.3:7002",
      "and 2 more",
      "Moving slots: ",
    ]);
    expect(linesOf(running, 80, 5)).toHaveLength(4);
  });

  test("shows the total if nothing else fits", () => {
    for (const rows of [1, 2]) {
      expect(linesOf(running, 80, rows)).toEqual([expect.stringMatching(/^Moving slots: /)]);
    }
  });

  test("a hundred lanes fit", () => {
    const many = Array.from({ length: 100 }, (_, i) => moveOf(`10.0.0.${i}:7000`, "10.0.1.1:7000", `${i}`));
    const events = many.flatMap((move, i): readonly Timed[] => [
      [0, stepStarted(i, move)],
      [0, moved(i, 0, 1)],
    ]);
    const lines = linesOf(events, 80, 24);
    expect(lines).toHaveLength(23);
    expect(lines.slice(-2)).toEqual(["and 79 more", "Moving slots: 0 of 100 slots"]);
  });
});

describe("what is told of", () => {
  test("moves whose turn has not come are counted only", () => {
    const events: readonly Timed[] = [
      ...moves.map((move, i): Timed => [0, stepStarted(i, move)]),
      [0, moved(1, 7, 1365)],
    ];
    expect(linesOf(events, 80, 24, 0)).toEqual([
      expect.stringMatching(/^10\.0\.12\.2:7001 -> 10\.0\.12\.9:7009 \[>/),
      "2 waiting for their turn",
      "Moving slots: 7 of 4,095 slots",
    ]);
  });

  test("nothing, when no lane runs", () => {
    expect(linesOf([[0, stepStarted(0, moves[0]!)]], 80)).toEqual([]);
    const done: readonly Timed[] = [
      [0, stepStarted(0, moves[0]!)],
      [0, moved(0, 0, 1365)],
      [5, stepDone(0, moves[0]!)],
    ];
    expect(linesOf(done, 80)).toEqual([]);
  });

  test("the servers' own migration: its state, and no key", () => {
    const events: readonly Timed[] = [
      [0, stepStarted(0, moves[0]!)],
      [0, moved(0, 0, 1365, { state: "snapshotting" })],
    ];
    expect(linesOf(events, 80)).toEqual([
      "10.0.12.1:7000 -> 10.0.12.9:7009 [>                       ] 0/1,365 snapshotting",
      "Moving slots: 0 of 1,365 slots",
    ]);
  });

  test("bytes, with something about how it goes", () => {
    const work = { what: "Saving", unit: "bytes", total: 4e9, detail: "shard 2 of 3" } as const;
    expect(
      linesOf(
        [
          [0, worked("10.0.0.1:7000", 0, work)],
          [10, worked("10.0.0.1:7000", 1e9, work)],
        ],
        80,
      ),
    ).toEqual([
      "10.0.0.1:7000 [====>              ] 1.0 GB/4.0 GB 100 MB/s ETA 0:30 shard 2 of 3",
      "Saving: 1.0 GB of 4.0 GB, 100 MB/s, ETA 0:30",
    ]);
  });

  test("an amount that is not known beforehand has no end and no ETA", () => {
    expect(
      linesOf(
        [
          [0, worked("a", 0)],
          [10, worked("a", 12_345)],
        ],
        60,
      ),
    ).toEqual([
      "a [                                    ] 12,345 1,235 keys/s",
      "Importing keys: 12,345 keys, 1,235 keys/s",
    ]);
  });
});
