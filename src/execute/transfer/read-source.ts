import { type KeyReader, type ReadOptions, valuesOrThrow } from "./key-reader.ts";
import { sourceSlotsMoved } from "./transfer-failures.ts";
import type { Values } from "./values.ts";

/** @throws SlotctlError when the source refuses, or its slots move */
export async function readSource(
  reader: KeyReader,
  keys: readonly Buffer[],
  options: ReadOptions = {},
): Promise<Values> {
  const values = await reader.read(keys, options);
  for (const { word } of values.errors.values()) if (/^(MOVED|ASK|TRYAGAIN)$/.test(word)) throw sourceSlotsMoved();
  return valuesOrThrow(reader.node, values);
}
