import { formatAddress } from "../model/address.ts";
import { type Cluster, type ClusterNode, shardsOf, slotCountOf } from "../model/cluster.ts";
import { keyCountOf } from "../model/facts.ts";
import { findNode } from "../model/find-node.ts";
import { bytesText, count } from "../view/words.ts";
import type { Choice } from "./prompt.ts";

/** Primaries in slot order, each with what there is to know before slots are taken from it or given to it. */
export function primaryChoices(
  cluster: Cluster,
  isOffered: (primary: ClusterNode) => boolean = () => true,
): readonly Choice<ClusterNode>[] {
  return shardsOf(cluster)
    .filter(({ primary }) => isOffered(primary))
    .map(({ primary, replicas }) => ({
      value: primary,
      cells: [
        nodeWord(primary, cluster),
        count(slotCountOf(primary), "slot"),
        ...contentCells(primary),
        count(replicas.length, "replica"),
        ...zoneCells(primary),
      ],
    }));
}

/** Every node, primaries with their replicas below them. */
export function memberChoices(cluster: Cluster): readonly Choice<ClusterNode>[] {
  return shardsOf(cluster).flatMap(({ primary, replicas }) => [
    { value: primary, cells: memberCells(primary, cluster, count(slotCountOf(primary), "slot")) },
    ...replicas.map((replica) => ({
      value: replica,
      cells: memberCells(replica, cluster, `of ${nodeWord(primary, cluster)}`),
    })),
  ]);
}

function memberCells(node: ClusterNode, cluster: Cluster, what: string): readonly string[] {
  return [nodeWord(node, cluster), node.role, what, ...contentCells(node), ...zoneCells(node)];
}

function contentCells({ facts }: ClusterNode): readonly [string, string] {
  if (facts === undefined) return ["no answer", ""];
  return [count(keyCountOf(facts), "key"), bytesText(facts.usedMemoryBytes)];
}

function zoneCells({ zone }: ClusterNode): readonly string[] {
  return [zone === undefined ? "" : `zone ${zone}`];
}

/** What names the node on a command line: its address, or its id where that would not do. */
export function nodeWord({ id, address }: ClusterNode, cluster: Cluster): string {
  const text = formatAddress(address);
  return findNode(cluster, text).kind === "found" ? text : id;
}
