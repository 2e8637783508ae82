import type { Cluster, ClusterNode, OpenSlot } from "../../model/cluster.ts";
import { slotCountOf } from "../../model/cluster.ts";
import { listingOf } from "./listing.ts";

/** Where redis-cli says that a node is: the entry node is where the user said. */
export type PlaceOf = (node: ClusterNode) => { readonly host: string; readonly port: number };

/** The nodes.json of `--cluster backup`, byte for byte; `errors` is the length of redis-cli's list of errors. */
export function nodesFileText(cluster: Cluster, errors: number, placeOf: PlaceOf): string {
  const nodes = listingOf(cluster).nodes.map((node) => nodeText(node, errors, placeOf));
  return `[\n${nodes.join(",\n")}\n]`;
}

function nodeText(node: ClusterNode, errors: number, placeOf: PlaceOf): string {
  const { host, port } = placeOf(node);
  const slots = node.slots.map(({ start, end }) => (start === end ? `[${start}]` : `[${start},${end}]`));
  const fields: readonly (readonly [string, string])[] = [
    ["name", JSON.stringify(node.id)],
    ["host", JSON.stringify(host)],
    ["port", String(port)],
    ["replicate", node.primaryId === undefined ? "null" : JSON.stringify(node.primaryId)],
    ["slots", `[${slots.join(",")}]`],
    ["slots_count", String(slotCountOf(node))],
    ["flags", JSON.stringify(node.flags.join(","))],
    ["current_epoch", String(node.configEpoch)],
    ...(errors === 0 ? [] : [["cluster_errors", String(errors)] as const]),
    ...openSlots("migrating", node.openSlots),
    ...openSlots("importing", node.openSlots),
  ];
  return `  {\n${fields.map(([name, value]) => `    "${name}": ${value}`).join(",\n")}\n  }`;
}

function openSlots(state: OpenSlot["state"], open: readonly OpenSlot[]): readonly (readonly [string, string])[] {
  const pairs = open.filter((slot) => slot.state === state).map(({ slot, peerId }) => `"${slot}": "${peerId}"`);
  return pairs.length === 0 ? [] : [[state, `{${pairs.join(",")}}`]];
}
