import type { NodeId } from "./cluster.ts";

/** What was found out about single slots, beyond what the nodes say of their maps. */
export interface SlotEvidence {
  /** Keys by node and slot, over all databases; only slots that hold any. A node that could not be asked is missing. */
  readonly keys: ReadonlyMap<NodeId, ReadonlyMap<number, number>>;
  /** Keys that more than one node holds under the same name, by slot. Whether their values are equal it does not say. */
  readonly sharedKeys: ReadonlyMap<number, number>;
}

/** What becomes of a key that two nodes hold with different values. */
export type ConflictPolicy =
  /** Neither is touched. */
  | "leave"
  /** The slot's owner keeps its value. */
  | "owner"
  /** The copy that was used last stays. */
  | "newest"
  /** The owner keeps its value, and the other one gets another name. */
  | "keep-both"
  /** Somebody is asked about each key. */
  | "ask";
