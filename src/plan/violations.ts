import { type ClusterMap, mapOf, type PlacementNode } from "./cluster-map.ts";
import { groupBy } from "./group-by.ts";

/** A primary and its replicas, by name. */
export interface PlacedShard {
  readonly primary: string;
  readonly replicas: readonly string[];
}

/** Copies of a shard that one failure would take away together. `shard` names the primary. */
export type PlacementViolation =
  | { readonly kind: "one-zone"; readonly shard: string; readonly zone: string; readonly why: string }
  | {
      readonly kind: "replica-on-primary-host";
      readonly shard: string;
      readonly replica: string;
      readonly host: string;
      readonly why: string;
    }
  | {
      readonly kind: "replicas-share-host";
      readonly shard: string;
      readonly replicas: readonly string[];
      readonly host: string;
      readonly why: string;
    };

/**
 * What a failure of one zone or host would take away together, shard by shard. `why` says just what is so.
 * One zone is only held against a shard with replicas whose zones are all known, in a cluster with several zones.
 * Replicas on the host of their primary are not told once more for sharing it. A copy that is not among the nodes
 * stands nobody knows where.
 */
export function findViolations(
  shards: readonly PlacedShard[],
  nodes: readonly PlacementNode[],
): readonly PlacementViolation[] {
  return violationsOf(shards, mapOf(nodes));
}

export function violationsOf(shards: readonly PlacedShard[], map: ClusterMap): readonly PlacementViolation[] {
  return shards.flatMap((shard) => [...zoneViolations(shard, map), ...hostViolations(shard, map)]);
}

function zoneViolations(shard: PlacedShard, map: ClusterMap): readonly PlacementViolation[] {
  const zone = commonZone(shard, map);
  if (zone === undefined) return [];
  const why = `all ${shard.replicas.length + 1} copies are in zone ${zone}`;
  return [{ kind: "one-zone", shard: shard.primary, zone, why }];
}

function hostViolations(shard: PlacedShard, map: ClusterMap): readonly PlacementViolation[] {
  const { primary } = shard;
  const withPrimary = replicasOnPrimaryHost(shard, map).map((replica) => {
    const { host } = map.siteOf.get(replica)!;
    const why = `${replica} is on the same host as its primary ${primary}`;
    return { kind: "replica-on-primary-host", shard: primary, replica, host, why } as const;
  });
  const together = copiesByHost(shard, map).filter((copies) => copies.length > 1 && !copies.includes(primary));
  const sharing = together.map((replicas) => {
    const { host } = map.siteOf.get(replicas[0]!)!;
    const why = `${replicas.length} replicas of ${primary} are on host ${host}`;
    return { kind: "replicas-share-host", shard: primary, replicas, host, why } as const;
  });
  return [...withPrimary, ...sharing];
}

/** The one zone that all copies of a shard are in, where that is known and counts as a violation. */
export function commonZone(
  { primary, replicas }: PlacedShard,
  { siteOf, hasSeveralZones }: ClusterMap,
): string | undefined {
  const zone = siteOf.get(primary)?.zone;
  const isCommon = replicas.length > 0 && replicas.every((replica) => siteOf.get(replica)?.zone === zone);
  return hasSeveralZones && isCommon ? zone : undefined;
}

export function replicasOnPrimaryHost({ primary, replicas }: PlacedShard, { siteOf }: ClusterMap): readonly string[] {
  const site = siteOf.get(primary);
  return replicas.filter((replica) => site !== undefined && siteOf.get(replica) === site);
}

export function copiesByHost(
  { primary, replicas }: PlacedShard,
  { siteOf }: ClusterMap,
): readonly (readonly string[])[] {
  const known = [primary, ...replicas].filter((name) => siteOf.has(name));
  return [...groupBy(known, (name) => siteOf.get(name)).values()];
}
