import { type Cluster, membersOf, type NodeId, type View } from "../../model/cluster.ts";
import { complementRanges, intersectRanges, type SlotRanges, subtractRanges } from "../../model/slot.ts";
import type { Difference, Problem } from "./problem.ts";

/** Each reached node's whole slot map against the one that most nodes hold (on a tie, the seed's). */
export function findDisagreements(cluster: Cluster): Problem[] {
  const camps = [...campsOf(cluster).values()];
  const majority = camps.reduce<Camp | undefined>(
    (best, camp) => (best === undefined || camp.nodes.length > best.nodes.length ? camp : best),
    undefined,
  );
  return camps
    .filter((camp) => camp !== majority)
    .map(({ nodes, view }) => ({ kind: "disagreement", nodes, differences: differencesBetween(view, majority!.view) }));
}

/** True when every reached node holds the same slot map. */
export function viewsAgree(cluster: Cluster): boolean {
  return campsOf(cluster).size <= 1;
}

interface Camp {
  readonly nodes: NodeId[];
  readonly view: View;
}

function campsOf(cluster: Cluster): ReadonlyMap<string, Camp> {
  const camps = new Map<string, Camp>();
  for (const { id, view } of membersOf(cluster)) {
    if (view === undefined) continue;
    const camp = camps.get(view.slotMap);
    if (camp === undefined) camps.set(view.slotMap, { nodes: [id], view });
    else camp.nodes.push(id);
  }
  return camps;
}

function differencesBetween(view: View, reference: View): readonly Difference[] {
  const mine = ownersIn(view);
  const theirs = ownersIn(reference);
  const differences: Difference[] = [];
  for (const [owner, slots] of mine) {
    for (const [elsewhere, otherSlots] of theirs) {
      const both = owner === elsewhere ? [] : intersectRanges(slots, otherSlots);
      if (both.length > 0) differences.push({ slots: both, owner, elsewhere });
    }
  }
  return differences;
}

/** Owner to slots; the entry for nobody holds the rest. */
function ownersIn({ lines }: View): ReadonlyMap<NodeId | undefined, SlotRanges> {
  const owners = new Map<NodeId | undefined, SlotRanges>();
  let unowned = complementRanges([]);
  for (const { id, slots } of lines) {
    if (slots.length === 0) continue;
    owners.set(id, slots);
    unowned = subtractRanges(unowned, slots);
  }
  if (unowned.length > 0) owners.set(undefined, unowned);
  return owners;
}
