import type { NodeId } from "../../model/cluster.ts";
import { formatRanges, toRanges } from "../../model/slot.ts";
import type { ConflictPolicy } from "../../model/slot-evidence.ts";
import { groupBy } from "../group-by.ts";
import type { NodeRef, Step } from "../plan.ts";
import type { NodesById } from "./choose-owner.ts";
import type { Decision } from "./decision.ts";

/**
 * The steps for all slots together, in an order that is safe wherever it is cut off: first every other claim is taken
 * back, so that nobody can be made to drop its keys by the owner's claim; then those meet who do not know each other;
 * then the owner claims; then keys move.
 */
export function stepsFor(
  decisions: readonly Decision[],
  nodes: NodesById,
  onConflict: ConflictPolicy,
  meet: readonly Step[],
): Step[] {
  const ref = (id: NodeId): NodeRef => ({ id, address: nodes.get(id)!.address });
  const pairs = <T>(linksOf: (decision: Decision) => readonly (readonly [NodeId, NodeId])[], make: Make<T>): T[] =>
    gather(decisions, linksOf).map(([a, b, slots]) => make(ref(a), ref(b), slots));
  const singles = <T>(
    idsOf: (decision: Decision) => readonly NodeId[],
    make: (node: NodeRef, slots: string) => T,
  ): T[] =>
    pairs<T>(
      (decision) => idsOf(decision).map((id) => [id, id]),
      (node, _, slots) => make(node, slots),
    );
  return [
    // Before any claim changes: see findTakeovers.
    ...singles<Step>(
      ({ close }) => close,
      (node, slots) => ({ kind: "close-slots", node, slots }),
    ),
    ...pairs<Step>(
      ({ disarm, owner }) => disarm.map((id) => [id, owner]),
      (node, owner, slots) => ({ kind: "del-slots", node, owner, slots }),
    ),
    ...meet,
    ...singles<Step>(
      ({ assign, owner }) => (assign ? [owner] : []),
      (node, slots) => ({ kind: "assign-slots", node, slots }),
    ),
    // An owner that still migrates a slot would send the keys that come home away again.
    ...singles<Step>(
      ({ closeOwner, owner }) => (closeOwner ? [owner] : []),
      (node, slots) => ({ kind: "close-slots", node, slots }),
    ),
    ...pairs<Step>(
      ({ owner, moveTo }) => (moveTo === undefined ? [] : [[owner, moveTo]]),
      (from, to, slots) => ({ kind: "move-slots", from, to, slots, method: "keys", onConflict }),
    ),
    ...pairs<Step>(
      ({ bring, owner, moveTo }) => bring.map((id) => [id, moveTo ?? owner]),
      (from, to, slots) => ({ kind: "bring-keys", from, to, slots, onConflict }),
    ),
  ];
}

type Make<T> = (a: NodeRef, b: NodeRef, slots: string) => T;

/** All slots of each pair of nodes, in the order in which the pairs appear. */
function gather(
  decisions: readonly Decision[],
  linksOf: (decision: Decision) => readonly (readonly [NodeId, NodeId])[],
): readonly (readonly [NodeId, NodeId, string])[] {
  const links = decisions.flatMap((decision) =>
    linksOf(decision).map(([a, b]) => ({ a, b, slot: decision.picture.slot })),
  );
  return [...groupBy(links, ({ a, b }) => `${a} ${b}`).values()].map((group) => [
    group[0]!.a,
    group[0]!.b,
    formatRanges(toRanges(group.map(({ slot }) => slot))),
  ]);
}
