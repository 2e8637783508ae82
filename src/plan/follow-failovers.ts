import { type Cluster, type ClusterNode, membersOf, type NodeId, nodeById } from "../model/cluster.ts";
import { intersectRanges, parseRanges, type SlotRanges } from "../model/slot.ts";
import type { NodeRef, Plan, PlannedShard, Step } from "./plan.ts";

/** A node of the plan is no primary any more, and another of its shard has its slots. */
export interface Failover {
  readonly from: NodeRef;
  readonly to: NodeRef;
}

/** The plan as it is to be carried out now, and what had to be changed in it. */
export interface FollowedPlan {
  readonly plan: Plan;
  readonly failovers: readonly Failover[];
}

/**
 * Moves of a plan name primaries. Where one of them has failed over since the plan was made, the new primary of the
 * same shard takes its place. An emptied primary that became a replica of another shard has no heir. Pure.
 */
export function followFailovers(plan: Plan, cluster: Cluster): FollowedPlan {
  if (plan.command === "create") return { plan, failovers: [] };
  const past = pastOf(plan.madeFor);
  const found = new Map<NodeId, Failover>();
  for (const ref of primariesIn(plan)) {
    const heir = heirOf(ref, past, cluster);
    if (heir !== undefined)
      found.set(ref.id, { from: ref, to: { id: heir.id, address: heir.address, formerly: [ref.id] } });
  }
  if (found.size === 0) return { plan, failovers: [] };
  const follow = (ref: NodeRef): NodeRef => withPast(found.get(ref.id)?.to ?? ref, ref);
  const { steps, expected } = plan;
  return {
    plan: {
      ...plan,
      steps: steps.map((step) => followStep(step, follow)),
      expected: expected.map((shard): PlannedShard => ({ ...shard, primary: follow(shard.primary) })),
    },
    failovers: [...found.values()],
  };
}

function followStep(step: Step, follow: (ref: NodeRef) => NodeRef): Step {
  return step.kind === "move-slots" ? { ...step, from: follow(step.from), to: follow(step.to) } : step;
}

/** A plan that was followed once already remembers the earlier primaries, too: slots may be open with any of them. */
function withPast(ref: NodeRef, before: NodeRef): NodeRef {
  if (ref === before || before.formerly === undefined) return ref;
  return { ...ref, formerly: [...new Set([...before.formerly, ...(ref.formerly ?? [])])] };
}

function primariesIn({ steps, expected }: Plan): readonly NodeRef[] {
  const moving = steps.flatMap((step) => (step.kind === "move-slots" ? [step.from, step.to] : []));
  const refs = [...moving, ...expected.map(({ primary }) => primary)];
  return [...new Map(refs.map((ref) => [ref.id, ref])).values()];
}

/** What a node was when the plan was made. */
interface Past {
  /** The primary of its shard: itself, unless it was a replica. */
  readonly shard: string;
  readonly slots: SlotRanges;
}

/** Reads a signature: "<id> 0-5460,7000" or "<id> of <primary>" a line. */
function pastOf(signature: string): ReadonlyMap<string, Past> {
  const lines = signature.split("\n").map((line): readonly [string, Past] => {
    const [id = "", word = "", primary] = line.split(" ");
    if (word === "of" && primary !== undefined) return [id, { shard: primary, slots: [] }];
    return [id, { shard: id, slots: parseRanges(word) ?? [] }];
  });
  return new Map(lines);
}

function heirOf({ id }: NodeRef, past: ReadonlyMap<string, Past>, cluster: Cluster): ClusterNode | undefined {
  const node = nodeById(cluster, id);
  if (node?.role === "primary" && (node.view !== undefined || node.slots.length > 0)) return undefined;
  if (node?.role === "replica") {
    const heir = primaryOf(node, cluster);
    return heir !== undefined && tookOver(heir, id, past) ? heir : undefined;
  }
  // Dead, or gone: who came after it was its replica, or has what it owned.
  const heirs = membersOf(cluster).filter(
    (other) => other.id !== id && other.role === "primary" && tookOver(other, id, past),
  );
  return heirs.length === 1 ? heirs[0] : undefined;
}

/** Through a chain of replicas, too; undefined when it leads nowhere. */
function primaryOf(node: ClusterNode, cluster: Cluster): ClusterNode | undefined {
  let at: ClusterNode | undefined = node;
  for (let hops = 0; at !== undefined && hops < cluster.nodes.length; hops++) {
    if (at.role === "primary") return at;
    at = at.primaryId === undefined ? undefined : nodeById(cluster, at.primaryId);
  }
  return undefined;
}

/** It was in the same shard when the plan was made, or came later and has slots which that shard had. */
function tookOver(heir: ClusterNode, id: NodeId, past: ReadonlyMap<string, Past>): boolean {
  const shard = past.get(id)?.shard;
  if (shard === undefined) return false;
  const then = past.get(heir.id);
  if (then !== undefined) return then.shard === shard;
  return intersectRanges(heir.slots, past.get(shard)?.slots ?? []).length > 0;
}
