import { type Cluster, type ClusterNode, type Shard, shardsOf } from "../model/cluster.ts";
import {
  complementRanges,
  formatRanges,
  intersectRanges,
  type SlotRanges,
  toRanges,
  unionRanges,
} from "../model/slot.ts";

export interface BackupRequest {
  /** Take replicas that are in sync, so that primaries need not fork. */
  readonly fromReplicas: boolean;
}

/** Whose data set is taken for a shard. */
export interface BackupSource {
  readonly primary: ClusterNode;
  readonly node: ClusterNode;
}

/** Why a backup is not of the whole cluster, or not of one that stands still. */
export type BackupProblem =
  | { readonly kind: "unreadable-shard"; readonly primary: ClusterNode; readonly replicas: number }
  | { readonly kind: "nobody-owns"; readonly slots: SlotRanges }
  | { readonly kind: "owned-twice"; readonly slots: SlotRanges }
  | { readonly kind: "open"; readonly slots: SlotRanges };

export interface BackupPlan {
  readonly sources: readonly BackupSource[];
  /** With any of these it is a partial backup. */
  readonly problems: readonly BackupProblem[];
  /** Shards that have no replica in sync, so that the primary itself is asked. */
  readonly withoutReplica: readonly ClusterNode[];
}

/**
 * Decides who is asked for which shard. A replica serves when its link is up and it is not copying itself; of several the
 * one that is farthest.
 */
export function planBackup(cluster: Cluster, { fromReplicas }: BackupRequest): BackupPlan {
  const owners = shardsOf(cluster).filter(({ primary }) => primary.slots.length > 0);
  const chosen = owners.map((shard) => ({ shard, node: sourceOf(shard, fromReplicas) }));
  return {
    sources: chosen.flatMap(({ shard: { primary }, node }) => (node === undefined ? [] : [{ primary, node }])),
    problems: problemsOf(cluster, chosen),
    withoutReplica: fromReplicas
      ? chosen.filter(({ shard, node }) => node === shard.primary).map(({ shard }) => shard.primary)
      : [],
  };
}

interface Chosen {
  readonly shard: Shard;
  readonly node: ClusterNode | undefined;
}

function sourceOf({ primary, replicas }: Shard, fromReplicas: boolean): ClusterNode | undefined {
  const [farthest] = fromReplicas ? replicas.filter(isInSync).sort((a, b) => offsetOf(b) - offsetOf(a)) : [];
  return farthest ?? (primary.view === undefined ? undefined : primary);
}

function isInSync({ facts }: ClusterNode): boolean {
  const replication = facts?.replication;
  return replication?.role === "replica" && replication.linkUp && !replication.syncing && facts?.loading === false;
}

function offsetOf({ facts }: ClusterNode): number {
  return facts?.replication.offset ?? 0;
}

function problemsOf(cluster: Cluster, chosen: readonly Chosen[]): readonly BackupProblem[] {
  const unread = chosen.filter(({ node }) => node === undefined);
  const open = toRanges(cluster.nodes.flatMap(({ openSlots }) => openSlots.map(({ slot }) => slot)));
  const owned = chosen.map(({ shard }) => shard.primary.slots);
  const nobody = complementRanges(unionRanges(...owned));
  const twice = sharedSlots(owned);
  return [
    ...unread.map(
      ({ shard }) =>
        ({
          kind: "unreadable-shard",
          primary: shard.primary,
          replicas: shard.replicas.filter(isInSync).length,
        }) as const,
    ),
    ...(nobody.length > 0 ? [{ kind: "nobody-owns", slots: nobody } as const] : []),
    ...(twice.length > 0 ? [{ kind: "owned-twice", slots: twice } as const] : []),
    ...(open.length > 0 ? [{ kind: "open", slots: open } as const] : []),
  ];
}

function sharedSlots(sets: readonly SlotRanges[]): SlotRanges {
  let seen: SlotRanges = [];
  let shared: SlotRanges = [];
  for (const slots of sets) {
    shared = unionRanges(shared, intersectRanges(seen, slots));
    seen = unionRanges(seen, slots);
  }
  return shared;
}

/** Who owns what while a backup is made: when this changes on the way, keys may be in two files, or in none. */
export function slotMapOf(cluster: Cluster): string {
  const lines = shardsOf(cluster).map(({ primary: { id, slots } }) => `${id} ${formatRanges(slots)}`);
  const open = cluster.nodes.flatMap(({ id, openSlots }) =>
    openSlots.map(({ slot, state }) => `${id} ${slot} ${state}`),
  );
  return [...lines, ...open].sort().join("\n");
}
