import { type Arc, minCostFlow, type Network } from "./min-cost-flow.ts";

export interface PlacementNode {
  /** The text of its address. No two nodes share one. */
  readonly name: string;
  readonly host: string;
  /** Left out when nobody knows it. An unknown zone is never held to be the same as another. */
  readonly zone?: string;
}

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

/** A host in its zone. Two nodes share a host exactly when they have the same site object. */
interface Site {
  readonly host: string;
  readonly zone: string | undefined;
}

interface ClusterMap {
  readonly siteOf: ReadonlyMap<string, Site>;
  readonly namesAt: ReadonlyMap<Site, readonly string[]>;
  /** With one zone, or none, every shard lies in one and nobody can help it. */
  readonly hasSeveralZones: boolean;
}

function mapOf(nodes: readonly PlacementNode[]): ClusterMap {
  const siteOf = locate(nodes);
  const namesAt = groupBy(namesOf(nodes), (name) => siteOf.get(name)!);
  const zones = new Set([...namesAt.keys()].flatMap(({ zone }) => zone ?? []));
  return { siteOf, namesAt, hasSeveralZones: zones.size > 1 };
}

/**
 * The site of each node, by name. A host stands in one zone, so one node's zone is known for all on its host. And nodes
 * of the same host text in different zones are on different hosts: containers behind one address, for instance.
 */
function locate(nodes: readonly PlacementNode[]): ReadonlyMap<string, Site> {
  const siteOf = new Map<string, Site>();
  for (const [host, nodesThere] of groupBy(nodes, (node) => node.host)) {
    const zones = new Set(nodesThere.flatMap(({ zone }) => zone ?? []));
    const onlyZone = zones.size === 1 ? [...zones][0] : undefined;
    for (const [zone, members] of groupBy(nodesThere, (node) => node.zone ?? onlyZone)) {
      const site = { host, zone };
      for (const { name } of members) siteOf.set(name, site);
    }
  }
  return siteOf;
}

interface PlacementInput {
  readonly primaries: readonly string[];
  /** The replicas, in the order in which redis-cli would hand them out. */
  readonly pool: readonly string[];
  readonly perPrimary: number;
  readonly map: ClusterMap;
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

/** True when nothing could be better: no two copies together, and replica counts that differ by at most one. */
function isFlawless(shards: readonly PlacedShard[], input: PlacementInput): boolean {
  const counts = shards.map(({ replicas }) => replicas.length);
  const [, oneZone, onPrimaryHost, sameHost] = costOf(shards, input);
  return oneZone === 0 && onPrimaryHost === 0 && sameHost === 0 && Math.max(...counts) - Math.min(...counts) <= 1;
}

function betterOf(first: readonly PlacedShard[], second: readonly PlacedShard[], input: PlacementInput) {
  const cost = costOf(first, input);
  const difference = costOf(second, input).map((criterion, i) => criterion - cost[i]!);
  return (difference.find((criterion) => criterion !== 0) ?? 0) < 0 ? second : first;
}

/** One number for each criterion of `placeReplicas` but the last, in its order. Less is better. */
function costOf(shards: readonly PlacedShard[], { perPrimary, map }: PlacementInput): readonly number[] {
  const counts = shards.map(({ replicas }) => replicas.length);
  return [
    sum(counts.map((count) => Math.max(wantedEach(perPrimary) - count, 0) ** 2)),
    shards.filter((shard) => commonZone(shard, map) !== undefined).length,
    sum(shards.map((shard) => replicasOnPrimaryHost(shard, map).length)),
    sum(shards.flatMap((shard) => copiesByHost(shard, map)).map(({ length }) => pairsAmong(length))),
    sum(counts.map(pairsAmong)),
  ];
}

function wantedEach(perPrimary: number): number {
  return Math.max(perPrimary, 1);
}

function pairsAmong(count: number): number {
  return (count * (count - 1)) / 2;
}

/** The one zone that all copies of a shard are in, where that is known and counts as a violation. */
function commonZone({ primary, replicas }: PlacedShard, { siteOf, hasSeveralZones }: ClusterMap): string | undefined {
  const zone = siteOf.get(primary)?.zone;
  const isCommon = replicas.length > 0 && replicas.every((replica) => siteOf.get(replica)?.zone === zone);
  return hasSeveralZones && isCommon ? zone : undefined;
}

function replicasOnPrimaryHost({ primary, replicas }: PlacedShard, { siteOf }: ClusterMap): readonly string[] {
  const site = siteOf.get(primary);
  return replicas.filter((replica) => site !== undefined && siteOf.get(replica) === site);
}

function copiesByHost({ primary, replicas }: PlacedShard, { siteOf }: ClusterMap): readonly (readonly string[])[] {
  const known = [primary, ...replicas].filter((name) => siteOf.has(name));
  return [...groupBy(known, (name) => siteOf.get(name)).values()];
}

/**
 * The exact optimum by the criteria 0 to 4: a cheapest flow of replicas from groups of alike replicas to groups of
 * alike shards. Without the groups, a large cluster would make a very large network.
 */
function placeByFlow(input: PlacementInput): readonly PlacedShard[] {
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

function violationsOf(shards: readonly PlacedShard[], map: ClusterMap): readonly PlacementViolation[] {
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

/** Why the best placement has the violation. Each sentence is true whatever else holds. */
function reasonFor(violation: PlacementViolation, input: PlacementInput): string {
  switch (violation.kind) {
    case "one-zone":
      return zoneReason(violation.zone, input);
    case "replica-on-primary-host":
      return hostReason(input.map.siteOf.get(violation.replica)!, input);
    case "replicas-share-host":
      return hostReason(input.map.siteOf.get(violation.replicas[0]!)!, input);
  }
}

/**
 * With a replica for every shard, a shard can only be left in one zone because too few replicas are outside it; with
 * fewer, only because too few primaries are. A replica in an unknown zone may be outside, hence "no more than".
 */
function zoneReason(zone: string, { primaries, pool, map: { siteOf } }: PlacementInput): string {
  const [scarce, plentiful] = pool.length >= primaries.length ? [pool, primaries] : [primaries, pool];
  const [one, many] = plentiful === primaries ? ["replica", "primary"] : ["primary", "replica"];
  const isInside = (name: string) => siteOf.get(name)!.zone === zone;
  const outside = scarce.filter((name) => !isInside(name)).length;
  const few = outside === 0 ? `no ${one}` : `no more than ${numbered(outside, one)}`;
  return `zone ${zone} has ${numbered(plentiful.filter(isInside).length, many)}, but ${few} outside it`;
}

function hostReason(site: Site, { primaries, pool, map }: PlacementInput): string {
  const total = primaries.length + pool.length;
  const held = map.namesAt.get(site)!.length;
  if (held === total) return `all ${total} nodes are on host ${site.host}`;
  if (held <= primaries.length) return "no assignment of these nodes does better";
  return `${siteText(site, map)} holds ${held} of the ${total} nodes, more than one per shard`;
}

/** Names the zone as well where there are several: only then can the same host text mean different hosts. */
function siteText({ host, zone }: Site, { hasSeveralZones }: ClusterMap): string {
  return hasSeveralZones
    ? `host ${host} in ${zone === undefined ? "an unknown zone" : `zone ${zone}`}`
    : `host ${host}`;
}

function numbered(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : noun.replace(/y$/, "ie").concat("s")}`;
}

function namesOf(nodes: readonly PlacementNode[]): readonly string[] {
  return nodes.map(({ name }) => name);
}

/** The first of each list, then the second of each that has one, and so on. */
function takeInTurn<Item>(lists: readonly (readonly Item[])[]): readonly Item[] {
  const inRounds = lists.flatMap((list) => list.map((item, round) => ({ item, round })));
  return inRounds.sort((a, b) => a.round - b.round).map(({ item }) => item);
}

/** Groups in order of first appearance. (Map.groupBy came with Node 21.) */
function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): ReadonlyMap<Key, readonly Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
