import { type ClusterMap, mapOf, type PlacementNode, type Site } from "./cluster-map.ts";
import { neighboursOf } from "./layout-neighbours.ts";
import { minCostFlow } from "./min-cost-flow.ts";
import { moveReplicas } from "./move-replicas.ts";
import { costOf } from "./placement-cost.ts";
import type { PlacedShard } from "./violations.ts";

export interface LayoutInput {
  /** As it stands, by names; there must be at least one. */
  readonly shards: readonly PlacedShard[];
  readonly map: ClusterMap;
  /** Replicas that every shard should have before any has more. */
  readonly perPrimary: number;
}

/**
 * Who should be where, and who of a shard its primary, in the order of `shards`. Of all layouts that were found it is
 * the best by the criteria 0 to 4 of `placeReplicas`, then by how evenly the primaries are spread over zones and over
 * hosts, and then by how few steps lead there. A shard keeps its current primary as one of its copies.
 *
 * For given primaries the replicas are placed exactly, and for given copies the primaries are chosen exactly; the two
 * take turns, from either end, until neither finds anything better. What only a change of both would better is then
 * looked for one node, or one pair of nodes, at a time, in clusters where that is quick.
 */
export function bestLayout(
  shards: readonly PlacedShard[],
  nodes: readonly PlacementNode[],
  perPrimary: number,
): readonly PlacedShard[] {
  const input = { shards, map: mapOf(nodes), perPrimary };
  const ends = [improve(shards, input), improve(choosePrimaries(shards, input), input)];
  const best = ends.reduce((first, second) => better(first, second, input), shards);
  return nodes.length > MOST_NODES_TO_TRY ? best : tryNeighbours(best, input);
}

const MOST_NODES_TO_TRY = 32;

/** Takes the best of all small changes for as long as there is one that betters anything. */
function tryNeighbours(start: readonly PlacedShard[], input: LayoutInput): readonly PlacedShard[] {
  let best = start;
  for (;;) {
    let next = best;
    for (const neighbour of neighboursOf(best)) next = better(next, neighbour, input);
    if (next === best) return best;
    best = next;
  }
}

/** So often the two take turns at the most; seldom more than twice. */
const ROUNDS = 5;

function improve(start: readonly PlacedShard[], input: LayoutInput): readonly PlacedShard[] {
  let best = start;
  for (let round = 0; round < ROUNDS; round++) {
    const moved = moveReplicas(best, input);
    const next = [moved, choosePrimaries(moved, input)].reduce((a, b) => better(a, b, input), best);
    if (next === best) break;
    best = next;
  }
  return best;
}

function better(
  first: readonly PlacedShard[],
  second: readonly PlacedShard[],
  input: LayoutInput,
): readonly PlacedShard[] {
  const cost = layoutCost(first, input);
  const difference = layoutCost(second, input).map((criterion, i) => criterion - cost[i]!);
  return (difference.find((criterion) => criterion !== 0) ?? 0) < 0 ? second : first;
}

/** One number for each criterion, the weightiest first. Less is better. */
export function layoutCost(layout: readonly PlacedShard[], input: LayoutInput): readonly number[] {
  const sites = layout.map(({ primary }) => input.map.siteOf.get(primary)!);
  return [
    ...costOf(layout, input),
    unevenness(sites.map((site) => site.zone ?? site)),
    unevenness(sites),
    countSteps(input.shards, layout),
  ];
}

function unevenness(places: readonly (Site | string)[]): number {
  const counts = new Map<Site | string, number>();
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum + count ** 2, 0);
}

/** Each replica that changes its shard takes a step, and so does each shard that changes its primary. */
export function countSteps(from: readonly PlacedShard[], to: readonly PlacedShard[]): number {
  const home = homesIn(from);
  const moved = to.flatMap((shard, s) => [shard.primary, ...shard.replicas].filter((name) => home.get(name) !== s));
  return moved.length + to.filter(({ primary }, s) => primary !== from[s]!.primary).length;
}

/** The place of each node's shard in the list. */
export function homesIn(shards: readonly PlacedShard[]): ReadonlyMap<string, number> {
  return new Map(
    shards.flatMap(({ primary, replicas }, s) => [primary, ...replicas].map((name) => [name, s] as const)),
  );
}

/**
 * The same copies with the best choice of primaries: a cheapest flow of shards over the hosts of their copies, and
 * from the hosts over their zones. Evenness is a price that rises with every primary that a host or zone has already.
 */
export function choosePrimaries(layout: readonly PlacedShard[], { shards, map }: LayoutInput): readonly PlacedShard[] {
  const sites = [...new Set(map.siteOf.values())];
  const zones = [...new Set(sites.flatMap(({ zone }) => zone ?? []))];
  const shardNode = (s: number) => 2 + s;
  const siteNode = (site: Site) => 2 + layout.length + sites.indexOf(site);
  const zoneNode = (zone: string) => 2 + layout.length + sites.length + zones.indexOf(zone);
  // Each weight is more than all that the smaller ones can add up to.
  const base = 2 * layout.length + 2;
  const [uneven, unevenZones, onPrimaryHost] = [base, base ** 2, base ** 3];

  const choices = layout.flatMap((shard, s) => sitesOf(shard, map).map((choice) => ({ ...choice, s })));
  const arcs = [
    ...choices.map(({ s, site, copies }) => ({
      from: shardNode(s),
      to: siteNode(site),
      capacity: 1,
      cost: (copies.length - 1) * onPrimaryHost + (copies.includes(shards[s]!.primary) ? 0 : 1),
      rise: 0,
      width: 1,
    })),
    ...layout.map((_, s) => ({ from: 0, to: shardNode(s), capacity: 1, cost: 0, rise: 0, width: 1 })),
    ...sites.map((site) => ({
      from: siteNode(site),
      to: site.zone === undefined ? 1 : zoneNode(site.zone),
      capacity: layout.length,
      cost: 0,
      // A host whose zone nobody knows stands for one of its own.
      rise: uneven + (site.zone === undefined ? unevenZones : 0),
      width: 1,
    })),
    ...zones.map((zone) => ({
      from: zoneNode(zone),
      to: 1,
      capacity: layout.length,
      cost: 0,
      rise: unevenZones,
      width: 1,
    })),
  ];
  const nodeCount = 2 + layout.length + sites.length + zones.length;
  const flow = minCostFlow({ nodeCount, source: 0, sink: 1, arcCount: arcs.length, arcs });
  return layout.map((shard, s) => {
    const { copies } = choices.find((choice, i) => choice.s === s && flow[i] === 1)!;
    return withPrimary(shard, copies.includes(shards[s]!.primary) ? shards[s]!.primary : preferred(copies, shards[s]!));
  });
}

/** A copy that is there already can take over at once. */
function preferred(copies: readonly string[], { replicas }: PlacedShard): string {
  return copies.find((name) => replicas.includes(name)) ?? copies[0]!;
}

function withPrimary({ primary, replicas }: PlacedShard, chosen: string): PlacedShard {
  return { primary: chosen, replicas: [primary, ...replicas].filter((name) => name !== chosen) };
}

function sitesOf({ primary, replicas }: PlacedShard, { siteOf }: ClusterMap) {
  const all = [primary, ...replicas];
  const sites = [...new Set(all.map((name) => siteOf.get(name)!))];
  return sites.map((site) => ({ site, copies: all.filter((name) => siteOf.get(name) === site) }));
}
