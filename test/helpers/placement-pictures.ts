import type { PlacementNode } from "../../src/plan/cluster-map.ts";
import { choosePrimaries, type Placement, placeReplicas } from "../../src/plan/placement.ts";

/** "a a b" is nodes a1 and a2 on host a and b1 on host b; "a/x" puts the node in zone x. */
export function nodesOf(picture: string): readonly PlacementNode[] {
  const seen = new Map<string, number>();
  return picture.split(" ").map((word) => {
    const [host, zone] = word.split("/") as [string, string | undefined];
    seen.set(host, (seen.get(host) ?? 0) + 1);
    return { name: `${host}${seen.get(host)}`, host, ...(zone !== undefined && { zone }) };
  });
}

/** What `create` does: chooses the primaries, then gives them all other nodes. */
export function place(nodes: readonly PlacementNode[], count: number, perPrimary: number): Placement {
  const primaries = choosePrimaries(nodes, count);
  return placeReplicas(primaries, without(primaries, nodes), perPrimary);
}

/** The same with the first `count` as primaries, wherever they are. */
export function placeBehindFirst(count: number, nodes: readonly PlacementNode[], perPrimary: number): Placement {
  return placeReplicas(nodes.slice(0, count), nodes.slice(count), perPrimary);
}

export function without(
  primaries: readonly PlacementNode[],
  nodes: readonly PlacementNode[],
): readonly PlacementNode[] {
  return nodes.filter((node) => !primaries.includes(node));
}

export function namesOf(nodes: readonly PlacementNode[]): string[] {
  return nodes.map(({ name }) => name);
}

/** { a1: "b2 c1" }: primary a1 with its replicas. */
export function picture({ shards }: Placement): Record<string, string> {
  return Object.fromEntries(shards.map(({ primary, replicas }) => [primary, replicas.join(" ")]));
}

export function replicaCounts({ shards }: Placement): number[] {
  return shards.map(({ replicas }) => replicas.length);
}

export function kindsOf({ violations }: Pick<Placement, "violations">): string[] {
  return violations.map(({ kind }) => kind);
}
