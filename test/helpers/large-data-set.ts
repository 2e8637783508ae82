import { createHash } from "node:crypto";
import { keySlot } from "../../src/model/key-slot.ts";
import type { BinaryReply, Command, Node } from "../../src/node/node.ts";
import { ServerError } from "../../src/node/node.ts";
import { connectPipelined } from "../../src/node/pipelined-node.ts";
import type { Member } from "./start-cluster.ts";

/** Primaries with the slots that they own, as the layout of a test cluster says it. */
export type Owners = readonly { readonly node: Member; readonly slots: readonly [number, number] }[];

const COMMANDS_A_WRITE = 2000;
const HOURS = 3_600_000;
/** Its slot is among the last, which a move takes first. */
export const BIG_KEY = "large: a big hash 12";

/**
 * Loads so many keys of every type, names that are no text among them, a third with a time to live, and a hash of some
 * 20 MB: far more than a cluster client could in a test.
 */
export async function loadLargeDataSet(owners: Owners, count: number): Promise<void> {
  const expiresAt = Date.now() + HOURS;
  await Promise.all(
    owners.map(async ({ node, slots: [first, last] }) => {
      using server = disposable(await connectPipelined(node.address, node.connectSettings));
      let commands: Command[] = [];
      const send = async () => {
        for (const outcome of await server.node.sendAll(commands)) if (outcome instanceof ServerError) throw outcome;
        commands = [];
      };
      for (let i = 0; i < count; i++) {
        const key = keyOf(i);
        const slot = keySlot(key);
        if (slot < first || slot > last) continue;
        commands.push(...storing(key, i));
        if (i % 3 === 0) commands.push(["PEXPIREAT", key, expiresAt + i]);
        if (commands.length >= COMMANDS_A_WRITE) await send();
      }
      const big = keySlot(Buffer.from(BIG_KEY));
      if (big >= first && big <= last) commands.push(["HSET", BIG_KEY, ...bigFields()]);
      await send();
    }),
  );
}

function keyOf(i: number): Buffer {
  if (i % 4 === 0) return Buffer.concat([Buffer.from([0, 0xff, 10, 13]), Buffer.from(`large ${i}`)]);
  return Buffer.from(i % 7 === 0 ? `{large tag ${i % 600}}:${i}` : `large:${i}`);
}

function storing(key: Buffer, i: number): readonly Command[] {
  const value = `value ${i}`;
  switch (i % 8) {
    case 0:
      return [["HSET", key, "a", value, "b", i]];
    case 1:
      return [["RPUSH", key, value, "x", "y"]];
    case 2:
      return [["SADD", key, value, "x", "y"]];
    case 3:
      return [["ZADD", key, i, value, i + 0.5, "y"]];
    case 4:
      return [
        ["XADD", key, "1-1", "field", value],
        ["XGROUP", "CREATE", key, "group", "0"],
      ];
    case 5:
      return [["PFADD", key, value, "x", "y"]];
    default:
      return [["SET", key, value]];
  }
}

function bigFields(): readonly string[] {
  return Array.from({ length: 20_000 }, (_, i) => [`field ${i}`, String(i).padEnd(1000, "v")]).flat();
}

/** Every key of these nodes that the loader makes: a digest of what it holds, and when it expires. */
export async function digestsOf(nodes: readonly Member[]): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.all(nodes.map(digestsAt));
  const all = new Map<string, string>();
  for (const [key, digest] of found.flatMap((part) => [...part])) {
    // In two places at once: that is no move, but a copy.
    all.set(key, all.has(key) ? `${all.get(key)} and ${digest}` : digest);
  }
  return all;
}

async function digestsAt({ address, connectSettings }: Member): Promise<ReadonlyMap<string, string>> {
  using server = disposable(await connectPipelined(address, connectSettings));
  const digests = new Map<string, string>();
  let cursor = "0";
  do {
    const reply = (await server.node.sendAllBinary([["SCAN", cursor, "MATCH", "*large*", "COUNT", 5000]]))[0];
    const [next, keys] = reply as readonly [Buffer, readonly Buffer[]];
    cursor = String(next);
    const answers = await server.node.sendAllBinary(
      keys.flatMap((key): Command[] => [contentOf(key), ["PEXPIRETIME", key]]),
    );
    for (const [i, key] of keys.entries()) digests.set(key.toString("latin1"), digestOf(answers, 2 * i));
  } while (cursor !== "0");
  return digests;
}

/** A set and a large hash have no order, so that their DUMP may differ after a move though they hold the same. */
function contentOf(key: Buffer): Command {
  if (key.equals(Buffer.from(BIG_KEY))) return ["HGETALL", key];
  const index = Number(/\d+$/.exec(key.toString("latin1"))?.[0]);
  return index % 8 === 2 ? ["SMEMBERS", key] : ["DUMP", key];
}

function digestOf(answers: readonly (BinaryReply | ServerError)[], at: number): string {
  const [content, expiry] = [answers[at], answers[at + 1]];
  const hash = createHash("sha1");
  if (Buffer.isBuffer(content)) hash.update(content);
  else if (Array.isArray(content)) for (const part of partsOf(content)) hash.update(part);
  else throw new Error(`No content but ${String(content)}`);
  // Key-wise moves hand on what is left of a time to live, in milliseconds, and so shift it a little.
  return `${hash.digest("hex")} ${Math.round(Number(expiry) / 60_000)}`;
}

/** In an order of their own; no value of the data set is also the name of a field. */
function partsOf(reply: readonly BinaryReply[]): readonly string[] {
  return reply.map(String).sort();
}

function disposable(node: Node): Disposable & { readonly node: Node } {
  return { node, [Symbol.dispose]: () => node.close() };
}
