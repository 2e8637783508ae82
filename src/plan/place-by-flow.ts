import type { ClusterMap, Site } from "./cluster-map.ts";
import { groupBy } from "./group-by.ts";
import { type Arc, minCostFlow, type Network } from "./min-cost-flow.ts";
import { type PlacementInput, wantedEach } from "./placement-cost.ts";
import type { PlacedShard } from "./violations.ts";

/**
 * The exact optimum by the criteria 0 to 4: a cheapest flow of replicas from groups of alike replicas to groups of
 * alike shards. Without the groups, a large cluster would make a very large network.
 */
export function placeByFlow(input: PlacementInput): readonly PlacedShard[] {
  const givers = replicaGroups(input);
  const takers = primaryGroups(input);
  const flow = minCostFlow(networkOf(givers, takers, input));

  const undealt = givers.map(({ members }) => [...members]);
  const shards = takers.flatMap((taker, t) => {
    const far: string[] = [];
    const near: string[] = [];
    for (const [g, giver] of givers.entries()) {
      const units = flow[g * takers.length + t]!;
      if (units > 0) (isNear(giver, taker, input) ? near : far).push(...undealt[g]!.splice(0, units));
    }
    return deal([...far, ...near], taker.members);
  });
  const shardOf = new Map(shards.map((shard) => [shard.primary, shard]));
  return input.primaries.map((primary) => shardOf.get(primary)!);
}

/**
 * Nodes that no criterion tells apart: those of one host, or, as they can never give a shard two copies on a host,
 * all of a zone that are alone on theirs. Only the former have a site.
 */
interface Group {
  readonly site: Site | undefined;
  readonly zone: string | undefined;
  readonly members: readonly string[];
}

function replicaGroups({ pool, map: { siteOf, namesAt } }: PlacementInput): readonly Group[] {
  return groupsOf(pool, siteOf, (site) => namesAt.get(site)!.length > 1);
}

function primaryGroups({ pool, primaries, map: { siteOf } }: PlacementInput): readonly Group[] {
  const withReplicas = new Set(pool.map((name) => siteOf.get(name)!));
  return groupsOf(primaries, siteOf, (site) => withReplicas.has(site));
}

function groupsOf(
  names: readonly string[],
  siteOf: ClusterMap["siteOf"],
  hasCompany: (site: Site) => boolean,
): readonly Group[] {
  const keyOf = (site: Site) => (hasCompany(site) ? site : site.zone);
  return [...groupBy(names, (name) => keyOf(siteOf.get(name)!))].map(([key, members]) => ({
    site: typeof key === "object" ? key : undefined,
    zone: siteOf.get(members[0]!)!.zone,
    members,
  }));
}

/** True when a replica of the giver would be in the zone of its primary, and that matters. */
function isNear(giver: Group, taker: Group, { map }: PlacementInput): boolean {
  return canLieInOneZone(taker, map) && giver.zone === taker.zone;
}

function canLieInOneZone({ zone }: Group, { hasSeveralZones }: ClusterMap): boolean {
  return hasSeveralZones && zone !== undefined;
}

/**
 * Hands out one by one, round and round. That spreads every unbroken run of the replicas over the shards as evenly as
 * can be: all of them, those of one host, and those of other zones, which are kept together. Since every criterion is
 * convex in the number a shard gets of such a run, even is cheapest, and the flow need not know single shards.
 */
function deal(replicas: readonly string[], primaries: readonly string[]): readonly PlacedShard[] {
  const shards = primaries.map((primary) => ({ primary, replicas: [] as string[] }));
  for (const [i, replica] of replicas.entries()) shards[i % shards.length]!.replicas.push(replica);
  return shards;
}

/**
 * source -> groups of replicas -> for each group of shards, one gate for replicas of its own zone and one for all
 * others -> groups of shards -> sink.
 */
function networkOf(givers: readonly Group[], takers: readonly Group[], input: PlacementInput): Network {
  const nodeCount = 2 + givers.length + 3 * takers.length;
  const arcCount = givers.length * takers.length + givers.length + 5 * takers.length;
  return { nodeCount, source: 0, sink: 1, arcCount, arcs: arcsOf(givers, takers, input) };
}

/**
 * The arcs into the gates come first, those of one giver side by side.
 *
 * A gate asks the price of a shard in one zone for every replica, but not for the first that a shard gets from
 * elsewhere. In all, that is a constant, the number of replicas, less the number of shards that are spread.
 */
function* arcsOf(givers: readonly Group[], takers: readonly Group[], input: PlacementInput): Generator<Arc> {
  const weights = weightsFor(input);
  const [source, sink] = [0, 1];
  const giverNode = (g: number) => 2 + g;
  const shardNode = (t: number) => 2 + givers.length + 3 * t;
  const farGate = (t: number) => shardNode(t) + 1;
  const nearGate = (t: number) => shardNode(t) + 2;

  for (const [g, giver] of givers.entries()) {
    for (const [t, taker] of takers.entries()) {
      const gate = isNear(giver, taker, input) ? nearGate(t) : farGate(t);
      yield sharingArc({ from: giverNode(g), to: gate }, { giver, taker }, weights);
    }
  }
  for (const [g, { members }] of givers.entries()) yield flatArc(source, giverNode(g), members.length, 0);
  for (const [t, taker] of takers.entries()) {
    yield flatArc(farGate(t), shardNode(t), canLieInOneZone(taker, input.map) ? taker.members.length : 0, 0);
    yield flatArc(farGate(t), shardNode(t), input.pool.length, weights.oneZone);
    yield flatArc(nearGate(t), shardNode(t), input.pool.length, weights.oneZone);
    for (const demand of demandsOf(taker, input, weights)) yield { from: shardNode(t), to: sink, ...demand };
  }
}

type Way = Pick<Arc, "from" | "to">;

interface Weights {
  readonly leftOver: number;
  readonly oneZone: number;
  readonly onPrimaryHost: number;
  readonly sameHost: number;
}

/**
 * What one unit of a criterion costs, where one more replica of the fullest shard costs 1.
 *
 * A flow is cheapest when no cycle of changes makes it cheaper, and a cycle need not pass any node twice. So one cycle
 * changes the evenness by less than N, the number of replicas; the pairs by at most N (the size of each giver); the
 * replicas on their primary's host by at most N (one for each giver); and the shards in one zone by at most S + 2
 * (one for each of the S takers there can be, and two at the sink). Each weight is more than all that the smaller ones
 * can then add up to, so the sum has the sign of its weightiest criterion. Paths and prices stay below 8 * leftOver,
 * which is less than 2^53 up to 10,000 nodes.
 */
function weightsFor({ pool, primaries }: PlacementInput): Weights {
  const base = pool.length + 1;
  const oneZone = base ** 3;
  return { leftOver: oneZone * (primaries.length + 3), oneZone, onPrimaryHost: base ** 2, sameHost: base };
}

/** Its price rises whenever each shard of the taker has got one more from the giver's host. */
function sharingArc(way: Way, { giver, taker }: { giver: Group; taker: Group }, weights: Weights): Arc {
  const { from, to } = way;
  const capacity = giver.members.length;
  if (giver.site === undefined) return { from, to, capacity, cost: 0, rise: 0, width: capacity };
  const cost = giver.site === taker.site ? weights.onPrimaryHost + weights.sameHost : 0;
  return { from, to, capacity, cost, rise: weights.sameHost, width: taker.members.length };
}

/**
 * First what every shard is owed, then the left-over replicas, each priced by how many the shard has already. With
 * fewer replicas than shards, nothing is owed, a shard gets one or none, and only those with one can lie in one zone.
 */
function demandsOf(
  taker: Group,
  { pool, primaries, perPrimary, map }: PlacementInput,
  weights: Weights,
): Omit<Arc, "from" | "to">[] {
  const width = taker.members.length;
  const wanted = wantedEach(perPrimary);
  const owed = Math.min(wanted, Math.floor(pool.length / primaries.length));
  const atMost = owed < wanted ? 1 : pool.length;
  const cost = owed === 0 && canLieInOneZone(taker, map) ? weights.oneZone : 0;
  return [
    { capacity: owed * width, cost, rise: 1, width },
    { capacity: atMost * width, cost: cost + weights.leftOver + owed, rise: 1, width },
  ];
}

function flatArc(from: number, to: number, capacity: number, cost: number): Arc {
  return { from, to, capacity, cost, rise: 0, width: Math.max(capacity, 1) };
}
