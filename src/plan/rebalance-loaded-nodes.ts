import type { NodeId } from "../model/cluster.ts";
import { slotsOf } from "../model/slot.ts";
import type { Measure } from "./rebalance-balance.ts";
import { compareIds, type SlotBoard, segmentsOf } from "./reshard-board.ts";
import { type RunningWeights, runningWeights, takeSlots } from "./reshard-take.ts";

/** A node while loads are evened out. */
export interface LoadedNode {
  readonly id: NodeId;
  readonly position: number;
  readonly share: number;
  load: number;
  /** Those of its slots that weigh anything, the lightest first. */
  readonly slots: number[];
}

/** The nodes of a board with what is needed to move slots between them. */
export interface LoadedNodes {
  /** By id: of two that are equally good the same is chosen, wherever their slots are by now. */
  readonly all: readonly LoadedNode[];
  readonly board: SlotBoard;
  readonly loads: Float64Array;
  readonly running: RunningWeights;
}

export function loadedNodesOf(board: SlotBoard, { shares, loads }: Measure): LoadedNodes {
  const nodes = board.nodes.map(({ id }, position): LoadedNode => {
    return { id, position, share: shares[position]!, load: 0, slots: [] };
  });
  for (const [slot, owner] of board.owners.entries()) {
    if (owner < 0 || loads[slot] === 0) continue;
    nodes[owner]!.load += loads[slot]!;
    nodes[owner]!.slots.push(slot);
  }
  for (const { slots } of nodes) slots.sort((a, b) => loads[a]! - loads[b]! || a - b);
  const all = nodes.sort((a, b) => compareIds(a.id, b.id));
  return { all, board, loads, running: runningWeights((slot) => loads[slot]!) };
}

/** The one that may still take the most. */
export function roomiest(nodes: readonly LoadedNode[]): LoadedNode {
  let best = nodes[0]!;
  for (const node of nodes) if (node.share - node.load > best.share - best.load) best = node;
  return best;
}

/** The one that has the most to spare. */
export function fullest(nodes: readonly LoadedNode[]): LoadedNode {
  let best = nodes[0]!;
  for (const node of nodes) if (node.load - node.share > best.load - best.share) best = node;
  return best;
}

/** How many slots of the node weigh no more than the limit. */
export function countUpTo({ slots }: LoadedNode, limit: number, { loads }: LoadedNodes): number {
  return countWhile(slots, (slot) => loads[slot]! <= limit);
}

export interface Transfer {
  readonly slot: number;
  readonly giver: LoadedNode;
  readonly taker: LoadedNode;
}

export function transfer(nodes: LoadedNodes, { slot, giver, taker }: Transfer): void {
  const load = nodes.loads[slot]!;
  const isBefore = (other: number) => {
    const difference = nodes.loads[other]! - load || other - slot;
    return difference < 0;
  };
  giver.slots.splice(countWhile(giver.slots, isBefore), 1);
  taker.slots.splice(countWhile(taker.slots, isBefore), 0, slot);
  giver.load -= load;
  taker.load += load;
  nodes.board.owners[slot] = taker.position;
}

/** Slots that lie together, worth at most `wanted`; false when there are none. */
export function transferRun(nodes: LoadedNodes, giver: LoadedNode, taker: LoadedNode, wanted: number): boolean {
  const { board, loads, running } = nodes;
  const taken = takeSlots(board, segmentsOf(board, giver.position), {
    taker: taker.position,
    budget: wanted,
    weights: running,
  });
  for (const slot of slotsOf(taken)) if (loads[slot]! > 0) transfer(nodes, { slot, giver, taker });
  return taken.length > 0;
}

/** How many of the first fulfil what none of the others does. */
function countWhile(slots: readonly number[], fulfils: (slot: number) => boolean): number {
  let low = 0;
  for (let high = slots.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (fulfils(slots[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
