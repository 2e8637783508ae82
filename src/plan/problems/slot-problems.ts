import { type Cluster, membersOf, type NodeId, primariesOf } from "../../model/cluster.ts";
import { complementRanges, intersectRanges, type SlotRanges, toRanges, unionRanges } from "../../model/slot.ts";
import type { Problem } from "./problem.ts";

/** Slots that no primary claims. A primary that was not reached still counts, by what the others say it owns. */
export function findUncovered(cluster: Cluster): Problem[] {
  const slots = complementRanges(unionRanges(...primariesOf(cluster).map((node) => node.slots)));
  return slots.length === 0 ? [] : [{ kind: "uncovered-slots", slots }];
}

export function findSeveralOwners(cluster: Cluster): Problem[] {
  const problems = new Map<string, { owners: NodeId[]; slots: SlotRanges }>();
  const owning = primariesOf(cluster).filter(({ slots }) => slots.length > 0);
  for (const [i, one] of owning.entries()) {
    for (const other of owning.slice(i + 1)) {
      const slots = intersectRanges(one.slots, other.slots);
      if (slots.length > 0) problems.set(`${one.id} ${other.id}`, { owners: [one.id, other.id], slots });
    }
  }
  return [...problems.values()].map((found) => ({ kind: "several-owners", ...found }));
}

export function findOpenSlots(cluster: Cluster): Problem[] {
  return membersOf(cluster).flatMap((node) =>
    (["migrating", "importing"] as const).flatMap((state): Problem[] => {
      const open = node.openSlots.filter((slot) => slot.state === state);
      if (open.length === 0) return [];
      const peers = [...new Set(open.map(({ peerId }) => peerId))];
      return [{ kind: "open-slots", node: node.id, state, slots: toRanges(open.map(({ slot }) => slot)), peers }];
    }),
  );
}

/** Two primaries with one config epoch: the next contested slot has no winner. Epoch 0 means none was given yet. */
export function findEpochCollisions(cluster: Cluster): Problem[] {
  const byEpoch = new Map<number, NodeId[]>();
  for (const { id, configEpoch, slots } of primariesOf(cluster)) {
    if (slots.length === 0) continue;
    byEpoch.set(configEpoch, [...(byEpoch.get(configEpoch) ?? []), id]);
  }
  return [...byEpoch]
    .filter(([, nodes]) => nodes.length > 1)
    .map(([epoch, nodes]) => ({ kind: "epoch-collision", epoch, nodes }));
}

export function findStrayKeys(cluster: Cluster): Problem[] {
  return membersOf(cluster).flatMap(({ id, strayKeys }): Problem[] =>
    strayKeys === undefined || strayKeys.keys === 0 ? [] : [{ kind: "stray-keys", node: id, ...strayKeys }],
  );
}
