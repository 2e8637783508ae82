import { expect, test } from "vitest";
import type { SlotctlError } from "../../../src/errors.ts";
import { FakeCluster } from "../../helpers/fake-cluster.ts";
import { runMoves } from "../../helpers/run-moves.ts";

/** a's config epoch has risen, and b, whose own is higher than the one it knows, has not heard of it. */
function clusterWithOldNews(): FakeCluster {
  const cluster = new FakeCluster({ a: [0, 9], b: [10, 19] }, { gossipEvery: Number.POSITIVE_INFINITY });
  cluster.put("a", 3, "key", "value");
  const [a, b] = [cluster.server("a"), cluster.server("b")];
  b.oldEpochs.set(a.id, a.epoch);
  a.epoch = 9;
  return cluster;
}

const MOVE = [{ from: "a", to: "b", slots: "3" }];
const EXPECTED = { a: "0-2,4-9", b: "3,10-19" };

test("a target that has not heard of its source's config epoch takes nothing over before it has", async () => {
  const cluster = clusterWithOldNews();
  let [looks, told] = [0, 0];
  cluster.onWrite = (commands) => {
    const text = commands.map((command) => command.join(" ")).join("\n");
    // News comes late, and at the worst moment: when the target has taken the slot over and its source was not told yet.
    const isLate = text === "CLUSTER NODES" && ++looks === 8;
    if (isLate || (/SETSLOT 3 NODE/.test(text) && ++told === 2)) cluster.gossip();
  };
  const { error, events } = await runMoves(cluster, MOVE, EXPECTED);
  expect(cluster.contents()).toEqual(["slot 3 key=value at b"]);
  expect(error).toBeUndefined();
  expect(looks).toBe(8);
  expect(cluster.server("b").epoch).toBeGreaterThan(cluster.server("a").epoch);
  expect(events).toContainEqual({ type: "waiting", on: "agreement", done: 0, total: 1 });
});

test("one that never hears of it is left alone, with everything where it was", async () => {
  const cluster = clusterWithOldNews();
  const { error } = await runMoves(cluster, MOVE, EXPECTED, { timeout: 60 });
  expect((error as SlotctlError).code).toBe("EPOCH_UNHEARD");
  expect(cluster.contents()).toEqual(["slot 3 key=value at a"]);
  expect(cluster.openSlots()).toEqual([]);
});
