import type { Address } from "../../src/model/address.ts";
import { type ConnectSettings, connect } from "../../src/node/connect.ts";
import { type BinaryReply, type Command, type Node, ServerError } from "../../src/node/node.ts";

/** A server that keys are written to or read from as they are, whatever slots it owns. */
export interface KeyHolder {
  readonly address: Address;
  readonly connectSettings: ConnectSettings;
}

const HOUR_MS = 3_600_000;

/** Fills a server outside cluster mode with keys of every type, with names that are no text and with times to live. */
export async function fillServer(holder: KeyHolder, count: number, database = 0): Promise<void> {
  await through(holder, database, async (node) => {
    for (let first = 0; first < count; first += 1000) {
      const numbers = Array.from({ length: Math.min(1000, count - first) }, (_, i) => first + i);
      const replies = await node.sendAllBinary(numbers.flatMap(commandsFor));
      const refusal = replies.find((reply) => reply instanceof ServerError);
      if (refusal instanceof ServerError) throw refusal;
    }
  });
}

function commandsFor(i: number): readonly Command[] {
  const key = bulkKey(i);
  const expiry: readonly Command[] = i % 3 === 0 ? [["PEXPIREAT", key, Date.now() + HOUR_MS + i]] : [];
  return [valueFor(key, i), ...expiry];
}

/** Plain, with blanks, with a NUL and a newline, with bytes that are no UTF-8, tagged, and with nothing between braces. */
export function bulkKey(i: number): Buffer {
  switch (i % 6) {
    case 0:
      return Buffer.from(`key:${i}`);
    case 1:
      return Buffer.from(`with blanks ${i} and "quotes" and %s %d`);
    case 2:
      return Buffer.concat([Buffer.from("nul\0and\r\nmore"), Buffer.from(String(i))]);
    case 3:
      return Buffer.concat([Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from(String(i))]);
    case 4:
      return Buffer.from(`{tag ${i % 500}}:${i}`);
    default:
      return Buffer.from(`{}{x}${i}`);
  }
}

function valueFor(key: Buffer, i: number): Command {
  const value = `value ${i}`;
  switch (i % 7) {
    case 0:
      return ["HSET", key, "a", value, "b", i];
    case 1:
      return ["RPUSH", key, value, "x", "y"];
    case 2:
      return ["SADD", key, value, "x", "y"];
    case 3:
      return ["ZADD", key, i, value, i + 0.5, "y"];
    case 4:
      return ["XADD", key, "1-1", "field", value];
    case 5:
      return ["SET", key, Buffer.from([0, 255, i % 256, 13, 10])];
    default:
      return ["SET", key, value.repeat(i % 40)];
  }
}

/** Everything that these servers hold: name to value and expiry, all as text that is equal when they are. */
export async function contentsOf(holders: readonly KeyHolder[], database = 0): Promise<ReadonlyMap<string, string>> {
  const contents = new Map<string, string>();
  for (const holder of holders) {
    await through(holder, database, async (node) => {
      for (let cursor = "0", first = true; first || cursor !== "0"; first = false) {
        const [reply] = await node.sendAllBinary([["SCAN", cursor, "COUNT", 1000]]);
        const [next, names] = reply as readonly [Buffer, readonly Buffer[]];
        cursor = String(next);
        for (const [i, text] of (await describe(node, names)).entries()) contents.set(names[i]!.toString("hex"), text);
      }
    });
  }
  return contents;
}

/** A set has no order, and its DUMP may differ though it holds the same. */
async function describe(node: Node, names: readonly Buffer[]): Promise<readonly string[]> {
  const facts = (name: Buffer): Command[] => [
    ["TYPE", name],
    ["DUMP", name],
    ["PEXPIRETIME", name],
  ];
  const replies = await node.sendAllBinary(names.flatMap(facts));
  const sets = names.filter((_, i) => String(replies[3 * i]) === "set");
  const members = await node.sendAllBinary(sets.map((name) => ["SMEMBERS", name]));
  return names.map((name, i) => {
    const at = sets.indexOf(name);
    const value = at < 0 ? textOf(replies[3 * i + 1]) : [members[at]].flat().map(textOf).sort().join();
    return `${value} ${textOf(replies[3 * i + 2])}`;
  });
}

function textOf(reply: BinaryReply | ServerError | undefined): string {
  return Buffer.isBuffer(reply) ? reply.toString("hex") : String(reply);
}

/**
 * The names for which the two differ, readable; empty when both hold the same. A slot that is moved key by key keeps
 * expiries to some milliseconds only: `tolerance`.
 */
export function differingKeys(
  left: ReadonlyMap<string, string>,
  right: ReadonlyMap<string, string>,
  tolerance = 0,
): readonly string[] {
  const isSame = (name: string) => {
    const [[value, expiry], [otherValue, otherExpiry]] = [left, right].map((side) => side.get(name)?.split(" ") ?? []) as [string[], string[]]; // biome-ignore format: one line
    return value === otherValue && Math.abs(Number(expiry) - Number(otherExpiry)) <= tolerance;
  };
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].filter((name) => !isSame(name)).map((name) => Buffer.from(name, "hex").toString("latin1"));
}

async function through(
  { address, connectSettings }: KeyHolder,
  database: number,
  use: (node: Node) => Promise<void>,
): Promise<void> {
  const node = await connect(address, connectSettings);
  try {
    if (database !== 0) await node.send("SELECT", database);
    await use(node);
  } finally {
    node.close();
  }
}
