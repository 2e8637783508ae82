import type { Address } from "../../model/address.ts";
import type { NodeId } from "../../model/cluster.ts";
import type { SlotRanges } from "../../model/slot.ts";

/** A server that `create` was given. */
export interface ProposedNode {
  readonly id: NodeId;
  /** As typed: redis-cli tells hosts apart by what was typed, and prints it. */
  readonly address: Address;
  /** Its words in CLUSTER NODES, "master" if left out. */
  readonly flags?: readonly string[];
}

export interface ProposedShard {
  readonly primary: ProposedNode;
  readonly slots: SlotRanges;
  readonly replicas: readonly ProposedNode[];
}

/** The cluster that `create` would build. */
export interface Proposal {
  /** In the order of the command line. */
  readonly nodes: readonly ProposedNode[];
  /** In the order of their slots. */
  readonly shards: readonly ProposedShard[];
  /** What --cluster-replicas asked for; a shard that has more has them from the nodes left over. */
  readonly replicasPerPrimary: number;
}
