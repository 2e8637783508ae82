import type { IntendedMove, NodeEvidence } from "../model/preflight-evidence.ts";
import { slotsOf } from "../model/slot.ts";

/**
 * Bytes of memory that a move takes along: what the source accounts to its slots, or else their share of the source's
 * keys, as if all keys were of one size. Undefined where the keys are not known.
 */
export function bytesOfMove({ slots, keys }: IntendedMove, source: NodeEvidence | undefined): number | undefined {
  if (keys === 0) return 0;
  if (source === undefined) return undefined;
  if (source.slotBytes !== undefined) {
    let bytes = 0;
    for (const slot of slotsOf(slots)) bytes += source.slotBytes.get(slot) ?? 0;
    return bytes;
  }
  if (keys === undefined || source.keys === 0) return undefined;
  return Math.round(source.memory.keyspace * Math.min(1, keys / source.keys));
}
