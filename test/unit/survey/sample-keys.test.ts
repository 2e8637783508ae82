import { expect, test } from "vitest";
import { type BinaryReply, type Command, type Node, ServerError } from "../../../src/node/node.ts";
import { estimateBytes, type SampledKey, sampleKeys, typesOf } from "../../../src/survey/sample-keys.ts";

interface Asked {
  readonly slots: readonly number[];
  readonly commands: number;
}

/** A server that holds so many keys in each slot of each database; every key takes its slot's number in bytes. */
function serverWith(counts: ReadonlyMap<number, number>): { readonly node: Node; readonly asked: () => Asked } {
  const slots: number[] = [];
  let commands = 0;
  let database = 0;
  const answer = ([name, sub, third, fourth]: Command): BinaryReply | ServerError => {
    commands++;
    if (name === "SELECT") {
      database = Number(sub);
      return Buffer.from("OK");
    }
    if (name === "TYPE") return Buffer.from(`type of ${sub} in ${database}`);
    if (name === "MEMORY") return String(third).startsWith("gone") ? null : Number(String(third).split(":")[1]);
    expect(`${name} ${sub}`).toBe("CLUSTER GETKEYSINSLOT");
    slots.push(Number(third));
    const held = counts.get(Number(third)) ?? 0;
    return Array.from({ length: Math.min(held, Number(fourth)) }, (_, i) => Buffer.from(`k:${third}:${database}:${i}`));
  };
  const node: Node = {
    address: { host: "h", port: 1 },
    remoteHost: undefined,
    send: () => Promise.reject(new Error("not expected")),
    sendAll: () => Promise.reject(new Error("not expected")),
    sendAllBinary: (asked) => Promise.resolve(asked.map(answer)),
    close: () => undefined,
  };
  return { node, asked: () => ({ slots, commands }) };
}

const ALL = { slots: 16_384, keys: 20_000 };

test("few keys are all looked at, in every database, and each counts for its own slot", async () => {
  const counts = new Map([
    [5, 3],
    [700, 1],
  ]);
  const { node } = serverWith(counts);
  const sampled = await sampleKeys(node, counts, [0, 9], ALL);
  expect(sampled.map(({ key }) => String(key))).toEqual([
    ...["k:5:0:0", "k:5:0:1", "k:5:0:2", "k:700:0:0"],
    ...["k:5:9:0", "k:5:9:1", "k:5:9:2", "k:700:9:0"],
  ]);
  expect(sampled.filter(({ slot }) => slot === 700).map(({ bytes, database }) => [bytes, database])).toEqual([
    [700, 0],
    [700, 9],
  ]);
});

test("of many keys no more are looked at than is allowed, in slots that lie evenly", async () => {
  const counts = new Map(Array.from({ length: 16_384 }, (_, slot) => [slot, 1000]));
  const some = serverWith(counts);
  expect(await sampleKeys(some.node, counts, [0], { slots: 500, keys: 2000 })).toHaveLength(2000);
  expect(some.asked().slots).toHaveLength(500);
  expect(some.asked().slots.slice(0, 3)).toEqual([0, 32, 65]);
  const every = serverWith(counts);
  expect(await sampleKeys(every.node, counts, [0], ALL)).toHaveLength(16_384);
  expect(every.asked().commands).toBe(2 * 16_384);
});

test("it stops when the time is up, and looks nowhere where there is nothing", async () => {
  const { node, asked } = serverWith(new Map([[1, 1]]));
  expect(await sampleKeys(node, new Map([[1, 1]]), [0], { ...ALL, until: 0 })).toEqual([]);
  expect(await sampleKeys(node, new Map(), [0], ALL)).toEqual([]);
  expect(asked().commands).toBe(0);
});

test("types are asked for in the database of each key, and keep the order of the keys", async () => {
  const { node } = serverWith(new Map());
  const key = (name: string, database: number): SampledKey => ({ key: Buffer.from(name), database, slot: 1, bytes: 1 });
  expect(await typesOf(node, [key("a", 0), key("b", 9), key("c", 0)])).toEqual([
    "type of a in 0",
    "type of b in 9",
    "type of c in 0",
  ]);
});

test("a refusal is no size", async () => {
  const { node } = serverWith(new Map([[1, 1]]));
  const refusing: Node = {
    ...node,
    sendAllBinary: (commands) => Promise.resolve(commands.map(() => new ServerError("NOPERM"))),
  };
  await expect(sampleKeys(refusing, new Map([[1, 1]]), [0], ALL)).rejects.toThrow("NOPERM");
});

test("slots are weighed by the average of their own keys, or of all where none was looked at", () => {
  const key = (slot: number, bytes: number): SampledKey => ({ slot, bytes, key: Buffer.from("k"), database: 0 });
  const counts = new Map([
    [1, 10],
    [2, 4],
    [3, 2],
  ]);
  expect([...estimateBytes(counts, [key(1, 100), key(1, 200), key(2, 60)])]).toEqual([
    [1, 1500],
    [2, 240],
    [3, 240],
  ]);
  expect([...estimateBytes(new Map([[1, 10]]), [])]).toEqual([[1, 0]]);
});
