import type { ClusterMap } from "./cluster-map.ts";
import { commonZone, copiesByHost, type PlacedShard, replicasOnPrimaryHost } from "./violations.ts";

export interface PlacementInput {
  readonly primaries: readonly string[];
  /** The replicas, in the order in which redis-cli would hand them out. */
  readonly pool: readonly string[];
  readonly perPrimary: number;
  readonly map: ClusterMap;
}

/** True when nothing could be better: no two copies together, and replica counts that differ by at most one. */
export function isFlawless(shards: readonly PlacedShard[], input: PlacementInput): boolean {
  const counts = shards.map(({ replicas }) => replicas.length);
  const [, oneZone, onPrimaryHost, sameHost] = costOf(shards, input);
  return oneZone === 0 && onPrimaryHost === 0 && sameHost === 0 && Math.max(...counts) - Math.min(...counts) <= 1;
}

export function betterOf(first: readonly PlacedShard[], second: readonly PlacedShard[], input: PlacementInput) {
  const cost = costOf(first, input);
  const difference = costOf(second, input).map((criterion, i) => criterion - cost[i]!);
  return (difference.find((criterion) => criterion !== 0) ?? 0) < 0 ? second : first;
}

/** One number for each criterion of `placeReplicas` but the last, in its order. Less is better. */
export function costOf(
  shards: readonly PlacedShard[],
  { perPrimary, map }: Pick<PlacementInput, "perPrimary" | "map">,
): readonly number[] {
  const counts = shards.map(({ replicas }) => replicas.length);
  return [
    sum(counts.map((count) => Math.max(wantedEach(perPrimary) - count, 0) ** 2)),
    shards.filter((shard) => commonZone(shard, map) !== undefined).length,
    sum(shards.map((shard) => replicasOnPrimaryHost(shard, map).length)),
    sum(shards.flatMap((shard) => copiesByHost(shard, map)).map(({ length }) => pairsAmong(length))),
    sum(counts.map(pairsAmong)),
  ];
}

export function wantedEach(perPrimary: number): number {
  return Math.max(perPrimary, 1);
}

function pairsAmong(count: number): number {
  return (count * (count - 1)) / 2;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
