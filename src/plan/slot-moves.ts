import { type Cluster, membersOf, type NodeId } from "../model/cluster.ts";
import { countSlots, intersectRanges, type SlotRanges, subtractRanges, unionRanges } from "../model/slot.ts";

/** Slots that change their owner, keys included. A plan holds at most one for each pair of nodes. */
export interface SlotMove {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly slots: SlotRanges;
}

/** Why slots cannot be moved as asked. */
export type MoveProblem =
  | { readonly kind: "unknown-node"; readonly node: NodeId }
  | { readonly kind: "not-a-primary"; readonly node: NodeId; readonly primary: NodeId | undefined }
  | { readonly kind: "several-owners"; readonly slots: SlotRanges; readonly owners: readonly [NodeId, NodeId] }
  | { readonly kind: "target-among-sources"; readonly node: NodeId }
  | { readonly kind: "no-sources" }
  | { readonly kind: "nothing-to-move" }
  | { readonly kind: "invalid-count"; readonly asked: number }
  | { readonly kind: "too-many-slots"; readonly asked: number; readonly available: number }
  | { readonly kind: "slots-not-owned"; readonly slots: SlotRanges; readonly owner: NodeId | undefined }
  | { readonly kind: "invalid-weight"; readonly node: NodeId; readonly weight: number }
  | { readonly kind: "all-weights-zero" }
  | { readonly kind: "invalid-threshold"; readonly thresholdPercent: number }
  | { readonly kind: "no-primary-left" };

/** The cluster after the moves. Throws when one takes a slot that its source does not own: the oracle of every test. */
export function applyMoves({ nodes }: Cluster, moves: readonly SlotMove[]): Cluster {
  const slotsOfNode = new Map(nodes.map(({ id, slots }) => [id, slots]));
  for (const { from, to, slots } of moves) {
    const owned = slotsOfNode.get(from) ?? [];
    const received = slotsOfNode.get(to);
    if (received === undefined) throw new Error(`There is no node ${to} to move slots to`);
    if (countSlots(intersectRanges(owned, slots)) < countSlots(slots)) throw new Error(`${from} does not own them all`);
    slotsOfNode.set(from, subtractRanges(owned, slots));
    slotsOfNode.set(to, unionRanges(slotsOfNode.get(to)!, slots));
  }
  return { nodes: nodes.map((node) => ({ ...node, slots: slotsOfNode.get(node.id)! })) };
}

/** Those of the named nodes that can neither give nor take slots; each is named once. */
export function findUnfitNodes(cluster: Cluster, ids: Iterable<NodeId>): MoveProblem[] {
  const members = new Map(membersOf(cluster).map((node) => [node.id, node]));
  return [...new Set(ids)].flatMap((id): MoveProblem[] => {
    const node = members.get(id);
    if (node === undefined) return [{ kind: "unknown-node", node: id }];
    return node.role === "primary" ? [] : [{ kind: "not-a-primary", node: id, primary: node.primaryId }];
  });
}
