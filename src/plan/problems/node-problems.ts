import { formatAddress } from "../../model/address.ts";
import { type Cluster, membersOf, type NodeId, type View } from "../../model/cluster.ts";
import type { Problem } from "./problem.ts";

export function findUnreachable(cluster: Cluster): Problem[] {
  return membersOf(cluster).flatMap(({ id, role, unreachable }): Problem[] =>
    unreachable === undefined ? [] : [{ kind: "node-unreachable", node: id, role, reason: unreachable }],
  );
}

export function findSuspected(cluster: Cluster): Problem[] {
  return membersOf(cluster).flatMap(({ id, health }): Problem[] => {
    if (health === "ok") return [];
    const saidBy = saying(cluster, id, (line) => line.health === health);
    return [{ kind: "node-suspected", node: id, health, saidBy }];
  });
}

export function findUnknownMembers(cluster: Cluster): Problem[] {
  const members = membersOf(cluster);
  const known = new Map(
    members.flatMap(({ id, view }) =>
      view === undefined ? [] : [[id, new Set(view.lines.filter((line) => !line.handshake).map((line) => line.id))]],
    ),
  );
  return members.flatMap(({ id }): Problem[] => {
    const unknownTo = [...known].filter(([, ids]) => !ids.has(id)).map(([other]) => other);
    return unknownTo.length === 0 ? [] : [{ kind: "unknown-member", node: id, unknownTo }];
  });
}

export function findFailedState(cluster: Cluster): Problem[] {
  const nodes = membersOf(cluster).filter(({ facts }) => facts?.clusterState === "fail");
  return nodes.length === 0 ? [] : [{ kind: "cluster-state", nodes: nodes.map(({ id }) => id) }];
}

export function findGhosts(cluster: Cluster): Problem[] {
  return cluster.nodes
    .filter(({ noAddress, handshake }) => noAddress && !handshake)
    .map(({ id }) => ({ kind: "ghost", node: id, knownTo: saying(cluster, id, () => true) }));
}

/** The reached nodes whose view has a line about `id` that fits. */
function saying(cluster: Cluster, id: NodeId, fits: (line: View["myself"]) => boolean): readonly NodeId[] {
  return membersOf(cluster)
    .filter(({ view }) => view?.lines.some((line) => line.id === id && fits(line)))
    .map((node) => node.id);
}

/** A handshake's id is made up anew at each try, so they are told apart by address. */
export function findHandshakes(cluster: Cluster): Problem[] {
  const seenBy = new Map<string, NodeId[]>();
  for (const { id, view } of membersOf(cluster)) {
    for (const line of view?.lines ?? []) {
      if (!line.handshake) continue;
      const address = formatAddress(line);
      seenBy.set(address, [...(seenBy.get(address) ?? []), id]);
    }
  }
  return [...seenBy].map(([address, nodes]) => ({ kind: "handshake", address, seenBy: nodes }));
}

export function findDuplicateAddresses(cluster: Cluster): Problem[] {
  const byAddress = new Map<string, NodeId[]>();
  for (const { id, address } of membersOf(cluster)) {
    const text = formatAddress(address);
    byAddress.set(text, [...(byAddress.get(text) ?? []), id]);
  }
  return [...byAddress]
    .filter(([, nodes]) => nodes.length > 1)
    .map(([address, nodes]) => ({ kind: "duplicate-address", address, nodes }));
}
