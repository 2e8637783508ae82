import type { Cluster, NodeId } from "../../model/cluster.ts";
import { formatRanges, toRanges } from "../../model/slot.ts";
import type { NodesById } from "./choose-owner.ts";
import { nameOf } from "./decide.ts";
import type { Decision } from "./decision.ts";
import { isReached } from "./slot-picture.ts";
import { awaitedText } from "./takeovers.ts";

export function lossWarnings(decisions: readonly Decision[], cluster: Cluster, nodes: NodesById): readonly string[] {
  const lost = new Map<NodeId, number[]>();
  for (const { givenUp, picture } of decisions) {
    if (givenUp !== undefined) lost.set(givenUp, [...(lost.get(givenUp) ?? []), picture.slot]);
  }
  return [...lost].map(([id, slots]) => {
    const what = `the keys of slots ${formatRanges(toRanges(slots))} that only ${nameOf(id, nodes)} holds are lost`;
    const then = nodes.get(id)?.noAddress === true ? "" : ": when it returns, it drops them";
    return `${what}${then}. ${alternativesTo(id, cluster, nodes)}`;
  });
}

export function returnWarnings(decisions: readonly Decision[], nodes: NodesById): readonly string[] {
  const risky = decisions.filter(({ awaited, moveTo }) => awaited !== undefined && moveTo !== undefined);
  const slots = risky.map(({ picture }) => picture.slot);
  return slots.length === 0 ? [] : [awaitedText(risky[0]!.awaited!, slots, nodes)];
}

/** What to try before a primary is given up. */
export function alternativesTo(id: NodeId, cluster: Cluster, nodes: NodesById): string {
  const replica = cluster.nodes.find((node) => node.role === "replica" && node.primaryId === id && isReached(node));
  if (replica === undefined && nodes.get(id)?.noAddress === true) {
    return "What ran there was wiped, or has another id now: its keys are in a backup, or on its disk";
  }
  if (replica === undefined) return "Better bring it back";
  return `Better bring it back, or let its replica take over: CLUSTER FAILOVER TAKEOVER on ${nameOf(replica.id, nodes)}`;
}
