import fc from "fast-check";
import type { PlacementNode } from "../../src/plan/cluster-map.ts";

const node = fc.record({ host: fc.constantFrom("a", "b", "c", "d"), zone: fc.constantFrom("x", "y", "z", undefined) });

/** Most hosts are in one zone, or in an unknown one; some have nodes that say nothing, or each something else. */
export const someNodes = fc
  .tuple(
    fc.array(node, { minLength: 2, maxLength: 8 }),
    fc.constantFrom("as they say", "one per host", "one per host", "none"),
    fc.array(fc.constantFrom("x", "y", "z", undefined), { minLength: 4, maxLength: 4 }),
  )
  .map(([nodes, zones, zoneOfHost]): readonly PlacementNode[] =>
    nodes.map(({ host, zone: said }, i) => {
      const zone = { "as they say": said, "one per host": zoneOfHost["abcd".indexOf(host)], none: undefined }[zones];
      return { name: `${host}${i}`, host, ...(zone !== undefined && { zone }) };
    }),
  );

export const cluster = fc.record({
  nodes: someNodes,
  count: fc.integer({ min: 1, max: 4 }),
  perPrimary: fc.integer({ min: 0, max: 3 }),
});

/** Up to four primaries, chosen without regard to hosts and zones. */
export const clusterWithAnyPrimaries = cluster.map(({ nodes, count, perPrimary }) => ({
  nodes,
  primaries: nodes.slice(0, count),
  perPrimary,
}));
