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
  return compareCosts(costOf(second, input), costOf(first, input)) < 0 ? second : first;
}

/** Less than 0 when the left is better; the first criterion that differs decides. */
export function compareCosts(left: readonly number[], right: readonly number[]): number {
  return left.map((criterion, i) => criterion - right[i]!).find((criterion) => criterion !== 0) ?? 0;
}

/** One number for each criterion of `placeReplicas` but the last, in its order. Less is better. */
export function costOf(
  shards: readonly PlacedShard[],
  { perPrimary, map }: Pick<PlacementInput, "perPrimary" | "map">,
): readonly number[] {
  const costs = shards.map((shard) => shardCost(shard, perPrimary, map));
  return [0, 1, 2, 3, 4].map((criterion) => sum(costs.map((cost) => cost[criterion]!)));
}

/** What one shard adds to each criterion. */
export function shardCost(shard: PlacedShard, perPrimary: number, map: ClusterMap): readonly number[] {
  const count = shard.replicas.length;
  return [
    Math.max(wantedEach(perPrimary) - count, 0) ** 2,
    commonZone(shard, map) === undefined ? 0 : 1,
    replicasOnPrimaryHost(shard, map).length,
    sum(copiesByHost(shard, map).map(({ length }) => pairsAmong(length))),
    pairsAmong(count),
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
