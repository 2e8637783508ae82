import type { ClusterMap, Site } from "./cluster-map.ts";
import type { PlacementInput } from "./placement-cost.ts";
import type { PlacementViolation } from "./violations.ts";

/** Why the best placement has the violation. Each sentence is true whatever else holds. */
export function reasonFor(violation: PlacementViolation, input: PlacementInput): string {
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
