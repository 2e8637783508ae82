import { type Cluster, type ClusterNode, type NodeId, primariesOf, slotCountOf } from "../model/cluster.ts";
import { SLOT_COUNT } from "../model/slot.ts";
import { type Balance, balanceOf, type Measure } from "./rebalance-balance.ts";
import { evenOutLoads, type HeavySlot } from "./rebalance-by-load.ts";
import { dealOut } from "./rebalance-deal.ts";
import { apportion, fillUp, quotasOf } from "./rebalance-shares.ts";
import { boardOf, findContested, inSlotOrder, movesOn, type SlotBoard } from "./reshard-board.ts";
import { findUnfitNodes, type MoveProblem, type SlotMove } from "./slot-moves.ts";

export interface RebalanceRequest {
  /** 1 where nothing is said; 0 empties the primary. */
  readonly weights: ReadonlyMap<NodeId, number>;
  /** How far a primary may be from its share before anything is moved. 0 is perfect balance. */
  readonly thresholdPercent: number;
  /** Primaries without slots take part too; without this only those that were given a weight. */
  readonly useEmptyPrimaries: boolean;
  /** What a slot weighs: keys, bytes, time. Finite, never negative. By default all weigh the same. */
  readonly load?: ((slot: number) => number) | undefined;
}

export type RebalanceOutcome =
  | { readonly kind: "refused"; readonly problems: readonly MoveProblem[] }
  | {
      /** Nothing is worth moving. By load a node may exceed the threshold even so: then no single move helps. */
      readonly kind: "balanced";
      readonly balance: Balance;
      readonly tooHeavy: readonly HeavySlot[];
    }
  | {
      readonly kind: "planned";
      readonly moves: readonly SlotMove[];
      readonly before: Balance;
      readonly after: Balance;
      /** Slots so heavy that the primary that owns one exceeds the threshold, whichever it is. */
      readonly tooHeavy: readonly HeavySlot[];
    };

/**
 * Gives every primary its share in proportion to the weights. By slots: when one exceeds the threshold, all get their
 * exact share with the fewest slots moved. By load: those that exceed the threshold give or take until they no longer
 * do, or until no single slot helps. Either way planning again on the result plans nothing.
 */
export function planRebalance(cluster: Cluster, request: RebalanceRequest): RebalanceOutcome {
  const primaries = inSlotOrder(primariesOf(cluster));
  const { weights: given, thresholdPercent, useEmptyPrimaries, load } = request;
  const nodes = primaries.filter(({ id, slots }) => slots.length > 0 || useEmptyPrimaries || given.has(id));
  const weights = nodes.map(({ id }) => given.get(id) ?? 1);
  const problems = [...findBadRequest(cluster, request, weights), ...findContested(primaries)];
  if (problems.length > 0) return { kind: "refused", problems };

  const board = boardOf(nodes);
  return load === undefined
    ? planBySlots(board, weights, thresholdPercent)
    : planByLoad(board, weights, { thresholdPercent, load });
}

/**
 * Empties these primaries into the others, which become as even as they can without giving anything themselves.
 * Primaries without slots get some only if that is asked for, or if there is nobody else: one that was emptied before
 * should not be filled again.
 */
export function planDrain(
  cluster: Cluster,
  nodeIds: readonly NodeId[],
  { useEmptyPrimaries = false }: { readonly useEmptyPrimaries?: boolean | undefined } = {},
): RebalanceOutcome {
  const primaries = inSlotOrder(primariesOf(cluster));
  const drained = new Set(nodeIds);
  const others = primaries.filter(({ id }) => !drained.has(id));
  const filled = others.filter(({ slots }) => slots.length > 0);
  const takers = new Set(useEmptyPrimaries || filled.length === 0 ? others : filled);
  const problems = [
    ...findUnfitNodes(cluster, nodeIds),
    ...(others.length === 0 ? [{ kind: "no-primary-left" as const }] : []),
    ...findContested(primaries),
  ];
  if (problems.length > 0) return { kind: "refused", problems };

  const board = boardOf(primaries.filter((node) => drained.has(node.id) || takers.has(node)));
  return dealShares(board, sharesAfterDrain(board.nodes, drained), 0);
}

function findBadRequest(
  cluster: Cluster,
  { weights: given, thresholdPercent }: RebalanceRequest,
  weights: readonly number[],
): MoveProblem[] {
  const invalid = [...given].filter(([, weight]) => !Number.isFinite(weight) || weight < 0);
  return [
    ...findUnfitNodes(cluster, given.keys()),
    ...invalid.map(([node, weight]): MoveProblem => ({ kind: "invalid-weight", node, weight })),
    ...(weights.length > 0 && weights.every((weight) => weight === 0) ? [{ kind: "all-weights-zero" as const }] : []),
    ...(thresholdPercent >= 0 ? [] : [{ kind: "invalid-threshold" as const, thresholdPercent }]),
  ];
}

function planBySlots(board: SlotBoard, weights: readonly number[], thresholdPercent: number): RebalanceOutcome {
  const held = board.nodes.map(slotCountOf);
  const total = held.reduce((sum, count) => sum + count, 0);
  return dealShares(board, apportion(total, weights, held), thresholdPercent);
}

/** Everybody gets exactly the share, if anybody is further from it than the threshold. */
function dealShares(board: SlotBoard, shares: readonly number[], thresholdPercent: number): RebalanceOutcome {
  const measure: Measure = {
    shares,
    loads: new Float64Array(SLOT_COUNT).fill(1),
    exceeds: (_, { slots, share }) => exceedsInSlots(slots, share, thresholdPercent),
  };
  const before = balanceOf(board, measure);
  if (!before.some(({ exceeds }) => exceeds)) return { kind: "balanced", balance: before, tooHeavy: [] };
  dealOut(
    board,
    before.map(({ slots, share }) => share - slots),
  );
  return { kind: "planned", moves: movesOn(board), before, after: balanceOf(board, measure), tooHeavy: [] };
}

/** As redis-cli measures: in percent of what the node owns, not of its share. What should own nothing never may. */
function exceedsInSlots(slots: number, share: number, thresholdPercent: number): boolean {
  if (slots === 0) return share > (thresholdPercent === 0 ? 0 : 1);
  return share === 0 || (100 * Math.abs(slots - share)) / slots > thresholdPercent;
}

function sharesAfterDrain(nodes: readonly ClusterNode[], drained: ReadonlySet<NodeId>): readonly number[] {
  const amount = nodes.filter(({ id }) => drained.has(id)).reduce((sum, node) => sum + slotCountOf(node), 0);
  const takers = nodes.filter(({ id }) => !drained.has(id));
  const extra = fillUp(amount, takers.map(slotCountOf));
  const shares = new Map(takers.map((node, i) => [node.id, slotCountOf(node) + extra[i]!]));
  return nodes.map(({ id }) => shares.get(id) ?? 0);
}

interface LoadRequest {
  readonly thresholdPercent: number;
  readonly load: (slot: number) => number;
}

/** So that a sum of floats that is off by a hair decides nothing. */
const HAIR = 1e-9;

function planByLoad(board: SlotBoard, weights: readonly number[], request: LoadRequest): RebalanceOutcome {
  const loads = Float64Array.from({ length: SLOT_COUNT }, (_, slot) => request.load(slot));
  if (!loads.every((load) => load >= 0 && load < Number.POSITIVE_INFINITY)) throw new Error("A slot has no valid load");
  const total = loads.reduce((sum, load, slot) => (board.owners[slot]! < 0 ? sum : sum + load), 0);
  const shares = weights.length === 0 ? [] : quotasOf(total, weights);
  const tolerance = request.thresholdPercent / 100 + HAIR;
  const measure: Measure = {
    shares,
    loads,
    exceeds: (i, { slots, load, share }) => (weights[i] === 0 ? slots > 0 : Math.abs(load - share) > share * tolerance),
  };
  const before = balanceOf(board, measure);
  const tooHeavy = evenOutLoads(board, weights, measure);
  const moves = movesOn(board);
  if (moves.length === 0) return { kind: "balanced", balance: before, tooHeavy };
  return { kind: "planned", moves, before, after: balanceOf(board, measure), tooHeavy };
}
