import { expect, test } from "vitest";
import { countKeys, countKeysIn } from "../../../src/node/count-keys.ts";
import { FakeCluster } from "../../helpers/fake-cluster.ts";

const cluster = new FakeCluster({ a: [0, 16_383] });
for (const [slot, key] of [
  [3, "x"],
  [3, "y"],
  [16_383, "z"],
] as const) {
  cluster.put("a", slot, key, "value");
}
const ALL = Array.from({ length: 16_384 }, (_, slot) => slot);

test("of all slots, those that hold keys are told", async () => {
  const server = await cluster.network().open(cluster.ref("a").address, 1000);
  const expected = new Map([
    [3, 2],
    [16_383, 1],
  ]);
  expect(await countKeys(server, ALL, [0])).toEqual(expected);
  expect(await countKeysIn(server, ALL, 0)).toBe(3);
});

test("of no slots, nothing is asked", async () => {
  const server = await cluster.network().open(cluster.ref("a").address, 1000);
  const asked = cluster.log.length;
  expect(await countKeys(server, [], [0])).toEqual(new Map());
  expect(await countKeysIn(server, [], 0)).toBe(0);
  expect(cluster.log).toHaveLength(asked);
});

test("who may not count is told so", async () => {
  cluster.server("a").refuse(/COUNTKEYSINSLOT/, "NOPERM not for you");
  const server = await cluster.network().open(cluster.ref("a").address, 1000);
  await expect(countKeysIn(server, [1, 2], 0)).rejects.toThrow("NOPERM not for you");
});
