import { NOBODY, type Segment, type SlotBoard, segmentsOf } from "./reshard-board.ts";
import { EVERY_SLOT_ALIKE, takeSlots } from "./reshard-take.ts";

/** So many slots from one node to another; both are positions on the board. */
interface Deal {
  readonly giver: number;
  readonly taker: number;
  readonly count: number;
}

/**
 * Moves slots on the board so that node i has `changes[i]` slots more, or less when that is negative. The changes add
 * up to 0, so exactly the sum of the positive ones moves, and no slot twice: who gives does not take.
 */
export function dealOut(board: SlotBoard, changes: readonly number[]): void {
  // Giver after giver in slot order, so that the first slots of one can join the last slots of the one before.
  const deals = [...pairUp(board, changes)].sort((a, b) => a.giver - b.giver);
  const segments = new Map<number, readonly Segment[]>();
  for (const { giver, taker, count } of deals) {
    const left = (segments.get(giver) ?? segmentsOf(board, giver)).filter(({ start, end }) => start <= end);
    segments.set(giver, left);
    takeSlots(board, left, { taker, budget: count, weights: EVERY_SLOT_ALIKE });
  }
}

/**
 * Who gives to whom: first neighbours on the slot map whose numbers are equal, then others whose numbers are equal,
 * then neighbours, then the largest giver and the largest taker. Each pair satisfies one of its two, so there are
 * fewer pairs than givers and takers.
 */
function pairUp(board: SlotBoard, changes: readonly number[]): readonly Deal[] {
  const open = [...changes];
  const deals: Deal[] = [];
  const deal = ({ giver, taker }: Omit<Deal, "count">) => {
    const count = Math.min(-open[giver]!, open[taker]!);
    if (count <= 0) return;
    deals.push({ giver, taker, count });
    open[giver]! += count;
    open[taker]! -= count;
  };
  const neighbours = findNeighbours(board, changes);
  neighbours.filter(({ giver, taker }) => open[giver]! + open[taker]! === 0).forEach(deal);
  findEquals(open).forEach(deal);
  neighbours.forEach(deal);
  dealLargest(open, deal);
  return deals;
}

type Pair = Omit<Deal, "count">;

/** Givers with a taker right before or after them on the slot map, in slot order. */
function findNeighbours({ owners }: SlotBoard, changes: readonly number[]): readonly Pair[] {
  const pairs: Pair[] = [];
  for (let slot = 1; slot < owners.length; slot++) {
    const [left, right] = [owners[slot - 1]!, owners[slot]!];
    if (left === right || left === NOBODY || right === NOBODY) continue;
    if (changes[left]! < 0 && changes[right]! > 0) pairs.push({ giver: left, taker: right });
    if (changes[left]! > 0 && changes[right]! < 0) pairs.push({ giver: right, taker: left });
  }
  return pairs;
}

/** Pairs that need nobody else, in the order of the nodes. */
function findEquals(open: readonly number[]): readonly Pair[] {
  const takers = new Map<number, number[]>();
  for (let i = open.length - 1; i >= 0; i--) {
    if (open[i]! <= 0) continue;
    const equals = takers.get(open[i]!);
    if (equals === undefined) takers.set(open[i]!, [i]);
    else equals.push(i);
  }
  return [...open.keys()].flatMap((giver): Pair[] => {
    const taker = open[giver]! < 0 ? takers.get(-open[giver]!)?.pop() : undefined;
    return taker === undefined ? [] : [{ giver, taker }];
  });
}

function dealLargest(open: readonly number[], deal: (pair: Pair) => void): void {
  const largestFirst = (a: number, b: number) => Math.abs(open[b]!) - Math.abs(open[a]!) || a - b;
  const givers = [...open.keys()].filter((i) => open[i]! < 0).sort(largestFirst);
  const takers = [...open.keys()].filter((i) => open[i]! > 0).sort(largestFirst);
  for (let g = 0, t = 0; g < givers.length && t < takers.length; ) {
    const [giver, taker] = [givers[g]!, takers[t]!];
    deal({ giver, taker });
    if (open[giver] === 0) g++;
    if (open[taker] === 0) t++;
  }
}
