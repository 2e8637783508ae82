import { type Cluster, type ClusterNode, membersOf, type NodeId, nodeById } from "../model/cluster.ts";
import { countSlots, intersectRanges, parseRanges, type SlotRanges } from "../model/slot.ts";
import { type NodeRef, newcomersIn, type Plan, type PlannedShard, type Step } from "./plan.ts";

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
  // A plan that fails over itself knows who is to be the primary when it is done, and its steps look who is.
  const itself = plan.steps.some(({ kind }) => kind === "failover");
  if (plan.command === "create" || itself) return { plan, failovers: [] };
  // A newcomer that took slots as planned is nobody's heir.
  const newcomers = newcomersIn(plan).map((id): readonly [string, Past] => [id, { shard: id, slots: [] }]);
  const past = new Map([...newcomers, ...pastOf(plan.madeFor)]);
  // Of another cluster, which may own the same slots at the same addresses, nobody is an heir.
  if (!cluster.nodes.some(({ id }) => past.has(id))) return { plan, failovers: [] };
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
  const shard = past.get(id)?.shard;
  if (shard === undefined) return undefined;
  const had = past.get(shard)?.slots ?? [];
  const kept = (node: ClusterNode) => countSlots(intersectRanges(node.slots, had));
  const heirs = membersOf(cluster).filter((other) => {
    if (other.id === id || other.role !== "primary") return false;
    // One that joined later tells by what it has.
    return past.get(other.id)?.shard === shard || (!past.has(other.id) && kept(other) > 0);
  });
  const node = nodeById(cluster, id);
  const leader = node?.role === "replica" ? primaryOf(node, cluster) : undefined;
  const named = heirs.find((heir) => heir.id === leader?.id);
  if (named !== undefined) return named;
  // It is dead or gone; or it had just given a last slot away, and now follows the one who got it, or nobody at all.
  const own = node?.role === "primary" ? kept(node) : 0;
  const taking = heirs.filter((heir) => kept(heir) > own);
  if (taking.length === 1) return taking[0];
  return node?.view === undefined && own === 0 && heirs.length === 1 ? heirs[0] : undefined;
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
