import { describe, expect, test } from "vitest";
import { FAULT_KINDS, FakeCluster, type FaultKind } from "../../helpers/fake-cluster.ts";
import type { FakeServer } from "../../helpers/fake-server.ts";
import { type Ran, runMoves } from "../../helpers/run-moves.ts";

/** Three primaries; a gives c the slots 0-3 of which two hold keys, and b gives it 10. */
const LAYOUT = { a: "0-9", b: "10-19", c: "20-29" } as const;

function newCluster(gossipEvery: number, engine: FakeServer["engine"] = "redis"): FakeCluster {
  const cluster = new FakeCluster(LAYOUT, { gossipEvery });
  for (const server of cluster.servers.values()) server.engine = engine;
  for (let i = 0; i < 5; i++) {
    cluster.put("a", 1, `one-${i}`, `value ${i}`);
    cluster.put("a", 3, `three-${i}`, `value ${i}`);
  }
  cluster.put("a", 7, "stays", "here");
  cluster.put("b", 10, "ten", "value");
  cluster.put("c", 20, "was there", "before");
  return cluster;
}

const MOVES = [
  { from: "a", to: "c", slots: "0-3" },
  { from: "b", to: "c", slots: "10" },
];

/** Few keys to a MIGRATE, so that there are many moments at which it can fail. */
function run(cluster: FakeCluster, timeout = 2000): Promise<Ran> {
  const expected = { a: "4-9", b: "11-19", c: "0-3,10,20-29" };
  return runMoves(cluster, MOVES, expected, { timeout, pipeline: 2 });
}

/** Everything is where the plan means it to be, and there once. */
function expectHome(cluster: FakeCluster): void {
  cluster.gossip();
  expect(cluster.openSlots()).toEqual([]);
  const owner = (slot: number) => ([0, 1, 2, 3, 10].includes(slot) || slot >= 20 ? "c" : slot < 10 ? "a" : "b");
  for (let slot = 0; slot < 30; slot++) {
    expect(new Set(cluster.ownersOf(slot)), `slot ${slot}`).toEqual(new Set([cluster.ref(owner(slot)).id]));
  }
  const there = newCluster(1).contents();
  const expected = there.map((line) => line.replace(/^(slot (?:[0-3]|10) .*) at [ab]$/, "$1 at c"));
  expect(cluster.contents()).toEqual(expected.sort());
}

describe("a run of moves that fails at its n-th command", () => {
  const cases = FAULT_KINDS.flatMap((kind) =>
    [1, 7].flatMap((gossipEvery) =>
      [true, false].flatMap((final) =>
        (["redis", "valkey"] as const).map((engine): [FaultKind, string, number, FakeServer["engine"], boolean] => {
          return [kind, final ? "the client dies" : "one connection breaks", gossipEvery, engine, final];
        }),
      ),
    ),
  );

  test.each(cases)(
    "%s, %s, gossip after %i commands, servers as of %s: the second run leads home",
    async (kind, _, gossipEvery, engine, final) => {
      const whole = newCluster(gossipEvery, engine);
      whole.fail(undefined);
      expect((await run(whole)).error).toBeUndefined();
      expectHome(whole);
      const commands = whole.calls;
      expect(commands).toBeGreaterThan(60);
      for (let at = 1; at <= commands; at++) {
        const cluster = newCluster(gossipEvery, engine);
        cluster.fail({ at, kind, final });
        const first = await run(cluster, final ? 1 : undefined);
        cluster.fail(undefined);
        const second = await run(cluster);
        const story = `command ${at}: ${String(first.error)}; then ${String(second.error)}`;
        expect(second.error, story).toBeUndefined();
        expectHome(cluster);
      }
    },
  );
});

/** Each of two moves asks both ends who they are, and what they see: who cannot be reached even then is not waited for. */
const FIRST_LOOKS = 8;

test("a source that is emptied by two moves follows one of the targets, and the other move does not take that for a failover", async () => {
  const newOne = () => {
    const cluster = new FakeCluster({ a: "0-3", b: "10-19", c: "20-29" }, { gossipEvery: 7 });
    for (let slot = 0; slot < 4; slot++) cluster.put("a", slot, `key ${slot}`, "value");
    cluster.server("a").followsWhenEmptied = true;
    return cluster;
  };
  const moves = [
    { from: "a", to: "b", slots: "0-1" },
    { from: "a", to: "c", slots: "2-3" },
  ];
  const whole = newOne();
  whole.fail(undefined);
  const drained = { b: "0-1,10-19", c: "2-3,20-29" };
  expect((await runMoves(whole, moves, drained)).error).toBeUndefined();
  expect(whole.server("a").primaryId).toBeDefined();
  // Valkey closes the connections whose SETSLOT it holds back when it becomes a replica.
  for (let at = FIRST_LOOKS + 1; at <= whole.calls; at++) {
    const cluster = newOne();
    cluster.fail({ at, kind: "all-unanswered", final: false });
    const { error } = await runMoves(cluster, moves, drained);
    expect(error, `command ${at}`).toBeUndefined();
    expect(cluster.contents()).toEqual(whole.contents());
  }
});
