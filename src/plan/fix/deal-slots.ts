import { type ClusterNode, type NodeId, slotCountOf } from "../../model/cluster.ts";

/**
 * Gives slots that nobody has to primaries, so that they end up as even as these slots can make them. Each gets one
 * run of them, in the order of what it owns already, so that maps stay small.
 */
export function dealSlots(slots: readonly number[], primaries: readonly ClusterNode[]): ReadonlyMap<number, NodeId> {
  const serving = primaries.filter((node) => slotCountOf(node) > 0);
  const takers = serving.length > 0 ? serving : primaries;
  if (takers.length === 0) return new Map();
  const shares = sharesOf(slots.length, takers.map(slotCountOf));
  const inOrder = takers
    .map((node, i) => ({ node, share: shares[i]! }))
    .sort((a, b) => firstOf(a.node) - firstOf(b.node) || (a.node.id < b.node.id ? -1 : 1));
  const dealt = new Map<number, NodeId>();
  let next = 0;
  for (const { node, share } of inOrder) {
    for (const slot of slots.slice(next, next + share)) dealt.set(slot, node.id);
    next += share;
  }
  return dealt;
}

function firstOf({ slots }: ClusterNode): number {
  return slots[0]?.start ?? Number.POSITIVE_INFINITY;
}

/** Fills up the emptiest first, as water would; what is left over goes one by one to the first of the lowest. */
function sharesOf(total: number, levels: readonly number[]): readonly number[] {
  const order = [...levels.keys()].sort((a, b) => levels[a]! - levels[b]! || a - b);
  let [level, lowest, left] = [levels[order[0]!]!, 1, total];
  while (lowest < order.length) {
    const step = (levels[order[lowest]!]! - level) * lowest;
    if (step > left) break;
    left -= step;
    level = levels[order[lowest]!]!;
    lowest++;
  }
  const [each, over] = [Math.floor(left / lowest), left % lowest];
  const shares = levels.map(() => 0);
  for (const [rank, index] of order.slice(0, lowest).entries()) {
    shares[index] = level - levels[index]! + each + (rank < over ? 1 : 0);
  }
  return shares;
}
