import type { NodeId } from "../../model/cluster.ts";
import type { Network } from "../../node/network.ts";

const tails = new WeakMap<Network, Map<NodeId, Promise<unknown>>>();

/**
 * Acts when all who asked for one of these nodes before, in the same run, are done. Who waits for several nodes waits
 * only for those who asked earlier, so that no two ever wait for each other.
 */
export function inTurn<Result>(run: Network, nodes: readonly NodeId[], act: () => Promise<Result>): Promise<Result> {
  const known = tails.get(run) ?? new Map<NodeId, Promise<unknown>>();
  tails.set(run, known);
  const result = Promise.all(nodes.map((node) => known.get(node))).then(act);
  const tail = result.catch(() => undefined);
  for (const node of nodes) known.set(node, tail);
  return result;
}
