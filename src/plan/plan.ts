import type { Address } from "../model/address.ts";
import type { NodeId } from "../model/cluster.ts";
import type { ConflictPolicy } from "../model/slot-evidence.ts";

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
  /** What becomes of keys that both hold with different values; left out, the move stops at the first. */
  readonly onConflict?: ConflictPolicy | undefined;
}

/** A node gives up its claim to slots that `owner` is to have. Its keys stay where they are, and are safe there. */
export interface DelSlots {
  readonly kind: "del-slots";
  readonly node: NodeRef;
  readonly owner: NodeRef;
  readonly slots: string;
}

/** A node becomes the owner of slots in every view, whatever the views were. No other may claim them and hold keys. */
export interface AssignSlots {
  readonly kind: "assign-slots";
  readonly node: NodeRef;
  readonly slots: string;
}

/** Slots that a node holds open for nothing are closed. On a replica that is done through its primary. */
export interface CloseSlots {
  readonly kind: "close-slots";
  readonly node: NodeRef;
  readonly slots: string;
}

/** Keys that a node holds of slots it does not own are moved to their owner. */
export interface BringKeys {
  readonly kind: "bring-keys";
  readonly from: NodeRef;
  readonly to: NodeRef;
  readonly slots: string;
  readonly onConflict: ConflictPolicy;
}

/** A primary that shares its config epoch with another takes a new one. */
export interface BumpEpoch {
  readonly kind: "bump-epoch";
  readonly node: NodeRef;
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
export type Step =
  | SetConfigEpoch
  | AddSlots
  | Meet
  | Replicate
  | MoveSlots
  | SetConfig
  | DelSlots
  | AssignSlots
  | CloseSlots
  | BringKeys
  | BumpEpoch;

/** A shard as the plan means it to be in the end. */
export interface PlannedShard {
  readonly primary: NodeRef;
  readonly slots: string;
  readonly replicas: readonly NodeRef[];
}

export const PLAN_SCHEMA_VERSION = 1;

export interface Plan {
  readonly schemaVersion: typeof PLAN_SCHEMA_VERSION;
  readonly command: "create" | "reshard" | "rebalance" | "fix";
  /** Signature of the cluster the plan was made for. */
  readonly madeFor: string;
  readonly steps: readonly Step[];
  /** Why it is as it is, where that is not plain to see. */
  readonly reasons: readonly string[];
  /** What the operator should know before saying yes. */
  readonly warnings: readonly string[];
  readonly expected: readonly PlannedShard[];
}
