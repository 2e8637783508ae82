import type { PlacementNode } from "../../src/plan/cluster-map.ts";
import type { PlacedShard } from "../../src/plan/violations.ts";

type Cost = readonly number[];

/** The criteria of `placeReplicas` once more, written as they read. */
export function costOf(shards: readonly PlacedShard[], nodes: readonly PlacementNode[], perPrimary: number): Cost {
  const whereIs = new Map(nodes.map((node) => [node.name, whereabouts(node, nodes)]));
  const zones = new Set(nodes.flatMap(({ zone }) => zone ?? []));
  const copies = shards.map(({ primary, replicas }) => [primary, ...replicas].map((name) => whereIs.get(name)!));
  const shortfalls = copies.map(({ length }) => Math.max(Math.max(perPrimary, 1) - (length - 1), 0));
  const inOneZone = copies.filter((all) => all.length > 1 && all.every(({ zone }) => zone && zone === all[0]!.zone));
  const withPrimary = copies.flatMap(([primary, ...replicas]) => replicas.filter(({ host }) => host === primary!.host));
  const pairs = copies.flatMap((all) =>
    all.flatMap((one, i) => all.slice(0, i).filter(({ host }) => host === one.host)),
  );
  return [
    sumOfSquares(shortfalls),
    zones.size > 1 ? inOneZone.length : 0,
    withPrimary.length,
    pairs.length,
    sumOfSquares(copies.map(({ length }) => length - 1)),
  ];
}

function whereabouts({ host, zone }: PlacementNode, nodes: readonly PlacementNode[]) {
  const said = new Set(nodes.flatMap((other) => (other.host === host ? (other.zone ?? []) : [])));
  const known = zone ?? (said.size === 1 ? [...said][0] : undefined);
  return { host: `${host} in ${known}`, zone: known };
}

function sumOfSquares(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number ** 2, 0);
}

/** Tries every assignment there is. */
export function leastCost(
  primaries: readonly PlacementNode[],
  replicas: readonly PlacementNode[],
  perPrimary: number,
): Cost {
  const shards = primaries.map(({ name }) => ({ primary: name, replicas: [] as string[] }));
  let least: Cost | undefined;
  const assign = (r: number): void => {
    if (r === replicas.length) {
      const cost = costOf(shards, [...primaries, ...replicas], perPrimary);
      if (least === undefined || isLess(cost, least)) least = cost;
      return;
    }
    for (const shard of shards) {
      shard.replicas.push(replicas[r]!.name);
      assign(r + 1);
      shard.replicas.pop();
    }
  };
  assign(0);
  return least!;
}

export function isLess(cost: Cost, other: Cost): boolean {
  const i = cost.findIndex((criterion, c) => criterion !== other[c]);
  return i >= 0 && cost[i]! < other[i]!;
}
