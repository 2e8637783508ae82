import type { ClusterMap, Site } from "./cluster-map.ts";
import { type Arc, minCostFlow } from "./min-cost-flow.ts";
import { wantedEach } from "./placement-cost.ts";
import { homesIn, type LayoutInput } from "./replica-layout.ts";
import type { PlacedShard } from "./violations.ts";

/**
 * The best placement of the replicas for the primaries of the layout, by the criteria 0 to 4 of `placeReplicas`, and of
 * those the one that takes the fewest replicas away from where `shards` has them. A cheapest flow as in `placeByFlow`,
 * but of single replicas to single shards: each either stays, or goes for the price of one move through the pool of its
 * host to any shard.
 *
 * source -> replicas -> their shard, or the pool of their host -> for each host and shard a door -> for each shard a
 * gate for its own zone and one for all others -> shards -> sink.
 */
export function moveReplicas(layout: readonly PlacedShard[], input: LayoutInput): readonly PlacedShard[] {
  const net = new ReplicaNetwork(layout, input);
  const flow = minCostFlow({ nodeCount: net.nodeCount, source: 0, sink: 1, arcCount: net.arcs.length, arcs: net.arcs });
  return net.placed(flow);
}

interface Weights {
  readonly leftOver: number;
  readonly oneZone: number;
  readonly onPrimaryHost: number;
  readonly sameHost: number;
  readonly uneven: number;
}

/**
 * As in `placeByFlow`, with one criterion more at the end: a move costs 1. A cycle of changes passes no pool and no
 * replica twice, so it changes no criterion by more than 2N + 1. Prices stay below 2^53 up to some 600 replicas; with
 * more, the plan may take more moves than it must.
 */
function weightsFor(replicas: number, shards: number): Weights {
  const base = 2 * replicas + 2;
  const oneZone = base ** 4;
  return { leftOver: oneZone * (shards + 3), oneZone, onPrimaryHost: base ** 3, sameHost: base ** 2, uneven: base };
}

class ReplicaNetwork {
  readonly arcs: Arc[] = [];
  nodeCount = 2;
  readonly #layout: readonly PlacedShard[];
  readonly #map: ClusterMap;
  readonly #pool: readonly string[];
  readonly #weights: Weights;
  readonly #doors = new Map<string, number>();
  readonly #gates: readonly { readonly far: number; readonly near: number; readonly shard: number }[];
  /** Which arc stands for a replica that stays, and which for one from a site that goes to a shard. */
  readonly #stays = new Map<string, { readonly arc: number; readonly shard: number }>();
  readonly #goes: { readonly site: Site; readonly shard: number; readonly arc: number }[] = [];

  constructor(layout: readonly PlacedShard[], { shards, map, perPrimary }: LayoutInput) {
    this.#layout = layout;
    this.#map = map;
    // In an order that no reshuffling changes.
    this.#pool = layout.flatMap(({ replicas }) => replicas).sort();
    this.#weights = weightsFor(this.#pool.length, layout.length);
    this.#gates = layout.map(() => ({ far: this.#node(), near: this.#node(), shard: this.#node() }));
    const home = homesIn(shards);
    const pools = new Map(this.#sites().map((site) => [site, this.#node()]));
    for (const name of this.#pool) this.#addReplica(name, home.get(name)!, pools.get(this.#siteOf(name))!);
    for (const [site, pool] of pools) {
      const members = this.#pool.filter((name) => this.#siteOf(name) === site).length;
      for (const shard of layout.keys()) {
        this.#goes.push({ site, shard, arc: this.#arc(pool, this.#door(site, shard), { capacity: members }) });
      }
    }
    for (const shard of layout.keys()) this.#addShard(shard, perPrimary);
  }

  #node(): number {
    return this.nodeCount++;
  }

  #arc(from: number, to: number, { capacity = 1, cost = 0, rise = 0 }: Partial<Arc>): number {
    return this.arcs.push({ from, to, capacity, cost, rise, width: rise === 0 ? Math.max(capacity, 1) : 1 }) - 1;
  }

  #siteOf(name: string): Site {
    return this.#map.siteOf.get(name)!;
  }

  #sites(): readonly Site[] {
    return [...new Set(this.#pool.map((name) => this.#siteOf(name)))];
  }

  #addReplica(name: string, home: number, pool: number): void {
    const replica = this.#node();
    this.#arc(0, replica, {});
    this.#stays.set(name, { arc: this.#arc(replica, this.#door(this.#siteOf(name), home), {}), shard: home });
    this.#arc(replica, pool, { cost: 1 });
  }

  /** Behind it each further copy of the shard on this host costs more. */
  #door(site: Site, shard: number): number {
    const key = `${this.#sitesSeen(site)} ${shard}`;
    const known = this.#doors.get(key);
    if (known !== undefined) return known;
    const door = this.#node();
    this.#doors.set(key, door);
    const { sameHost, onPrimaryHost } = this.#weights;
    const primarySite = this.#siteOf(this.#layout[shard]!.primary);
    const isNear = this.#zoneMatters(primarySite) && primarySite.zone === site.zone;
    const { far, near } = this.#gates[shard]!;
    this.#arc(door, isNear ? near : far, {
      capacity: this.#pool.length,
      cost: site === primarySite ? onPrimaryHost + sameHost : 0,
      rise: sameHost,
    });
    return door;
  }

  readonly #siteNumbers = new Map<Site, number>();

  #sitesSeen(site: Site): number {
    const number = this.#siteNumbers.get(site) ?? this.#siteNumbers.size;
    this.#siteNumbers.set(site, number);
    return number;
  }

  #zoneMatters({ zone }: Site): boolean {
    return this.#map.hasSeveralZones && zone !== undefined;
  }

  #addShard(index: number, perPrimary: number): void {
    const { far, near, shard } = this.#gates[index]!;
    const { oneZone, leftOver, uneven } = this.#weights;
    const [pool, shards] = [this.#pool.length, this.#layout.length];
    const zoned = this.#zoneMatters(this.#siteOf(this.#layout[index]!.primary));
    // The first from another zone is free: it is what takes the shard out of one zone.
    if (zoned) this.#arc(far, shard, {});
    this.#arc(far, shard, { capacity: pool, cost: oneZone });
    this.#arc(near, shard, { capacity: pool, cost: oneZone });

    const wanted = wantedEach(perPrimary);
    const owed = Math.min(wanted, Math.floor(pool / shards));
    const cost = owed === 0 && zoned ? oneZone : 0;
    if (owed > 0) this.#arc(shard, 1, { capacity: owed, cost, rise: uneven });
    const more = { capacity: owed < wanted ? 1 : pool, cost: cost + leftOver + owed * uneven, rise: uneven };
    this.#arc(shard, 1, more);
  }

  placed(flow: Int32Array): readonly PlacedShard[] {
    const shards = this.#layout.map(({ primary }) => ({ primary, replicas: [] as string[] }));
    const leaving = new Set(this.#pool);
    for (const [name, { arc, shard }] of this.#stays) {
      if (flow[arc] !== 1) continue;
      shards[shard]!.replicas.push(name);
      leaving.delete(name);
    }
    for (const { site, shard, arc } of this.#goes) {
      const travellers = [...leaving].filter((name) => this.#siteOf(name) === site).slice(0, flow[arc]);
      for (const name of travellers) {
        shards[shard]!.replicas.push(name);
        leaving.delete(name);
      }
    }
    return shards;
  }
}
