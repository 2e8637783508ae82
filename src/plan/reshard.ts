import { type Cluster, type ClusterNode, type NodeId, primariesOf, slotCountOf } from "../model/cluster.ts";
import {
  countSlots,
  intersectRanges,
  type SlotRanges,
  slotsOf,
  subtractRanges,
  toRanges,
  unionRanges,
} from "../model/slot.ts";
import { apportion } from "./rebalance-shares.ts";
import { boardOf, findContested, inSlotOrder, movesOn, segmentsOf } from "./reshard-board.ts";
import { EVERY_SLOT_ALIKE, takeSlots } from "./reshard-take.ts";
import { findUnfitNodes, type MoveProblem, type SlotMove } from "./slot-moves.ts";

export interface ReshardRequest {
  /** "all" stands for every primary with slots but the target. */
  readonly sources: "all" | readonly NodeId[];
  readonly target: NodeId;
  readonly amount:
    | { readonly kind: "count"; readonly slots: number }
    | { readonly kind: "ranges"; readonly slots: SlotRanges };
  /** Which slots a source gives: those that leave few ranges, or the lowest, as redis-cli does. */
  readonly order: "contiguous" | "redis-cli";
}

export type ReshardOutcome =
  | { readonly kind: "refused"; readonly problems: readonly MoveProblem[] }
  | { readonly kind: "planned"; readonly moves: readonly SlotMove[] };

/**
 * Moves a number of slots, or these very slots, from the sources to the target. A number is moved exactly or not at
 * all; each source gives in proportion to what it owns. Slots named that the target owns already are done, so there
 * may be nothing left to move.
 */
export function planReshard(cluster: Cluster, request: ReshardRequest): ReshardOutcome {
  const primaries = inSlotOrder(primariesOf(cluster));
  const sources = sourcesOf(primaries, request);
  const problems = [...findUnfit(cluster, request, sources), ...findContested(primaries)];
  const target = primaries.find(({ id }) => id === request.target);
  if (target === undefined || problems.length > 0) return { kind: "refused", problems };

  const { amount } = request;
  const refusals =
    amount.kind === "count"
      ? findBadCount(amount.slots, sources)
      : findNotOwned(amount.slots, sources, target, primaries);
  if (refusals.length > 0) return { kind: "refused", problems: refusals };
  if (amount.kind === "ranges") return { kind: "planned", moves: namedMoves(amount.slots, sources, target) };
  const counts = apportion(amount.slots, sources.map(slotCountOf));
  const choose = request.order === "redis-cli" ? lowestMoves : tidyMoves;
  return { kind: "planned", moves: choose(sources, counts, target) };
}

function sourcesOf(primaries: readonly ClusterNode[], { sources, target }: ReshardRequest): readonly ClusterNode[] {
  if (sources === "all") return primaries.filter(({ id, slots }) => id !== target && slots.length > 0);
  const named = new Set(sources);
  return primaries.filter(({ id }) => named.has(id));
}

function findUnfit(cluster: Cluster, request: ReshardRequest, found: readonly ClusterNode[]): MoveProblem[] {
  const { sources, target, amount } = request;
  const named = sources === "all" ? [] : sources;
  // "All" may well be nobody when these very slots have arrived already.
  const nobody = sources === "all" ? found.length === 0 && amount.kind === "count" : named.length === 0;
  return [
    ...findUnfitNodes(cluster, [target, ...named]),
    ...(named.includes(target) ? [{ kind: "target-among-sources" as const, node: target }] : []),
    ...(nobody ? [{ kind: "no-sources" as const }] : []),
  ];
}

function findBadCount(asked: number, sources: readonly ClusterNode[]): MoveProblem[] {
  if (asked === 0) return [{ kind: "nothing-to-move" }];
  if (!Number.isInteger(asked) || asked < 0) return [{ kind: "invalid-count", asked }];
  const available = sources.reduce((sum, source) => sum + slotCountOf(source), 0);
  return asked > available ? [{ kind: "too-many-slots", asked, available }] : [];
}

/** Named slots that belong to others than the sources and the target, by owner; undefined is nobody. */
function findNotOwned(
  slots: SlotRanges,
  sources: readonly ClusterNode[],
  target: ClusterNode,
  primaries: readonly ClusterNode[],
): MoveProblem[] {
  if (slots.length === 0) return [{ kind: "nothing-to-move" }];
  const strange = subtractRanges(unionRanges(slots), unionRanges(target.slots, ...sources.map((node) => node.slots)));
  const nobodys = subtractRanges(strange, unionRanges(...primaries.map((node) => node.slots)));
  const owned = primaries.map((node) => ({ owner: node.id, slots: intersectRanges(strange, node.slots) }));
  return [...owned, { owner: undefined, slots: nobodys }]
    .filter((found) => found.slots.length > 0)
    .map((found) => ({ kind: "slots-not-owned", ...found }));
}

function namedMoves(slots: SlotRanges, sources: readonly ClusterNode[], target: ClusterNode): readonly SlotMove[] {
  const named = unionRanges(slots);
  const moves = sources.map((source) => moveOf(source, target, intersectRanges(named, source.slots)));
  return moves.filter((move) => countSlots(move.slots) > 0);
}

function lowestMoves(sources: readonly ClusterNode[], counts: readonly number[], target: ClusterNode): SlotMove[] {
  const moves = sources.map((source, i) =>
    moveOf(source, target, toRanges(slotsOf(source.slots).slice(0, counts[i]!))),
  );
  return moves.filter(({ slots }) => slots.length > 0);
}

function tidyMoves(
  sources: readonly ClusterNode[],
  counts: readonly number[],
  target: ClusterNode,
): readonly SlotMove[] {
  const board = boardOf([...sources, target]);
  for (const [i, budget] of counts.entries()) {
    takeSlots(board, segmentsOf(board, i), { taker: sources.length, budget, weights: EVERY_SLOT_ALIKE });
  }
  return movesOn(board);
}

function moveOf({ id: from }: ClusterNode, { id: to }: ClusterNode, slots: SlotRanges): SlotMove {
  return { from, to, slots };
}
