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

/**
 * The same done by one that comes back: a primary of Valkey that died while it imported a slot, and lost its place to a
 * replica, finds on its return that the source does not own the slot any more, claims it and all that it owned once with
 * a new config epoch, and the replica that had taken over drops its keys (seen on 9.1, whole shards at a time). As long
 * as the source keeps the slot it comes back as a replica. It cannot be asked what it imported, so any such node counts.
 */
export function findAwaited(cluster: Cluster): readonly NodeId[] {
  const members = membersOf(cluster);
  if (members.every(({ facts }) => facts === undefined || facts.engine === "redis")) return [];
  return members
    .filter(({ role, view, slots }) => role === "primary" && view === undefined && slots.length === 0)
    .map(({ id }) => id);
}

export function awaitedText(id: NodeId, slots: readonly number[], nodes: NodesById): string {
  const which = `${slots.length === 1 ? "slot" : "slots"} ${formatRanges(toRanges(slots))}`;
  return (
    `the move of ${which} is finished although ${nameOf(id, nodes)} is down: if that was importing, it claims on its return ` +
    "what it owned before, and whoever took its place drops the keys. Start it without its cluster-config-file, or use --direction back"
  );
}
