import type { Cluster, ClusterNode } from "../../model/cluster.ts";
import { countSlots, type SlotRange, type SlotRanges } from "../../model/slot.ts";
import { type Listing, labelOf, listingOf } from "./listing.ts";
import type { ClusterStyle } from "./style.ts";

/**
 * A node as redis-cli shows it; never coloured:
 *
 *     M: <id> 127.0.0.1:7001
 *        slots:[0-5460],[7000] (5462 slots) master
 *        1 additional replica(s)
 *
 * The summary of `reshard` indents its blocks by four.
 */
export function nodeBlockText(node: ClusterNode, cluster: Cluster, style: ClusterStyle, indent = 0): string {
  return nodeBlock(node, listingOf(cluster), style, indent);
}

export function nodeBlock(node: ClusterNode, listing: Listing, style: ClusterStyle, indent: number): string {
  const replicas = listing.replicaCounts.get(node.id) ?? 0;
  const lines = [
    `${node.role === "replica" ? "S" : "M"}: ${node.id} ${labelOf(node, listing, style)}`,
    `   ${slotsLine(node.slots, node.flags)}`,
    ...(node.primaryId === undefined ? [] : [`   replicates ${node.primaryId}`]),
    ...(replicas === 0 ? [] : [`   ${replicas} additional replica(s)`]),
  ];
  return lines.map((line) => `${" ".repeat(indent)}${line}\n`).join("");
}

/** "slots:[0-5460],[7000] (5462 slots) master"; without slots "slots: (0 slots) slave". */
export function slotsLine(slots: SlotRanges, flags: readonly string[]): string {
  return `slots:${slots.map(bracketed).join(",")} (${countSlots(slots)} slots) ${flags.join(",")}`;
}

function bracketed({ start, end }: SlotRange): string {
  return start === end ? `[${start}]` : `[${start}-${end}]`;
}
