import { formatAddress } from "./address.ts";
import { type Cluster, type ClusterNode, membersOf } from "./cluster.ts";

/** The node that a text names, or why it names none. */
export type NodeSearch =
  | { readonly kind: "found"; readonly node: ClusterNode }
  | { readonly kind: "unknown" }
  | { readonly kind: "ambiguous"; readonly nodes: readonly ClusterNode[] };

/** By full id, any unique beginning of an id, host:port, or the hostname or nodename that a node announces. */
export function findNode(cluster: Cluster, text: string): NodeSearch {
  const members = membersOf(cluster);
  const exact = members.filter((node) => isNamed(node, text));
  if (exact.length > 0) return searchResult(exact);
  const prefix = /^[0-9a-f]+$/i.test(text) ? members.filter(({ id }) => id.startsWith(text.toLowerCase())) : [];
  return searchResult(prefix);
}

function isNamed({ id, address, dial, hostname, aux }: ClusterNode, text: string): boolean {
  const names = [id, formatAddress(address), `${address.host}:${address.port}`, formatAddress(dial)];
  if (hostname !== undefined) names.push(hostname, `${hostname}:${address.port}`);
  const nodename = aux.get("nodename");
  if (nodename !== undefined && nodename !== "") names.push(nodename);
  return names.includes(text) || id === text.toLowerCase();
}

function searchResult(nodes: readonly ClusterNode[]): NodeSearch {
  if (nodes.length === 0) return { kind: "unknown" };
  return nodes.length === 1 ? { kind: "found", node: nodes[0]! } : { kind: "ambiguous", nodes };
}
