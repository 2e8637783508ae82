import { formatAddress } from "../model/address.ts";
import { type Cluster, type ClusterNode, type NodeId, nodeById } from "../model/cluster.ts";
import { shortName } from "./words.ts";

/**
 * How nodes are called in a table; outside of a terminal, with no width, by their whole address. Of hosts with long names, such as a StatefulSet has, only the first part is said where
 * two columns of the whole would leave no room for anything else, and where it still tells them apart.
 */
export function tableNames(cluster: Cluster, width: number | undefined): (id: NodeId) => string {
  const isLong = width !== undefined && cluster.nodes.some(({ address }) => formatAddress(address).length > width / 3);
  const shortened = new Set(cluster.nodes.map(firstPart));
  if (!isLong || shortened.size < cluster.nodes.length) return (id) => shortName(cluster, id);
  return (id) => {
    const node = nodeById(cluster, id);
    return node === undefined ? id.slice(0, 8) : firstPart(node);
  };
}

function firstPart({ address }: ClusterNode): string {
  const [, first] = /^([a-z][\w-]*)\./i.exec(address.host) ?? [];
  return first === undefined ? formatAddress(address) : `${first}…:${address.port}`;
}
