import type { ClusterNode, NodeId } from "../../model/cluster.ts";
import type { SlotPicture } from "./slot-picture.ts";

/** A choice, and what speaks for it as the end of a sentence. */
export interface Choice {
  readonly owner: NodeId;
  readonly because: string;
}

export type NodesById = ReadonlyMap<NodeId, ClusterNode>;

/**
 * Who a slot belongs to: whoever claims it; of several the one that the servers themselves would side with, so the
 * highest config epoch, and only between equals the word of the others and the keys. Without a claim, where the keys
 * are. Undefined when nobody claims it and nobody holds a key: then anybody will do.
 */
export function chooseOwner(picture: SlotPicture, nodes: NodesById): Choice | undefined {
  const { claims } = picture;
  if (claims.length === 1) return { owner: claims[0]!, because: "it is the only one that claims them" };
  if (claims.length > 1) return strongestClaim(picture, nodes);
  return keptByOthers(picture, nodes) ?? holderOfKeys(picture, nodes);
}

function strongestClaim({ claims, seen, keys }: SlotPicture, nodes: NodesById): Choice {
  const epochOf = (id: NodeId) => nodes.get(id)!.configEpoch;
  const highest = Math.max(...claims.map(epochOf));
  const strongest = claims.filter((id) => epochOf(id) === highest);
  if (strongest.length === 1) return { owner: strongest[0]!, because: `it has the highest config epoch, ${highest}` };
  const owner = bestBy(strongest, [(id) => seen.get(id) ?? 0, (id) => keys.get(id) ?? 0]);
  const because = `the claims have the same config epoch ${highest}, and ${seen.get(owner) ?? 0} nodes side with it`;
  return { owner, because };
}

/** Others still give it to a node that has let go of it: it is the owner on record, unless the keys are elsewhere. */
function keptByOthers({ seen, keys }: SlotPicture, nodes: NodesById): Choice | undefined {
  const remembered = [...seen.keys()].filter((id): id is NodeId => id !== undefined && canOwn(nodes.get(id)));
  if (remembered.length === 0) return undefined;
  const holders = remembered.filter((id) => keys.has(id));
  if (holders.length === 0 && keys.size > 0) return undefined;
  const candidates = holders.length > 0 ? holders : remembered;
  const owner = bestBy(candidates, [(id) => seen.get(id) ?? 0, (id) => nodes.get(id)!.configEpoch]);
  const believers = seen.get(owner)!;
  return { owner, because: `it was the owner, and ${believers} of the nodes still hold it for that` };
}

function holderOfKeys({ keys }: SlotPicture, nodes: NodesById): Choice | undefined {
  const holders = [...keys.keys()].filter((id) => canOwn(nodes.get(id)));
  if (holders.length === 0) return undefined;
  const owner = bestBy(holders, [(id) => keys.get(id)!, (id) => nodes.get(id)!.configEpoch]);
  const because =
    holders.length === 1 ? "it alone holds keys of them" : "of those that hold keys of them it has the most";
  return { owner, because };
}

export function canOwn(node: ClusterNode | undefined): boolean {
  return node !== undefined && node.role === "primary" && node.view !== undefined;
}

/** The first by these measures, larger is better; the lower id where all are equal, so that it is always the same. */
function bestBy(ids: readonly NodeId[], measures: readonly ((id: NodeId) => number)[]): NodeId {
  return [...ids].sort((a, b) => {
    for (const measure of measures) if (measure(a) !== measure(b)) return measure(b) - measure(a);
    return a < b ? -1 : 1;
  })[0]!;
}
