import type { NodeId } from "../model/cluster.ts";
import type { Measure } from "./rebalance-balance.ts";
import { dealOut } from "./rebalance-deal.ts";
import {
  countUpTo,
  fullest,
  type LoadedNode,
  type LoadedNodes,
  loadedNodesOf,
  roomiest,
  type Transfer,
  transfer,
  transferRun,
} from "./rebalance-loaded-nodes.ts";
import { apportion } from "./rebalance-shares.ts";
import type { SlotBoard } from "./reshard-board.ts";

/** A slot that alone takes any primary over the threshold. Only its keys can be spread, not the slot. */
export interface HeavySlot {
  readonly slot: number;
  readonly load: number;
  /** Who owns it in the end. */
  readonly owner: NodeId;
}

/**
 * Moves slots on the board until no node is further from its share than the measure allows, or no single slot helps.
 * First what has no weight gives everything. Then, the worst first, each node that is off gives to the one with the
 * most room, or takes from the one with the most to spare; slots only go from above a share to below one. Every move
 * brings both nodes nearer to their shares, or the worse of them without making the other as bad: so it ends, and
 * nobody is ever further off than the worst was.
 */
export function evenOutLoads(board: SlotBoard, weights: readonly number[], measure: Measure): readonly HeavySlot[] {
  emptyWeightless(board, weights, measure);
  let moved: boolean;
  do {
    // Counted afresh each time: the last round, which finds nothing, is just what planning again would do.
    const nodes = loadedNodesOf(board, measure);
    const live = { ...nodes, all: nodes.all.filter(({ position }) => weights[position]! > 0) };
    moved = false;
    while (sweep(live, measure, giveOrTake) || sweep(live, measure, compromise)) moved = true;
  } while (moved);
  return findTooHeavy(board, measure);
}

function emptyWeightless(board: SlotBoard, weights: readonly number[], measure: Measure): void {
  const nodes = loadedNodesOf(board, measure);
  const givers = nodes.all.filter(({ position }) => weights[position] === 0);
  const takers = nodes.all.filter(({ position }) => weights[position]! > 0);
  for (const giver of givers) {
    while (giver.slots.length > 0) {
      const taker = roomiest(takers);
      const heaviest = giver.slots.at(-1)!;
      giveHotOrRun(nodes, { giver, taker, wanted: taker.share - taker.load, hot: heaviest });
    }
  }
  if (givers.length > 0) spreadEmptySlots(board, weights);
}

/** The slots that weigh nothing are still there; they go to all in proportion. */
function spreadEmptySlots(board: SlotBoard, weights: readonly number[]): void {
  const changes = weights.map(() => 0);
  for (const owner of board.owners) if (owner >= 0 && weights[owner] === 0) changes[owner]! -= 1;
  const left = -changes.reduce((sum, change) => sum + change, 0);
  const extra = apportion(left, weights);
  dealOut(
    board,
    changes.map((change, i) => change + extra[i]!),
  );
}

/** Relieves those that are off, the worst first, as far as it goes; says whether anything moved. */
function sweep(
  nodes: LoadedNodes,
  { exceeds }: Measure,
  relieve: (nodes: LoadedNodes, node: LoadedNode) => boolean,
): boolean {
  const isOff = ({ position, load, share, slots }: LoadedNode) =>
    exceeds(position, { slots: slots.length, load, share });
  const worstFirst = nodes.all.filter(isOff).sort((a, b) => deviation(b) - deviation(a));
  let moved = false;
  for (const node of worstFirst) while (isOff(node) && relieve(nodes, node)) moved = true;
  return moved;
}

/** Brings a node and the best partner for it nearer to their shares; neither gets to the other side of its own. */
function giveOrTake(nodes: LoadedNodes, node: LoadedNode): boolean {
  const isOver = node.load > node.share;
  const giver = isOver ? node : fullest(nodes.all);
  const taker = isOver ? roomiest(nodes.all) : node;
  const wanted = Math.min(giver.load - giver.share, taker.share - taker.load);
  const hot = giver.slots[countUpTo(giver, wanted, nodes) - 1];
  if (hot !== undefined) giveHotOrRun(nodes, { giver, taker, wanted, hot });
  return hot !== undefined;
}

/** Brings a node nearer to its share at the cost of another that was nearer to its own and stays so. */
function compromise(nodes: LoadedNodes, node: LoadedNode): boolean {
  const best = findBestMove(nodes, node);
  if (best !== undefined) transfer(nodes, best);
  return best !== undefined;
}

/** A slot this many times lighter than what is wanted is not worth to be taken out of its range. */
const HOT_FRACTION = 8;

interface Gift {
  readonly giver: LoadedNode;
  readonly taker: LoadedNode;
  readonly wanted: number;
  readonly hot: number;
}

/** A few hot slots when they will do; else slots that lie together. */
function giveHotOrRun(nodes: LoadedNodes, { giver, taker, wanted, hot }: Gift): void {
  const isHot = nodes.loads[hot]! * HOT_FRACTION >= wanted;
  if (isHot || !transferRun(nodes, giver, taker, wanted)) transfer(nodes, { slot: hot, giver, taker });
}

/** A slot is not moved to bring a node nearer to its share by less than this part of it. */
const LEAST_GAIN = 0.001;

/**
 * The single slot between this node and one on the other side of its share that leaves the worse of the two nearest to
 * its share. Partners that are further off than the node are left to their own turn.
 */
function findBestMove(nodes: LoadedNodes, node: LoadedNode): Transfer | undefined {
  const isOver = node.load > node.share;
  const before = deviation(node);
  let best: Transfer | undefined;
  let least = before - LEAST_GAIN;
  for (const other of nodes.all) {
    const [giver, taker] = isOver ? [node, other] : [other, node];
    if (giver.load <= giver.share || taker.load >= taker.share || deviation(other) > before) continue;
    for (const slot of slotsNear(giver, idealLoad(giver, taker), nodes)) {
      const worse = deviationAfter(giver, taker, nodes.loads[slot]!);
      if (worse < least) [best, least] = [{ slot, giver, taker }, worse];
    }
  }
  return best;
}

/** The two that matter, since the worse deviation of two nodes falls up to the ideal load and rises from there on. */
function slotsNear(giver: LoadedNode, load: number, nodes: LoadedNodes): readonly number[] {
  const lighter = countUpTo(giver, load, nodes);
  return giver.slots.slice(Math.max(0, lighter - 1), lighter + 1);
}

/** What would have to move to leave both equally far from their shares. */
function idealLoad(giver: LoadedNode, taker: LoadedNode): number {
  const spare = giver.load - giver.share;
  const room = taker.share - taker.load;
  return (spare * taker.share + room * giver.share) / (giver.share + taker.share);
}

/** How far off the worse of the two is then. */
function deviationAfter(giver: LoadedNode, taker: LoadedNode, load: number): number {
  const left = Math.abs(giver.load - load - giver.share) / giver.share;
  return Math.max(left, Math.abs(taker.load + load - taker.share) / taker.share);
}

function deviation({ load, share }: LoadedNode): number {
  return load === share ? 0 : Math.abs(load - share) / share;
}

function findTooHeavy(board: SlotBoard, { shares, loads, exceeds }: Measure): HeavySlot[] {
  if (shares.length === 0) return [];
  const largest = shares.indexOf(Math.max(...shares));
  return [...board.owners.entries()].flatMap(([slot, owner]): HeavySlot[] => {
    const load = loads[slot]!;
    if (owner < 0 || load <= shares[largest]! || !exceeds(largest, { slots: 1, load, share: shares[largest]! }))
      return [];
    return [{ slot, load, owner: board.nodes[owner]!.id }];
  });
}
