/** Servers write nodes.conf once for all SETSLOTs that they get in one go, so empty slots go in large chunks. */
const EMPTY_SLOTS_A_CHUNK = 256;

/** Multi-key commands on an open slot may get TRYAGAIN, so few slots with keys are open at a time. */
const FILLED_SLOTS_A_CHUNK = 64;
const KEYS_A_CHUNK = 4096;

type Keys = ReadonlyMap<number, number>;

/** Empty slots in large chunks first; then those with keys, a few at a time. Pure. */
export function chunksOf(slots: readonly number[], keys: Keys): readonly (readonly number[])[] {
  const empty = slots.filter((slot) => (keys.get(slot) ?? 0) === 0);
  const chunks: number[][] = [];
  for (let first = 0; first < empty.length; first += EMPTY_SLOTS_A_CHUNK) {
    chunks.push(empty.slice(first, first + EMPTY_SLOTS_A_CHUNK));
  }
  let room = 0;
  for (const slot of slots) {
    const count = keys.get(slot) ?? 0;
    if (count === 0) continue;
    if (room < count || chunks.at(-1)!.length >= FILLED_SLOTS_A_CHUNK) {
      chunks.push([]);
      room = KEYS_A_CHUNK;
    }
    chunks.at(-1)!.push(slot);
    room -= count;
  }
  return chunks;
}

/**
 * The slot with the fewest keys, but not the highest: what comes last is known to its source a moment later than the
 * others, which may cost a slot that was left marked as claimed by nobody, and redis-cli leaves that mark on the highest
 * slot of a move. One that is open already should not stay so until all others have gone. Pure.
 */
export function lastOf(slots: readonly number[], keys: Keys, isOpen: (slot: number) => boolean): number {
  const closed = slots.filter((slot) => !isOpen(slot));
  const candidates = closed.length === 0 ? slots : closed;
  const highest = slots.at(-1)!;
  return candidates.reduce((a, b) => {
    if (a === highest) return b;
    return b !== highest && (keys.get(b) ?? 0) < (keys.get(a) ?? 0) ? b : a;
  });
}
