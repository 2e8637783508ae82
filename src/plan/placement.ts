import { locate, mapOf, namesOf, type PlacementNode } from "./cluster-map.ts";
import { groupBy } from "./group-by.ts";
import { placeByFlow } from "./place-by-flow.ts";
import { betterOf, isFlawless, type PlacementInput } from "./placement-cost.ts";
import { reasonFor } from "./violation-reasons.ts";
import { type PlacedShard, type PlacementViolation, violationsOf } from "./violations.ts";

export interface Placement {
  readonly shards: readonly PlacedShard[];
  readonly violations: readonly PlacementViolation[];
}

/** The first `count` of the interleaved nodes, or all when there are fewer. Takes them in command line order. */
export function choosePrimaries(nodes: readonly PlacementNode[], count: number): readonly PlacementNode[] {
  return interleave(nodes).slice(0, count);
}

/**
 * Takes one node from each zone in turn, and inside a zone one from each host in turn, both in order of first
 * appearance: any first few of the result are spread over zones first and hosts second, as evenly as can be.
 * A host whose zone is unknown stands for a zone of its own, so without zones this is the order of redis-cli.
 */
export function interleave(nodes: readonly PlacementNode[]): readonly PlacementNode[] {
  const siteOf = locate(nodes);
  const site = (node: PlacementNode) => siteOf.get(node.name)!;
  const byZone = groupBy(nodes, (node) => site(node).zone ?? site(node));
  return takeInTurn([...byZone.values()].map((inZone) => takeInTurn([...groupBy(inZone, site).values()])));
}

/** The first of each list, then the second of each that has one, and so on. */
function takeInTurn<Item>(lists: readonly (readonly Item[])[]): readonly Item[] {
  const inRounds = lists.flatMap((list) => list.map((item, round) => ({ item, round })));
  return inRounds.sort((a, b) => a.round - b.round).map(({ item }) => item);
}

/**
 * Gives every replica node a primary, `perPrimary` each and the left-over ones spread. Of all ways to do so it takes
 * one that is best by these criteria, each weighing more than all that follow:
 *
 * 0. no shard goes short of `perPrimary` (when there are too few, they are spread evenly; a shard's first replica
 *    comes before any second one, even when `perPrimary` is 0);
 * 1. fewest shards with all their copies in one zone;
 * 2. fewest replicas on the host of their own primary;
 * 3. fewest pairs of copies of a shard on one host;
 * 4. most even replica counts;
 * 5. the assignment of redis-cli, where that is as good as any.
 *
 * The result depends on nothing but the order of the nodes. There must be a primary if there is a replica.
 */
export function placeReplicas(
  primaries: readonly PlacementNode[],
  replicas: readonly PlacementNode[],
  perPrimary: number,
): Placement {
  if (primaries.length === 0 && replicas.length > 0) throw new RangeError("Replicas need a primary to follow");

  const nodes = [...primaries, ...replicas];
  const input = { primaries: namesOf(primaries), pool: poolOf(primaries, nodes), perPrimary, map: mapOf(nodes) };
  const firstFit = placeFirstFit(input);
  const shards = isFlawless(firstFit, input) ? firstFit : betterOf(firstFit, placeByFlow(input), input);
  const violations = violationsOf(shards, input.map);
  return { shards, violations: violations.map((violation) => ({ ...violation, why: reasonFor(violation, input) })) };
}

/**
 * What interleaving leaves after the primaries, turned left by one: that is where redis-cli starts to hand out.
 * Primaries chosen by interleaving come first in `nodes`, which changes nothing: each is the first of its host anyway.
 */
function poolOf(primaries: readonly PlacementNode[], nodes: readonly PlacementNode[]): readonly string[] {
  const taken = new Set(namesOf(primaries));
  const rest = namesOf(interleave(nodes)).filter((name) => !taken.has(name));
  return [...rest.slice(1), ...rest.slice(0, 1)];
}

/**
 * The assignment redis-cli starts from: each primary in order takes the first node of the pool on another host,
 * or the first there is, until it has enough; what is left goes round one by one. (redis-cli goes round only once,
 * and leaves the rest as empty primaries.)
 */
function placeFirstFit({ primaries, pool, perPrimary, map: { siteOf } }: PlacementInput): readonly PlacedShard[] {
  const shards = primaries.map((primary) => ({ primary, replicas: [] as string[] }));
  const left = [...pool];
  const giveOne = ({ primary, replicas }: (typeof shards)[number]) => {
    const elsewhere = left.findIndex((name) => siteOf.get(name) !== siteOf.get(primary));
    replicas.push(...left.splice(Math.max(elsewhere, 0), 1));
  };
  for (const shard of shards) while (left.length > 0 && shard.replicas.length < perPrimary) giveOne(shard);
  while (left.length > 0) shards.forEach(giveOne);
  return shards;
}
