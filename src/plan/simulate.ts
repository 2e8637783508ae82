import { type Cluster, type ClusterNode, type NodeId, nodeById } from "../model/cluster.ts";
import { hasSlot, parseRanges, type SlotRanges, subtractRanges, unionRanges } from "../model/slot.ts";
import type { AssignSlots, Failover, MoveSlots, Step } from "./plan.ts";

/** The cluster as it would stand after the step. Drives the preview, and is the oracle of every planner test. */
export function simulate(cluster: Cluster, step: Step): Cluster {
  switch (step.kind) {
    case "set-config-epoch":
      return withNode(cluster, step.node.id, () => ({ configEpoch: step.epoch }));
    case "add-slots":
      return withNode(cluster, step.node.id, ({ slots }) => ({
        slots: unionRanges(slots, parseRanges(step.slots) ?? []),
      }));
    case "meet":
      return introduce(cluster, new Set(step.nodes.map(({ id }) => id)));
    case "move-slots":
      return moveSlots(cluster, step);
    case "set-config":
      return withNode(cluster, step.node.id, ({ facts }) =>
        facts === undefined
          ? {}
          : { facts: { ...facts, settings: new Map([...facts.settings, [step.setting, step.value]]) } },
      );
    case "replicate":
      return withNode(cluster, step.node.id, () => ({ role: "replica", primaryId: step.primary.id }));
    case "failover":
      return failOver(cluster, step);
    case "load-functions": {
      const functions = nodeById(cluster, step.from.id)?.facts?.functions;
      return withNode(cluster, step.node.id, ({ facts }) => ({ facts: facts && { ...facts, functions } }));
    }
    case "forget":
      return { nodes: cluster.nodes.filter(({ id }) => id !== step.node.id) };
    case "reset":
    case "shutdown":
      // It has left the picture before.
      return cluster;
    case "del-slots":
      return withNode(cluster, step.node.id, ({ slots }) => ({
        slots: subtractRanges(slots, parseRanges(step.slots) ?? []),
      }));
    case "assign-slots":
      return assignSlots(cluster, step);
    case "close-slots":
      return withNode(cluster, step.node.id, (node) => closed(node, parseRanges(step.slots) ?? []));
    case "bring-keys":
      return withNode(cluster, step.from.id, (node) => broughtHome(node, parseRanges(step.slots) ?? []));
    case "bump-epoch":
      return withNode(cluster, step.node.id, () => ({ configEpoch: nextEpoch(cluster) }));
  }
}

/** The nodes of a Cluster value are one picture already; who has met whom is in their views. */
function introduce({ nodes }: Cluster, ids: ReadonlySet<NodeId>): Cluster {
  const met = nodes.filter(({ id }) => ids.has(id));
  return {
    nodes: nodes.map((node) => {
      if (node.view === undefined || !ids.has(node.id)) return node;
      const known = new Set(node.view.lines.map(({ id }) => id));
      const lines = [...node.view.lines, ...met.filter(({ id }) => !known.has(id))];
      return { ...node, view: { ...node.view, lines } };
    }),
  };
}

function assignSlots(cluster: Cluster, { node, slots }: AssignSlots): Cluster {
  const assigned = parseRanges(slots) ?? [];
  return withNode(cluster, node.id, (owner) => ({
    slots: unionRanges(owner.slots, assigned),
    // What it imported from somebody else is its own now.
    openSlots: owner.openSlots.filter(({ slot, state }) => state === "migrating" || !hasSlot(assigned, slot)),
    strayKeys: withoutStrays(owner, assigned),
    configEpoch: nextEpoch(cluster),
  }));
}

function closed({ openSlots }: ClusterNode, slots: SlotRanges): Partial<ClusterNode> {
  return { openSlots: openSlots.filter(({ slot }) => !hasSlot(slots, slot)) };
}

function broughtHome(node: ClusterNode, slots: SlotRanges): Partial<ClusterNode> {
  return { ...closed(node, slots), strayKeys: withoutStrays(node, slots) };
}

/** How many keys are in which of its slots the picture does not tell, so that the number stays until the last is gone. */
function withoutStrays({ strayKeys }: ClusterNode, slots: SlotRanges): ClusterNode["strayKeys"] {
  if (strayKeys === undefined) return undefined;
  const left = subtractRanges(strayKeys.slots, slots);
  return { keys: left.length === 0 ? 0 : strayKeys.keys, slots: left };
}

function nextEpoch({ nodes }: Cluster): number {
  return nodes.reduce((highest, { configEpoch }) => Math.max(highest, configEpoch), 0) + 1;
}

/** @throws RangeError when the source does not own what it is to give away: no planner may ask for that */
function moveSlots(cluster: Cluster, { from, to, slots }: MoveSlots): Cluster {
  const moved = parseRanges(slots) ?? [];
  const source = cluster.nodes.find(({ id }) => id === from.id);
  if (source === undefined || subtractRanges(moved, source.slots).length > 0) {
    throw new RangeError(`${from.id} does not own all of ${slots}`);
  }
  const without = withNode(cluster, from.id, (node) => ({ slots: subtractRanges(node.slots, moved) }));
  const closedAtSource = withNode(without, from.id, (node) => closed(node, moved));
  return withNode(closedAtSource, to.id, (node) => ({
    ...closed(node, moved),
    slots: unionRanges(node.slots, moved),
    strayKeys: withoutStrays(node, moved),
  }));
}

/**
 * The slots go over with the role, and the other replicas follow them.
 * @throws RangeError when the node is no replica of that primary: no planner may ask for that
 */
function failOver({ nodes }: Cluster, { node, primary }: Failover): Cluster {
  const old = nodes.find(({ id }) => id === primary.id);
  const replica = nodes.find(({ id }) => id === node.id);
  if (old === undefined || replica?.role !== "replica" || replica.primaryId !== primary.id) {
    throw new RangeError(`${node.id} is no replica of ${primary.id}`);
  }
  return {
    nodes: nodes.map((other): ClusterNode => {
      if (other.id === node.id) return { ...other, role: "primary", primaryId: undefined, slots: old.slots };
      if (other.id === primary.id) return { ...other, role: "replica", primaryId: node.id, slots: [] };
      return other.primaryId === primary.id ? { ...other, primaryId: node.id } : other;
    }),
  };
}

function withNode(
  { nodes }: Cluster,
  id: ClusterNode["id"],
  change: (node: ClusterNode) => Partial<ClusterNode>,
): Cluster {
  return { nodes: nodes.map((node) => (node.id === id ? { ...node, ...change(node) } : node)) };
}
