import { type Cluster, membersOf, type NodeId, primariesOf } from "../../model/cluster.ts";
import { formatRanges, hasSlot, toRanges } from "../../model/slot.ts";
import type { NodesById } from "./choose-owner.ts";
import { nameOf } from "./decide.ts";

/** Slots that a node would make its own as soon as the one that it imports them from gets or gives away any slot. */
export interface Takeover {
  readonly node: NodeId;
  readonly from: NodeId;
  readonly slots: readonly number[];
}

/**
 * Valkey 8 and newer hold a move for finished when the node that they import a slot from tells of a new slot map
 * without it: they claim the slot with a new config epoch, and its real owner deletes its keys
 * (clusterUpdateSlotsConfigWith in cluster_legacy.c). So these are closed before any claim changes, whatever else is
 * to be repaired.
 */
export function findTakeovers(cluster: Cluster): readonly Takeover[] {
  const claims = new Map(primariesOf(cluster).map(({ id, slots }) => [id, slots]));
  return membersOf(cluster).flatMap(({ id, role, facts, openSlots }) => {
    if (role !== "primary" || facts?.engine === "redis") return [];
    const astray = openSlots.filter(
      ({ slot, state, peerId }) => state === "importing" && !hasSlot(claims.get(peerId) ?? [], slot),
    );
    const peers = [...new Set(astray.map(({ peerId }) => peerId))];
    return peers.map((from) => ({
      node: id,
      from,
      slots: astray.filter(({ peerId }) => peerId === from).map(({ slot }) => slot),
    }));
  });
}

export function takeoverText({ node, from, slots }: Takeover, nodes: NodesById): string {
  const which = `${slots.length === 1 ? "slot" : "slots"} ${formatRanges(toRanges(slots))}`;
  return (
    `${which}: ${nameOf(node, nodes)} imports from ${nameOf(from, nodes)}, which does not own it; closed first, although ` +
    "it was not asked for, because the server would claim it when other slots change hands, and its owner would drop its keys"
  );
}
