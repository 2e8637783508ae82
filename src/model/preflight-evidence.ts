import type { NodeId } from "./cluster.ts";
import type { BigKey } from "./evidence.ts";
import type { SlotRanges } from "./slot.ts";

/** Slots that are to change their owner, and how. */
export interface MoveEnds {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly slots: SlotRanges;
  readonly method: "keys" | "atomic";
}

/** The same, as far as it matters for whether that can go well. */
export interface IntendedMove extends MoveEnds {
  /** Keys that go over; undefined where nobody could count them. */
  readonly keys: number | undefined;
  /** The largest that was found among them, where anybody looked. */
  readonly largestKey?: BigKey | undefined;
}

/** What a server says of its memory, in bytes. */
export interface MemoryFacts {
  /** What counts against maxmemory: buffers for replicas do not. */
  readonly used: number;
  /** What its keys take, as near as it tells: all that it has allocated since its start, buffers left out. */
  readonly keyspace: number;
  /** 0: no limit. */
  readonly limit: number;
  /** "noeviction", "allkeys-lru", "volatile-ttl" … */
  readonly policy: string;
}

/** What a server would not let our user do, in its own words. */
export interface Refusal {
  /** "CLUSTER SETSLOT" */
  readonly command: string;
  readonly why: string;
}

/** What one node tells that matters for a move; asked for right before it. */
export interface NodeEvidence {
  readonly memory: MemoryFacts;
  /** Over all databases. */
  readonly keys: number;
  /** Of these, keys that have a time to live. */
  readonly keysWithTtl: number;
  readonly commandsPerSecond: number;
  /** Bytes by slot, where the server keeps that account: Redis 8.4 and up when it was started so. */
  readonly slotBytes: ReadonlyMap<number, number> | undefined;
  /** Whether, as a replica, it leaves evicting to its primary. */
  readonly ignoresLimitAsReplica: boolean;
  /** How much output for a replica, or an atomic migration, it holds before it gives up; 0: no limit. Undefined: unknown. */
  readonly replicaOutputLimit: number | undefined;
  readonly refusals: readonly Refusal[];
}

/** A target that would not take what the replication user of the source sends it. */
export interface ReplicationRefusal {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly why: string;
}

/** An atomic slot migration that goes on already. */
export interface RunningMigration {
  readonly source: string | undefined;
  readonly target: string | undefined;
  readonly slots: SlotRanges;
  /** Of whom it was heard. */
  readonly node: NodeId;
}

/** All that has to be known before slots are moved, beyond the shape of the cluster. */
export interface PreflightEvidence {
  readonly nodes: ReadonlyMap<NodeId, NodeEvidence>;
  readonly replication: readonly ReplicationRefusal[];
  readonly running: readonly RunningMigration[];
}
