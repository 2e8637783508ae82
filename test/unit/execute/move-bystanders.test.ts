import { expect, test } from "vitest";
import { FakeCluster } from "../../helpers/fake-cluster.ts";
import { type Ran, runMoves } from "../../helpers/run-moves.ts";

/** a gives slots 0-3, two of them with keys, to b; c has no part in it. */
function newCluster(): FakeCluster {
  const cluster = new FakeCluster({ a: "0-9", b: "10-19", c: "20-29" }, { gossipEvery: 5 });
  for (const slot of [1, 3]) for (const key of ["x", "y"]) cluster.put("a", slot, `${key}${slot}`, "value");
  return cluster;
}

const MOVE = { from: "a", to: "b", slots: "0-3" };

function run(cluster: FakeCluster): Promise<Ran> {
  const expected = { a: "4-9", b: "0-3,10-19", c: "20-29" };
  return runMoves(cluster, [MOVE], expected);
}

function noticesOf({ events }: Ran): readonly string[] {
  return events.flatMap((event) => (event.type === "notice" ? [event.text] : []));
}

function expectMoved(cluster: FakeCluster): void {
  cluster.gossip();
  expect(cluster.openSlots()).toEqual([]);
  expect(cluster.contents()).toEqual(["x1", "y1", "x3", "y3"].map((key) => `slot ${key[1]} ${key}=value at b`).sort());
}

test.each([
  ["whose ACL refuses SETSLOT", "NOPERM User op has no permissions to run the 'cluster|setslot' command"],
  ["that is loading", "LOADING Redis is loading the dataset in memory"],
])("17.5.78 a third primary %s is named once and stops nothing", async (_, text) => {
  const cluster = newCluster();
  cluster.server("c").refuse(/^CLUSTER SETSLOT/, text);
  const ran = await run(cluster);
  expect(ran.error).toBeUndefined();
  expect(noticesOf(ran)).toEqual([
    expect.stringMatching(/^127\.0\.0\.1:7003 refuses CLUSTER SETSLOT \d+: (NOPERM|LOAD)/),
  ]);
  expectMoved(cluster);
});

test.each([
  ["is loading", "LOADING Redis is loading the dataset in memory"],
  ["may not be asked", "NOPERM User op has no permissions to run the 'cluster|nodes' command"],
])(
  "17.5.78 where a third primary is asked whether it has heard, one that %s is named once and stops nothing",
  async (_, text) => {
    const cluster = newCluster();
    for (const server of cluster.servers.values()) server.version = "7.0.15";
    cluster.server("c").refuse(/^CLUSTER NODES/, text, 1);
    const ran = await run(cluster);
    expect(ran.error).toBeUndefined();
    expect(noticesOf(ran)).toEqual([expect.stringMatching(/^127\.0\.0\.1:7003 cannot be asked: (LOADING|NOPERM)/)]);
    expectMoved(cluster);
  },
);

test("17.5.78 a third primary that others hold for dead is not even asked", async () => {
  const cluster = newCluster();
  cluster.server("c").isFailing = true;
  cluster.server("c").refuse(/^CLUSTER SETSLOT/, "ERR nobody should have asked");
  const ran = await run(cluster);
  expect(ran.error).toBeUndefined();
  expect(noticesOf(ran)).toEqual([]);
  expect(cluster.log.filter((line) => /^c CLUSTER SETSLOT/.test(line))).toEqual([]);
});

test.each(["masters", "primaries"])(
  "17.5.78 a source that became a replica with its last slot is done (%s)",
  async (word) => {
    const cluster = newCluster();
    cluster.server("a").refuse(/SETSLOT \d+ NODE/, `ERR Please use SETSLOT only with ${word}.`);
    const ran = await run(cluster);
    expect(ran.error).toBeUndefined();
    expect(noticesOf(ran)).toEqual([]);
  },
);

test.each(["NOREPLICAS Not enough good replicas to write.", "UNBLOCKED force unblock", "LOADING wait", "BUSY script"])(
  "17.5.78 %s passes: it is asked again",
  async (text) => {
    for (const state of ["IMPORTING", "MIGRATING", "NODE"]) {
      const cluster = newCluster();
      cluster.server(state === "MIGRATING" ? "a" : "b").refuse(new RegExp(`SETSLOT \\d+ ${state}`), text, 3);
      const ran = await run(cluster);
      expect(ran.error, state).toBeUndefined();
      expectMoved(cluster);
    }
  },
);

test("a target whose replicas never confirm stops the move, with every key where it was", async () => {
  const cluster = newCluster();
  cluster.server("b").refuse(/SETSLOT \d+ IMPORTING/, "NOREPLICAS Not enough good replicas to write.");
  const before = cluster.contents();
  const ran = await runMoves(cluster, [MOVE], {}, { timeout: 50 });
  expect(ran.error).toMatchObject({ code: "SETSLOT_REFUSED", hint: expect.stringMatching(/are its replicas up/) });
  expect(cluster.contents()).toEqual(before);
});

test("a source whose replicas never confirm that it let go learns of it from the target", async () => {
  const cluster = newCluster();
  cluster.server("a").refuse(/SETSLOT \d+ NODE/, "NOREPLICAS Not enough good replicas to write.");
  const ran = await runMoves(cluster, [MOVE], {}, { timeout: 50 });
  expect(ran.error).toBeUndefined();
  expect(noticesOf(ran)).toContainEqual(expect.stringContaining("it learns of it from the new owner"));
  cluster.gossip();
  for (const slot of [0, 1, 2, 3]) expect(new Set(cluster.ownersOf(slot))).toEqual(new Set([cluster.ref("b").id]));
});

test("who sees a primary of the plan as somebody's replica stops and points to resume", async () => {
  const cluster = newCluster();
  cluster.server("b").primaryId = cluster.ref("c").id;
  const ran = await run(cluster);
  expect(ran.error).toMatchObject({
    code: "FAILED_OVER",
    exitCode: 5,
    hint: expect.stringContaining("slotctl resume"),
  });
  expect(cluster.openSlots()).toEqual([]);
});

test("slots that are open with the primary before are taken on by the plan that follows", async () => {
  const cluster = newCluster();
  // As the end that did not fail over leaves it: a imports from c what is now b's to give.
  cluster.server("b").importing.set(1, cluster.ref("c").id);
  expect((await run(cluster)).error).toMatchObject({ code: "PLAN_STALE" });
  const formerly = [cluster.ref("c").id];
  const ran = await runMoves(cluster, [MOVE], { b: "0-3,10-19" }, { formerly: { a: formerly } });
  expect(ran.error).toBeUndefined();
  expectMoved(cluster);
});

test("an interrupted run leaves a slot with very many keys open, and the next goes on inside of it", async () => {
  const cluster = new FakeCluster({ a: "0-9", b: "10-19" });
  const count = 30_000;
  for (let i = 0; i < count; i++) cluster.put("a", 5, `key ${i}`, "value");
  const stop = new AbortController();
  const ran = await runMoves(
    cluster,
    [{ ...MOVE, slots: "5" }],
    {},
    { signal: stop.signal, onKeys: () => stop.abort() },
  );
  expect(ran.error).toMatchObject({ code: "INTERRUPTED", exitCode: 6 });
  expect(noticesOf(ran)).toContainEqual("Left open with keys still to go: slot 5");
  const [left, arrived] = ["a", "b"].map((name) => cluster.server(name).keys.get(5)?.size ?? 0);
  expect(left).toBeGreaterThan(10_000);
  expect(left! + arrived!).toBe(count);
  expect((await runMoves(cluster, [{ ...MOVE, slots: "5" }], {})).error).toBeUndefined();
  expect(cluster.server("b").keys.get(5)?.size).toBe(count);
  expect(cluster.openSlots()).toEqual([]);
});

test("after a timeout a key of more than 1 MB goes alone, with time by its size; the others go together", async () => {
  const cluster = newCluster();
  const server = cluster.server("a");
  server.sizes.set("x1", 200 * 1024 * 1024);
  server.refuse(/^MIGRATE .* x1/, "IOERR error or timeout reading from target instance", 1);
  expect((await run(cluster)).error).toBeUndefined();
  expectMoved(cluster);
  const migrates = server.log.filter((text) => /^MIGRATE .*1$/.test(text)).map((text) => text.split("  0 ")[1]);
  expect(migrates).toEqual(["2000 KEYS x1 y1", "4000 KEYS y1", "204800 KEYS x1"]);
});
