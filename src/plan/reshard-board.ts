import type { ClusterNode, NodeId } from "../model/cluster.ts";
import { countSlots, SLOT_COUNT, type SlotRange, slotsOf, toRanges, unionRanges } from "../model/slot.ts";
import type { MoveProblem, SlotMove } from "./slot-moves.ts";

/** Who is to own each slot, while a plan is thought out. The one thing in a planner that changes. */
export interface SlotBoard {
  /** By first slot, those without slots last. */
  readonly nodes: readonly ClusterNode[];
  /** For each slot a position in `nodes`, or NOBODY. */
  readonly owners: Int16Array;
}

/** In place of an owner: the slot belongs to none of the nodes on the board. */
export const NOBODY = -1;

/** A run of slots of one owner, as long as it gets. Shrinks as slots are taken from it; empty when end < start. */
export interface Segment {
  start: number;
  end: number;
}

/** The board as the cluster stands. Slots that several nodes claim must have been refused before. */
export function boardOf(nodes: readonly ClusterNode[]): SlotBoard {
  const owners = new Int16Array(SLOT_COUNT).fill(NOBODY);
  for (const [i, { slots }] of nodes.entries()) for (const { start, end } of slots) owners.fill(i, start, end + 1);
  return { nodes, owners };
}

/** Primaries in an order that does not depend on the order of the survey. */
export function inSlotOrder(primaries: readonly ClusterNode[]): readonly ClusterNode[] {
  const firstSlot = ({ slots }: ClusterNode) => slots[0]?.start ?? SLOT_COUNT;
  return [...primaries].sort((a, b) => firstSlot(a) - firstSlot(b) || compareIds(a.id, b.id));
}

export function compareIds(left: NodeId, right: NodeId): number {
  return left < right ? -1 : Number(left > right);
}

/** The runs of one node, longest first. */
export function segmentsOf({ owners }: SlotBoard, node: number): Segment[] {
  const segments: Segment[] = [];
  for (let start = owners.indexOf(node); start >= 0; start = owners.indexOf(node, segments.at(-1)!.end + 1)) {
    segments.push({ start, end: endOfRun(owners, start, SLOT_COUNT - 1) });
  }
  return segments.sort((a, b) => b.end - b.start - (a.end - a.start));
}

/** What has to move for the cluster to become what the board shows, by the first slots of sources and targets. */
export function movesOn({ nodes, owners }: SlotBoard): readonly SlotMove[] {
  return nodes.flatMap(({ id: from, slots }, i) => {
    const byTarget = new Map<number, SlotRange[]>();
    for (const run of slots.flatMap((range) => runsIn(owners, range))) {
      const target = owners[run.start]!;
      if (target === i) continue;
      byTarget.set(target, [...(byTarget.get(target) ?? []), run]);
    }
    const targets = [...byTarget].sort(([a], [b]) => a - b);
    return targets.map(([target, moved]): SlotMove => ({ from, to: nodes[target]!.id, slots: unionRanges(moved) }));
  });
}

/** The range in runs of slots that one and the same node is to own. */
function runsIn(owners: SlotBoard["owners"], { start, end }: SlotRange): readonly SlotRange[] {
  const runs: SlotRange[] = [];
  for (let first = start; first <= end; first = runs.at(-1)!.end + 1) {
    runs.push({ start: first, end: endOfRun(owners, first, end) });
  }
  return runs;
}

/** The last slot, up to `most`, that the same node owns as all from `start` on. */
function endOfRun(owners: SlotBoard["owners"], start: number, most: number): number {
  let end = start;
  while (end < most && owners[end + 1] === owners[start]) end++;
  return end;
}

/** Slots that two primaries both believe to own: nobody can say from where they should be moved. */
export function findContested(primaries: readonly ClusterNode[]): MoveProblem[] {
  const lists = primaries.map(({ slots }) => slots);
  // As it nearly always is; to look at each slot of a cluster takes longer than the whole plan does.
  if (countSlots(unionRanges(...lists)) === countSlots(lists.flat())) return [];
  const owners = new Map<number, NodeId>();
  const contested = new Map<string, { readonly owners: readonly [NodeId, NodeId]; readonly slots: number[] }>();
  for (const { id, slots } of inSlotOrder(primaries)) {
    for (const slot of slotsOf(slots)) {
      const other = owners.get(slot);
      owners.set(slot, other ?? id);
      if (other === undefined) continue;
      const pair = contested.get(`${other} ${id}`) ?? { owners: [other, id], slots: [] };
      contested.set(`${other} ${id}`, pair);
      pair.slots.push(slot);
    }
  }
  return [...contested.values()].map((pair) => ({
    kind: "several-owners",
    owners: pair.owners,
    slots: toRanges(pair.slots),
  }));
}
