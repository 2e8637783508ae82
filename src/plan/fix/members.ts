import { type Cluster, type ClusterNode, membersOf, type NodeId } from "../../model/cluster.ts";
import type { Step } from "../plan.ts";
import { findGhosts, findUnknownMembers } from "../problems/node-problems.ts";
import { inIdOrder, refOf } from "../refs.ts";
import type { NodesById } from "./choose-owner.ts";
import { nameOf } from "./decide.ts";

/** What can be wrong with the nodes' lists of each other, and fix does something about. */
export type MemberProblem = "unknown-member" | "ghost";

/** Joins and removals that were cut short, brought to an end. */
export interface MembersRepair {
  readonly meet: readonly Step[];
  readonly forget: readonly Step[];
  readonly reasons: readonly string[];
  /** The nodes that this is about. */
  readonly nodes: ReadonlySet<NodeId>;
}

/**
 * A member that lives and that only some know is introduced to the rest: gossip would do the same, unless it is blocked.
 * One that does not live and owns nothing is forgotten by all, or those who do not know it would go on for ever shaking
 * hands with it, and so is one whose address is gone. `givenUp` are owners of slots that lose them in the same plan.
 */
export function repairMembers(
  cluster: Cluster,
  wanted: (problem: MemberProblem) => boolean,
  givenUp: ReadonlySet<NodeId>,
  nodes: NodesById,
): MembersRepair {
  const halfKnown = wanted("unknown-member") ? findHalfKnown(cluster) : [];
  const strangers = halfKnown.filter(({ view }) => view !== undefined);
  const ghosts = wanted("ghost")
    ? findGhosts(cluster).flatMap((problem) => ("node" in problem ? [problem.node] : []))
    : [];
  const dead = [...halfKnown.filter(isDead), ...ghosts.map((id) => nodes.get(id)!)].filter(
    ({ id, slots }) => (slots.length === 0 || givenUp.has(id)) && !isFollowed(id, cluster),
  );
  const all = inIdOrder(membersOf(cluster).filter((node) => node.view !== undefined && isListed(node, cluster)));
  return {
    meet: strangers.length === 0 ? [] : [{ kind: "meet", nodes: all.map(refOf), slotsLater: true }],
    forget: dead.map((node) => ({ kind: "forget", node: refOf(node), from: all.map(refOf) })),
    reasons: [
      ...strangers.map(({ id }) => meetReason(id, cluster, nodes)),
      ...dead.map((node) => forgetReason(node, nodes)),
    ],
    nodes: new Set([...strangers, ...dead].map(({ id }) => id)),
  };
}

/** Members that some others list and some do not. */
function findHalfKnown(cluster: Cluster): readonly ClusterNode[] {
  const unknown = new Set(findUnknownMembers(cluster).flatMap((problem) => ("node" in problem ? [problem.node] : [])));
  return membersOf(cluster).filter((node) => unknown.has(node.id) && isListed(node, cluster));
}

/** Somebody else lists it: whoever is in nobody's list but its own has left, and is not brought back. */
function isListed({ id }: ClusterNode, cluster: Cluster): boolean {
  return membersOf(cluster).some((other) => other.id !== id && other.view?.lines.some((line) => line.id === id));
}

function isDead({ view, health }: ClusterNode): boolean {
  return view === undefined && health !== "ok";
}

/** Nobody can forget its own primary. */
function isFollowed(id: NodeId, cluster: Cluster): boolean {
  return membersOf(cluster).some(({ primaryId, view }) => primaryId === id && view !== undefined);
}

function meetReason(id: NodeId, cluster: Cluster, nodes: NodesById): string {
  const without = membersOf(cluster).filter(
    ({ view }) => view !== undefined && !view.lines.some((line) => line.id === id && !line.handshake),
  );
  const who = without.map((node) => nameOf(node.id, nodes)).join(" and ");
  return `${nameOf(id, nodes)} is a member for some, and not known to ${who}; introduced to everybody (slotctl del-node takes it out)`;
}

function forgetReason({ id, noAddress }: ClusterNode, nodes: NodesById): string {
  return noAddress
    ? `${nameOf(id, nodes)} stands for nobody: what ran there was wiped, or has another id now; forgotten by all`
    : `${nameOf(id, nodes)} does not answer, owns nothing, and only some list it; forgotten by all, so that the others need not go on shaking hands with it`;
}
