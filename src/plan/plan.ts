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
  /** They need not agree yet on who owns what: later steps settle that. */
  readonly slotsLater?: true | undefined;
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

/** A node gets the function libraries of another; those that it has already are the same there. */
export interface LoadFunctions {
  readonly kind: "load-functions";
  readonly node: NodeRef;
  readonly from: NodeRef;
}

/** Every one of these nodes strikes a node off its list. Whatever the others say of it is then ignored for a minute. */
export interface Forget {
  readonly kind: "forget";
  /** A ghost may have no address: host "" and port 0. */
  readonly node: NodeRef;
  readonly from: readonly NodeRef[];
}

/** A node that was forgotten forgets the others, and as a replica its data. Hard: its id and its epochs too. */
export interface Reset {
  readonly kind: "reset";
  readonly node: NodeRef;
  readonly hard: boolean;
}

/** A node that was forgotten ends. */
export interface Shutdown {
  readonly kind: "shutdown";
  readonly node: NodeRef;
}

/** One change to the cluster. Plain data: it can be shown, saved, simulated or carried out. */
export type Step =
  | SetConfigEpoch
  | AddSlots
  | Meet
  | Replicate
  | MoveSlots
  | SetConfig
  | Failover
  | LoadFunctions
  | Forget
  | Reset
  | Shutdown
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
  readonly command:
    | "create"
    | "reshard"
    | "rebalance"
    | "failover"
    | "rebalance-replicas"
    | "add-node"
    | "del-node"
    | "forget"
    | "replace-node"
    | "fix";
  /** Signature of the cluster the plan was made for. */
  readonly madeFor: string;
  readonly steps: readonly Step[];
  /** Why it is as it is, where that is not plain to see. */
  readonly reasons: readonly string[];
  /** What the operator should know before saying yes. */
  readonly warnings: readonly string[];
  readonly expected: readonly PlannedShard[];
}

/** Nodes that are no members any more when the plan is done. */
export function leavingIn({ steps }: Pick<Plan, "steps">): ReadonlySet<NodeId> {
  const leaves = (step: Step) => step.kind === "forget" || step.kind === "reset" || step.kind === "shutdown";
  return new Set(steps.flatMap((step) => (leaves(step) && "node" in step ? [step.node.id] : [])));
}

/** Whoever is introduced to the members that the plan was made for. A plan that creates has none: all are alike. */
export function newcomersIn({
  command,
  steps,
  madeFor,
}: Pick<Plan, "command" | "steps" | "madeFor">): readonly NodeId[] {
  if (command === "create") return [];
  const before: ReadonlySet<string> = membersBefore({ madeFor });
  const met = steps.flatMap((step) => (step.kind === "meet" ? step.nodes : []));
  return met.map(({ id }) => id).filter((id) => !before.has(id));
}

/** Whoever was a member when the plan was made. */
export function membersBefore({ madeFor }: Pick<Plan, "madeFor">): ReadonlySet<string> {
  return new Set(madeFor.split("\n").map((line) => line.split(" ")[0]!));
}
