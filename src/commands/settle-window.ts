import { type Cluster, membersOf } from "../model/cluster.ts";

/** What servers use unless they are told otherwise. */
const USUAL_NODE_TIMEOUT_MS = 15_000;

/** Twice the longest node timeout, in milliseconds: what gossip needs to carry a change everywhere, or to give up a node. */
export function settleWindowOf(cluster: Cluster): number {
  const settings = membersOf(cluster).map(({ facts }) => facts?.settings.get("cluster-node-timeout"));
  const timeouts = settings.filter((value) => value !== undefined).map(Number);
  return 2 * (timeouts.length === 0 ? USUAL_NODE_TIMEOUT_MS : Math.max(...timeouts));
}
