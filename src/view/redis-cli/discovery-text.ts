import type { Cluster } from "../../model/cluster.ts";
import { labelOf, listingOf } from "./listing.ts";
import { type ClusterStyle, redisCliLine, WORDS } from "./style.ts";

/** What every subcommand prints as soon as it has looked at the cluster: replicas whose primary is not in the list. */
export function discoveryText(cluster: Cluster, style: ClusterStyle): string {
  const listing = listingOf(cluster);
  const known = new Set(listing.nodes.map(({ id }) => id));
  const orphans = listing.nodes.filter(({ primaryId }) => primaryId !== undefined && !known.has(primaryId));
  const lines = orphans.map((node) => {
    const claim = `claims to be ${WORDS[style.wording].replica} of unknown node ID ${node.primaryId}`;
    return redisCliLine("warning", `*** WARNING: ${labelOf(node, listing, style)} ${claim}.`, style);
  });
  return lines.join("");
}
