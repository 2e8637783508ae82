import fc from "fast-check";
import { type Cluster, type NodeId, primariesOf, slotCountOf } from "../../../src/model/cluster.ts";
import { ALL_SLOTS, countSlots, SLOT_COUNT, toRanges, unionRanges } from "../../../src/model/slot.ts";
import { applyMoves, type SlotMove } from "../../../src/plan/slot-moves.ts";
import { clusterOf, idOf } from "../../helpers/cluster-builder.ts";

/** A covered cluster of the primaries n0, n1 …, whose slots lie anywhere; some own none. */
export const fragmentedCluster: fc.Arbitrary<Cluster> = fc
  .record({
    primaries: fc.integer({ min: 2, max: 9 }),
    cuts: fc.array(fc.record({ at: fc.nat(SLOT_COUNT - 1), owner: fc.nat() }), { maxLength: 60 }),
  })
  .map(({ primaries, cuts }) => {
    const owners = new Map([{ at: 0, owner: 0 }, ...cuts].map(({ at, owner }) => [at, owner % primaries]));
    let owner = 0;
    return clusterOwnedBy(primaries, (slot) => {
      owner = owners.get(slot) ?? owner;
      return owner;
    });
  });

/** The same nodes in another order. */
export function shuffled({ nodes }: Cluster, keys: readonly number[]): Cluster {
  const keyed = nodes.map((node, i) => ({ node, key: keys[i % keys.length]! ^ (i * 7) }));
  return { nodes: keyed.sort((a, b) => a.key - b.key).map(({ node }) => node) };
}

export const shuffleKeys = fc.array(fc.nat(), { minLength: 5, maxLength: 12 });

/** Primaries n0, n1 …; asked for each slot in ascending order. */
export function clusterOwnedBy(primaries: number, ownerOf: (slot: number) => number): Cluster {
  const slots = Array.from({ length: primaries }, (): number[] => []);
  for (let slot = 0; slot < SLOT_COUNT; slot++) slots[ownerOf(slot)]!.push(slot);
  const { nodes } = clusterOf(Object.fromEntries(slots.map((_, i) => [`n${i}`, []])));
  const byId = new Map(slots.map((owned, i) => [idOf(`n${i}`), toRanges(owned)]));
  return { nodes: nodes.map((node) => ({ ...node, slots: byId.get(node.id)! })) };
}

/** The cluster after the moves; throws when one of them is illegal, moves a slot twice or leaves one to nobody or two. */
export function carriedOut(before: Cluster, moves: readonly SlotMove[]): Cluster {
  const pairs = new Set(moves.map(({ from, to }) => `${from} ${to}`));
  if (pairs.size < moves.length) throw new Error("Two moves have the same source and target");
  if (moves.some(({ from, to, slots }) => from === to || slots.length === 0)) throw new Error("A move moves nothing");
  if (countSlots(unionRanges(...moves.map(({ slots }) => slots))) < movedSlots(moves)) throw new Error("Moved twice");
  let cluster = before;
  for (const move of moves) {
    cluster = applyMoves(cluster, [move]);
    const owned = primariesOf(cluster).map(({ slots }) => slots);
    const counts = owned.reduce((sum, slots) => sum + countSlots(slots), 0);
    if (countSlots(unionRanges(...owned)) !== countSlots(ALL_SLOTS) || counts !== SLOT_COUNT) throw new Error("Unsafe");
  }
  return cluster;
}

export function movedSlots(moves: readonly SlotMove[]): number {
  return moves.reduce((sum, { slots }) => sum + countSlots(slots), 0);
}

export function rangeCount({ nodes }: Cluster): number {
  return nodes.reduce((sum, { slots }) => sum + slots.length, 0);
}

export function countsOf(cluster: Cluster): readonly number[] {
  return primariesOf(cluster).map(slotCountOf);
}

export function countOf({ nodes }: Cluster, id: NodeId): number {
  return slotCountOf(nodes.find((node) => node.id === id)!);
}
