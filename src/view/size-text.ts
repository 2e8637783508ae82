import { type Cluster, membersOf, shardsOf } from "../model/cluster.ts";
import { count } from "./words.ts";

export function sizeText(cluster: Cluster): string {
  const shards = shardsOf(cluster).filter(({ primary }) => primary.slots.length > 0);
  return `${count(shards.length, "shard")} on ${count(membersOf(cluster).length, "node")}`;
}

/** "redis 7.0.15", or all that there are. */
export function versionsText(cluster: Cluster): string {
  const versions = new Set(
    membersOf(cluster).flatMap(({ facts }) => (facts === undefined ? [] : [`${facts.engine} ${facts.version}`])),
  );
  return [...versions].sort().join(", ");
}
