import type { Cluster } from "../../model/cluster.ts";
import { keyCountOf } from "../../model/facts.ts";
import { countSlots, SLOT_COUNT } from "../../model/slot.ts";
import { labelOf, listingOf } from "./listing.ts";
import { type ClusterStyle, redisCliLine, WORDS } from "./style.ts";

/** The report of `info`, with which `check` and `fix` begin as well: keys, slots and replicas of every listed primary. */
export function infoText(cluster: Cluster, style: ClusterStyle): string {
  const words = WORDS[style.wording];
  const listing = listingOf(cluster);
  const primaries = listing.nodes.filter(({ role }) => role === "primary");
  const keys = primaries.map(({ facts }) => (facts === undefined ? 0 : keyCountOf(facts)));
  const total = keys.reduce((sum, count) => sum + count, 0);

  const lines = primaries.map((node, i) => {
    const name = `${labelOf(node, listing, style)} (${node.id.slice(0, 8)}...)`;
    const replicas = `${listing.replicaCounts.get(node.id) ?? 0} ${words.replicas}`;
    return `${name} -> ${keys[i]} keys | ${countSlots(node.slots)} slots | ${replicas}.\n`;
  });
  return [
    ...lines,
    redisCliLine("ok", `[OK] ${total} keys in ${primaries.length} ${words.primaries}.`, style),
    `${keysPerSlot(total)} keys per slot on average.\n`,
  ].join("");
}

/** Two decimals the way C's printf rounds: an exact half goes to the even digit, where toFixed would go up. */
function keysPerSlot(keys: number): string {
  const hundredths = (keys * 100) / SLOT_COUNT;
  const floor = Math.floor(hundredths);
  const isTie = hundredths - floor === 0.5;
  return ((isTie ? floor + (floor % 2) : Math.round(hundredths)) / 100).toFixed(2);
}
