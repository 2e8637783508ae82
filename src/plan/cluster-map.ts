import { groupBy } from "./group-by.ts";

export interface PlacementNode {
  /** The text of its address. No two nodes share one. */
  readonly name: string;
  readonly host: string;
  /** Left out when nobody knows it. An unknown zone is never held to be the same as another. */
  readonly zone?: string;
}

/** A host in its zone. Two nodes share a host exactly when they have the same site object. */
export interface Site {
  readonly host: string;
  readonly zone: string | undefined;
}

export interface ClusterMap {
  readonly siteOf: ReadonlyMap<string, Site>;
  readonly namesAt: ReadonlyMap<Site, readonly string[]>;
  /** With one zone, or none, every shard lies in one and nobody can help it. */
  readonly hasSeveralZones: boolean;
}

export function mapOf(nodes: readonly PlacementNode[]): ClusterMap {
  const siteOf = locate(nodes);
  const namesAt = groupBy(namesOf(nodes), (name) => siteOf.get(name)!);
  const zones = new Set([...namesAt.keys()].flatMap(({ zone }) => zone ?? []));
  return { siteOf, namesAt, hasSeveralZones: zones.size > 1 };
}

/**
 * The site of each node, by name. A host stands in one zone, so one node's zone is known for all on its host. And nodes
 * of the same host text in different zones are on different hosts: containers behind one address, for instance.
 */
export function locate(nodes: readonly PlacementNode[]): ReadonlyMap<string, Site> {
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

export function namesOf(nodes: readonly PlacementNode[]): readonly string[] {
  return nodes.map(({ name }) => name);
}
