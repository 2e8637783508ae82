import { type Cluster, membersOf, shardsOf } from "../model/cluster.ts";
import { count } from "./words.ts";

export function sizeText(cluster: Cluster): string {
  const shards = shardsOf(cluster).filter(({ primary }) => primary.slots.length > 0);
  return `${count(shards.length, "shard")} on ${count(membersOf(cluster).length, "node")}`;
}
