import { type Cluster, type NodeId, nodeById } from "../model/cluster.ts";
import { type NodeRef, newcomersIn, type Plan, type Step } from "./plan.ts";

/**
 * What is left of a plan that was begun. A step looks whether it is true already, but a later one may have made it
 * untrue again, and then it must not be repeated: to meet a node that was forgotten since would make it a member again,
 * and nobody can follow a primary that a replica has replaced. Pure.
 */
export function withoutOvertaken(plan: Plan, cluster: Cluster): Plan {
  const newcomers = new Set(newcomersIn(plan));
  const left = (step: Step, i: number) => whatIsLeft(step, plan.steps.slice(i + 1), { cluster, newcomers });
  return { ...plan, steps: plan.steps.flatMap(left) };
}

interface Circumstances {
  readonly cluster: Cluster;
  readonly newcomers: ReadonlySet<NodeId>;
}

function whatIsLeft(step: Step, later: readonly Step[], { cluster, newcomers }: Circumstances): readonly Step[] {
  const leaving = new Set(later.filter((other) => other.kind === "forget").map(({ node }) => node.id));
  const isLeaving = ({ id }: NodeRef) => leaving.has(id) && !isKnownToAll(id, cluster, newcomers);
  const isForgotten = ({ id }: NodeRef) => leaving.has(id) && nodeById(cluster, id) === undefined;
  switch (step.kind) {
    case "meet":
      return [{ ...step, nodes: step.nodes.filter((node) => !isLeaving(node)) }];
    case "replicate": {
      const heir = heirOf(step.primary, later, cluster);
      if (heir !== undefined) return heir.id === step.node.id ? [] : [{ ...step, primary: heir }];
      return isForgotten(step.primary) ? [] : [step];
    }
    case "failover":
      return isForgotten(step.primary) ? [] : [step];
    case "load-functions":
    // Nobody is forgotten who owns slots; once it has been reset, another id answers at its address.
    case "move-slots":
      return isForgotten(step.from) ? [] : [step];
    case "set-config":
      return isForgotten(step.node) ? [] : [step];
    case "set-config-epoch":
    case "add-slots":
    case "del-slots":
    case "assign-slots":
    case "close-slots":
    case "bring-keys":
    case "bump-epoch":
    case "forget":
    case "reset":
    case "shutdown":
      return [step];
  }
}

/** Who has taken the place of a primary already, as a later step means it to. */
function heirOf(primary: NodeRef, later: readonly Step[], cluster: Cluster): NodeRef | undefined {
  if (ownsSlots(primary.id, cluster)) return undefined;
  const takeovers = later.filter((step) => step.kind === "failover").filter((step) => step.primary.id === primary.id);
  return takeovers.map(({ node }) => node).find(({ id }) => ownsSlots(id, cluster));
}

/**
 * True when it answers and nobody has begun to forget it; the newcomers may not know it yet. Nobody is forgotten while it
 * owns slots.
 */
export function isKnownToAll(id: NodeId, cluster: Cluster, newcomers: ReadonlySet<NodeId>): boolean {
  if (ownsSlots(id, cluster)) return true;
  if (nodeById(cluster, id)?.view === undefined) return false;
  const others = cluster.nodes.filter((node) => node.view !== undefined && !newcomers.has(node.id));
  return others.every(({ view }) => view!.lines.some((line) => line.id === id));
}

function ownsSlots(id: NodeId, cluster: Cluster): boolean {
  return (nodeById(cluster, id)?.slots.length ?? 0) > 0;
}
