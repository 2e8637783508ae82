import type { Address } from "../model/address.ts";
import type { NodeId } from "../model/cluster.ts";

/** A node as a plan names it: the id is what counts, the address is where its peers reach it. */
export interface NodeRef {
  readonly id: NodeId;
  readonly address: Address;
  /** Primaries of its shard before it, when it took over while the plan was carried out: slots may be open with them. */
  readonly formerly?: readonly NodeId[] | undefined;
}

/** A node that knows nobody yet is given its config epoch, so that no two primaries begin with the same one. */
export interface SetConfigEpoch {
  readonly kind: "set-config-epoch";
  readonly node: NodeRef;
  readonly epoch: number;
}

/** A node takes slots that nobody owns. Slots are written as Redis writes them: "0-5460,7000". */
export interface AddSlots {
  readonly kind: "add-slots";
  readonly node: NodeRef;
  readonly slots: string;
}

/** All these nodes become members of one cluster and know each other. */
export interface Meet {
  readonly kind: "meet";
  readonly nodes: readonly NodeRef[];
}

/** A node without slots becomes a replica. */
export interface Replicate {
  readonly kind: "replicate";
  readonly node: NodeRef;
  readonly primary: NodeRef;
  /** The step is done when the replica has copied its primary, because a later one relies on that copy. */
  readonly inSync?: true | undefined;
}

/**
 * `safe` loses no acknowledged write: the primary pauses its clients until the replica has everything. `force` goes
 * without the primary, `takeover` also without the votes of the other primaries.
 */
export type FailoverMode = "safe" | "force" | "takeover";

/** A replica takes the place of its primary, which becomes its replica when it lives. */
export interface Failover {
  readonly kind: "failover";
  /** The replica to promote. */
  readonly node: NodeRef;
  /** The primary whose place it takes. */
  readonly primary: NodeRef;
  readonly mode: FailoverMode;
}

/** How slots change their owner: key by key with MIGRATE, or by the servers' own atomic slot migration. */
export type MoveMethod = "keys" | "atomic";

/** Slots change their owner, keys included. All slots of a pair of nodes are one step. */
export interface MoveSlots {
  readonly kind: "move-slots";
  readonly from: NodeRef;
  readonly to: NodeRef;
  readonly slots: string;
  readonly method: MoveMethod;
}

/** The settings that a plan may change: a plan file comes from anywhere, and a server obeys every CONFIG SET. */
export type PlannedSetting = "cluster-allow-replica-migration";

/**
 * A node gets another value for one of its settings, until it restarts. Where a later step of the plan sets the same
 * one again, that puts it back: it is then carried out also when the run fails or is interrupted in between.
 */
export interface SetConfig {
  readonly kind: "set-config";
  readonly node: NodeRef;
  readonly setting: PlannedSetting;
  readonly value: string;
}

/** One change to the cluster. Plain data: it can be shown, saved, simulated or carried out. */
export type Step = SetConfigEpoch | AddSlots | Meet | Replicate | MoveSlots | SetConfig | Failover;

/** A shard as the plan means it to be in the end. */
export interface PlannedShard {
  readonly primary: NodeRef;
  readonly slots: string;
  readonly replicas: readonly NodeRef[];
}

export const PLAN_SCHEMA_VERSION = 1;

export interface Plan {
  readonly schemaVersion: typeof PLAN_SCHEMA_VERSION;
  readonly command: "create" | "reshard" | "rebalance" | "failover" | "rebalance-replicas";
  /** Signature of the cluster the plan was made for. */
  readonly madeFor: string;
  readonly steps: readonly Step[];
  /** Why it is as it is, where that is not plain to see. */
  readonly reasons: readonly string[];
  /** What the operator should know before saying yes. */
  readonly warnings: readonly string[];
  readonly expected: readonly PlannedShard[];
}
