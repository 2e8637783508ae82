import { sendInDatabase } from "../node/in-database.ts";
import type { Command, Node } from "../node/node.ts";

/** A key that was looked at. */
export interface SampledKey {
  readonly slot: number;
  readonly key: Buffer;
  readonly database: number;
  /** What MEMORY USAGE says. */
  readonly bytes: number;
}

/** How much may be looked at, so that a busy server hardly notices. */
export interface SampleLimits {
  /** Slots that are looked into; they lie evenly among those that hold keys. */
  readonly slots: number;
  /** Keys in all; but at least one of each slot that is looked into. */
  readonly keys: number;
  /** When to stop, as performance.now() counts. */
  readonly until?: number | undefined;
}

/** So many slots are asked about, or keys measured, in one write: a server answers in a millisecond or two. */
const SLOTS_A_WRITE = 64;
const KEYS_A_WRITE = 256;

/**
 * Measures the first keys of slots that hold any: always the same ones while nothing changes. `counts` is keys by slot.
 * @throws ServerError when the server does not let itself be asked
 */
export async function sampleKeys(
  server: Node,
  counts: ReadonlyMap<number, number>,
  databases: readonly number[],
  limits: SampleLimits,
): Promise<readonly SampledKey[]> {
  const slots = evenly(
    [...counts.keys()].sort((a, b) => a - b),
    limits.slots,
  );
  const perSlot = Math.max(1, Math.floor(limits.keys / Math.max(1, slots.length * databases.length)));
  const sampled: SampledKey[] = [];
  for (let first = 0; first < slots.length; first += SLOTS_A_WRITE) {
    for (const database of databases) {
      if (performance.now() > (limits.until ?? Number.POSITIVE_INFINITY)) return sampled;
      const keys = await fetchKeys(server, slots.slice(first, first + SLOTS_A_WRITE), { perSlot, database });
      sampled.push(...(await measure(server, keys)));
    }
  }
  return sampled;
}

/** The types of these keys, in their order: "hash". */
export async function typesOf(server: Node, keys: readonly SampledKey[]): Promise<readonly string[]> {
  const types = new Map<SampledKey, string>();
  for (const database of new Set(keys.map((key) => key.database))) {
    const own = keys.filter((key) => key.database === database);
    const replies = await sendInDatabase(
      server,
      database,
      own.map(({ key }): Command => ["TYPE", key]),
    );
    for (const [i, key] of own.entries()) types.set(key, String(replies[i]));
  }
  return keys.map((key) => types.get(key)!);
}

function evenly(slots: readonly number[], most: number): readonly number[] {
  if (slots.length <= most) return slots;
  return Array.from({ length: most }, (_, i) => slots[Math.floor((i * slots.length) / most)]!);
}

type FoundKey = Omit<SampledKey, "bytes">;

async function fetchKeys(
  server: Node,
  slots: readonly number[],
  { perSlot, database }: { readonly perSlot: number; readonly database: number },
): Promise<readonly FoundKey[]> {
  const asking = slots.map((slot): Command => ["CLUSTER", "GETKEYSINSLOT", slot, perSlot]);
  const replies = await sendInDatabase(server, database, asking);
  return replies.flatMap((reply, i) =>
    Array.isArray(reply) ? (reply as readonly Buffer[]).map((key) => ({ slot: slots[i]!, key, database })) : [],
  );
}

async function measure(server: Node, keys: readonly FoundKey[]): Promise<readonly SampledKey[]> {
  const measured: SampledKey[] = [];
  for (let first = 0; first < keys.length; first += KEYS_A_WRITE) {
    const part = keys.slice(first, first + KEYS_A_WRITE);
    // Of a collection five elements are looked at, however many it has.
    const asking = part.map(({ key }): Command => ["MEMORY", "USAGE", key, "SAMPLES", 5]);
    const replies = await sendInDatabase(server, part[0]!.database, asking);
    // One that has expired meanwhile has no size.
    measured.push(...part.flatMap((key, i) => (typeof replies[i] === "number" ? [{ ...key, bytes: replies[i] }] : [])));
  }
  return measured;
}

/** What the keys of each slot take, from those that were looked at; where none was, as much as the others on average. */
export function estimateBytes(
  counts: ReadonlyMap<number, number>,
  sampled: readonly SampledKey[],
): ReadonlyMap<number, number> {
  const sums = new Map<number, { keys: number; bytes: number }>();
  const all = { keys: 0, bytes: 0 };
  for (const { slot, bytes } of sampled) {
    const sum = sums.get(slot) ?? { keys: 0, bytes: 0 };
    sums.set(slot, { keys: sum.keys + 1, bytes: sum.bytes + bytes });
    all.keys += 1;
    all.bytes += bytes;
  }
  return new Map(
    [...counts].map(([slot, keys]) => {
      const { keys: looked, bytes } = sums.get(slot) ?? all;
      return [slot, looked === 0 ? 0 : Math.round((keys * bytes) / looked)];
    }),
  );
}
