import { mapOf, type PlacementNode } from "./cluster-map.ts";
import { compareCosts, shardCost } from "./placement-cost.ts";
import type { PlacedShard } from "./violations.ts";

/**
 * Gives each of some further replicas a primary, leaving those where they are that have one, by the criteria of
 * `placeReplicas`: first nobody goes without a replica, then zone, then host, then even counts. Each takes the best
 * place in turn; then pairs that do better the other way round change places.
 *
 * Returns the name of the primary for each name, in their order. There must be a shard if there is a replica.
 */
export function placeMore(
  shards: readonly PlacedShard[],
  newcomers: readonly string[],
  nodes: readonly PlacementNode[],
): ReadonlyMap<string, string> {
  const map = mapOf(nodes);
  const copies = new Map(shards.map(({ primary, replicas }) => [primary, [...replicas]]));
  const costOf = (primary: string, replicas: readonly string[]) => shardCost({ primary, replicas }, 1, map);
  const placed = new Map<string, string>();

  for (const newcomer of newcomers) {
    const prices = [...copies].map(([primary, replicas]) => ({
      primary,
      cost: difference(costOf(primary, [...replicas, newcomer]), costOf(primary, replicas)),
    }));
    const best = prices.reduce((left, right) => (compareCosts(right.cost, left.cost) < 0 ? right : left));
    copies.get(best.primary)!.push(newcomer);
    placed.set(newcomer, best.primary);
  }

  const swapped = (one: string, other: string) => {
    const [here, there] = [placed.get(one)!, placed.get(other)!];
    if (here === there) return false;
    const ofHere = copies.get(here)!;
    const ofThere = copies.get(there)!;
    const newHere = ofHere.map((name) => (name === one ? other : name));
    const newThere = ofThere.map((name) => (name === other ? one : name));
    const before = sum(costOf(here, ofHere), costOf(there, ofThere));
    if (compareCosts(sum(costOf(here, newHere), costOf(there, newThere)), before) >= 0) return false;
    copies.set(here, newHere).set(there, newThere);
    placed.set(one, there).set(other, here);
    return true;
  };
  // Each swap makes the whole cheaper, so this comes to an end.
  while (newcomers.some((one, i) => newcomers.slice(i + 1).some((other) => swapped(one, other))));
  return placed;
}

function difference(left: readonly number[], right: readonly number[]): readonly number[] {
  return left.map((number, i) => number - right[i]!);
}

function sum(left: readonly number[], right: readonly number[]): readonly number[] {
  return left.map((number, i) => number + right[i]!);
}
