import type { NodeId, View } from "../model/cluster.ts";

/** The config epoch that each of these nodes says it has. */
export function ownEpochs(views: readonly View[]): ReadonlyMap<NodeId, number> {
  return new Map(views.map(({ myself }) => [myself.id, myself.configEpoch]));
}

/**
 * Whether a node knows these config epochs, or higher ones, of those that it knows at all. A new epoch goes with the
 * heartbeats, of which each node sends about one a second; who takes slots over before it has heard of one may give itself
 * one that is too low.
 */
export function hasHeard({ lines }: View, epochs: ReadonlyMap<NodeId, number>): boolean {
  return lines.every(({ id, configEpoch }) => configEpoch >= (epochs.get(id) ?? 0));
}
