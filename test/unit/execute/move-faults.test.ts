import { describe, expect, test } from "vitest";
import { SlotctlError } from "../../../src/errors.ts";
import { FAULT_KINDS, FakeCluster, type FaultKind } from "../../helpers/fake-cluster.ts";
import { type Ran, runMoves } from "../../helpers/run-moves.ts";

/** Three primaries; a gives c the slots 0-3 of which two hold keys, and b gives it 10. */
const LAYOUT = { a: "0-9", b: "10-19", c: "20-29" } as const;

/** Redis 7.0 keeps marks on slots, for which one slot ends a move there. */
const SERVERS = { redis: ["redis", "8.0.0"], "redis 7.0": ["redis", "7.0.15"], valkey: ["valkey", "8.1.0"] } as const;

function newCluster(gossipEvery: number, servers: keyof typeof SERVERS = "redis"): FakeCluster {
  const cluster = new FakeCluster(LAYOUT, { gossipEvery });
  for (const server of cluster.servers.values()) [server.engine, server.version] = SERVERS[servers];
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
  type Case = readonly [FaultKind, string, number, keyof typeof SERVERS, boolean];
  const cases = FAULT_KINDS.flatMap(
    (kind) =>
      [1, 7].flatMap((gossipEvery) =>
        [true, false].flatMap((final) =>
          (["redis", "redis 7.0", "valkey"] as const).map((servers): Case => {
            return [kind, final ? "the client dies" : "one connection breaks", gossipEvery, servers, final];
          }),
        ),
      ),
    // The end of a move waits there each time, and whether others hear soon is not what is at stake.
  ).filter(([, , gossipEvery, servers]) => servers !== "redis 7.0" || gossipEvery === 1);

  test.each(cases)(
    "%s, %s, gossip after %i commands, servers as of %s: the second run leads home",
    async (kind, _, gossipEvery, servers, final) => {
      const whole = newCluster(gossipEvery, servers);
      whole.fail(undefined);
      expect((await run(whole)).error).toBeUndefined();
      expectHome(whole);
      const commands = whole.calls;
      expect(commands).toBeGreaterThan(60);
      const failAt = async (at: number) => {
        const cluster = newCluster(gossipEvery, servers);
        cluster.fail({ at, kind, final });
        const first = await run(cluster, final ? 1 : undefined);
        cluster.fail(undefined);
        if (first.error !== undefined) expect(first.error, `command ${at}`).toBeInstanceOf(SlotctlError);
        const second = await run(cluster);
        const story = `command ${at}: ${String(first.error)}; then ${String(second.error)}`;
        expect(second.error, story).toBeUndefined();
        expectHome(cluster);
      };
      // Most of the time they wait.
      for (let at = 1; at <= commands; at += 8) {
        const moments = Array.from({ length: Math.min(8, commands - at + 1) }, (_, i) => at + i);
        await Promise.all(moments.map(failAt));
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
