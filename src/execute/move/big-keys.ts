import { type Command, ServerError } from "../../node/node.ts";
import type { Lane } from "./lane.ts";

/** A key that is so large that it is not sent together with others. */
export interface BigKey {
  readonly key: Buffer;
  readonly bytes: number;
}

/** A key of more bytes goes alone. */
const BIG_BYTES = 1024 * 1024;

/** The slowest that a key is written, sent and read: a large sorted set takes 10 ms per MB on a busy machine. */
const BYTES_A_MS = 1024;

/**
 * The large ones among the keys, by MEMORY USAGE at the source. Asked only once a MIGRATE has timed out: to ask for
 * every key would cost a large part of what it costs to move it.
 */
export async function findBigKeys({ source }: Lane, keys: readonly Buffer[]): Promise<readonly BigKey[]> {
  const usages = await source.sendAllBinary(keys.map((key): Command => ["MEMORY", "USAGE", key]));
  return keys.flatMap((key, i): BigKey[] => {
    const bytes = usages[i];
    // It has expired, or the server does not tell.
    if (bytes instanceof ServerError || typeof bytes !== "number") return [];
    return bytes > BIG_BYTES ? [{ key, bytes }] : [];
  });
}

/** Milliseconds that the MIGRATE of a key may take: by its size, and never less than was asked for. */
export function timeoutFor({ bytes }: BigKey, migrateTimeoutMs: number): number {
  return Math.max(migrateTimeoutMs, Math.ceil(bytes / BYTES_A_MS));
}
