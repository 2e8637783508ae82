import type { Health, NodeId, Role, Unreachable } from "../../model/cluster.ts";
import type { SlotRanges } from "../../model/slot.ts";
import type { FunctionDrift, MixedVersions, SettingDrift } from "../drift.ts";
import type { PlacementViolation } from "../violations.ts";

/** Something wrong with a cluster, with the evidence for it. */
export type Problem =
  | { readonly kind: "uncovered-slots"; readonly slots: SlotRanges }
  | { readonly kind: "several-owners"; readonly slots: SlotRanges; readonly owners: readonly NodeId[] }
  | {
      readonly kind: "open-slots";
      readonly node: NodeId;
      readonly state: "migrating" | "importing";
      readonly slots: SlotRanges;
      readonly peers: readonly NodeId[];
    }
  | { readonly kind: "disagreement"; readonly nodes: readonly NodeId[]; readonly differences: readonly Difference[] }
  | { readonly kind: "unknown-member"; readonly node: NodeId; readonly unknownTo: readonly NodeId[] }
  | { readonly kind: "node-unreachable"; readonly node: NodeId; readonly role: Role; readonly reason: Unreachable }
  | {
      readonly kind: "node-suspected";
      readonly node: NodeId;
      readonly health: Exclude<Health, "ok">;
      readonly saidBy: readonly NodeId[];
    }
  | { readonly kind: "cluster-state"; readonly nodes: readonly NodeId[] }
  | { readonly kind: "epoch-collision"; readonly epoch: number; readonly nodes: readonly NodeId[] }
  | { readonly kind: "stray-keys"; readonly node: NodeId; readonly keys: number; readonly slots: SlotRanges }
  | { readonly kind: "ghost"; readonly node: NodeId; readonly knownTo: readonly NodeId[] }
  | { readonly kind: "handshake"; readonly address: string; readonly seenBy: readonly NodeId[] }
  | { readonly kind: "duplicate-address"; readonly address: string; readonly nodes: readonly NodeId[] }
  | { readonly kind: "unknown-primary"; readonly node: NodeId; readonly primary: NodeId | undefined }
  | {
      readonly kind: "replica-link-down";
      readonly node: NodeId;
      readonly primary: NodeId;
      readonly syncing: boolean;
      readonly wantsPassword: boolean;
    }
  | FunctionDrift
  | { readonly kind: "replica-lagging"; readonly node: NodeId; readonly primary: NodeId; readonly bytes: number }
  | { readonly kind: "no-replica"; readonly primaries: readonly NodeId[] }
  | {
      readonly kind: "uneven-replicas";
      readonly fewest: number;
      readonly most: number;
      readonly shards: readonly NodeId[];
    }
  | { readonly kind: "few-primaries"; readonly count: number }
  | { readonly kind: "anti-affinity"; readonly shards: number; readonly violations: readonly PlacementViolation[] }
  | SettingDrift
  | MixedVersions;

/** Slots that a node gives to `owner` where most others give them to `elsewhere`; undefined is nobody. */
export interface Difference {
  readonly slots: SlotRanges;
  readonly owner: NodeId | undefined;
  readonly elsewhere: NodeId | undefined;
}
