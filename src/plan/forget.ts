import { formatAddress } from "../model/address.ts";
import { type Cluster, type ClusterNode, membersOf, type NodeId, primariesOf, signatureOf } from "../model/cluster.ts";
import { formatRanges } from "../model/slot.ts";
import { isWell } from "./del-node.ts";
import { PLAN_SCHEMA_VERSION, type Plan } from "./plan.ts";
import { refOf } from "./refs.ts";

/** Why a node is not to be forgotten. */
export type ForgetProblem =
  | { readonly kind: "answers"; readonly node: NodeId }
  | { readonly kind: "owns-slots"; readonly node: NodeId; readonly slots: string }
  | { readonly kind: "has-replicas"; readonly node: NodeId; readonly replicas: readonly NodeId[] };

export type ForgetOutcome =
  | { readonly kind: "refused"; readonly problems: readonly ForgetProblem[] }
  | { readonly kind: "planned"; readonly plan: Plan };

/** Entries of the nodes' lists that stand for nobody: without an address, or in a handshake that does not end. */
export function findGhostNodes({ nodes }: Cluster): readonly ClusterNode[] {
  const ghosts = nodes.filter(({ noAddress, handshake }) => noAddress || handshake);
  // The id of a handshake is another one at every node that has it.
  const keyOf = ({ id, handshake, address }: ClusterNode) => (handshake ? formatAddress(address) : id);
  return [...new Map(ghosts.map((node) => [keyOf(node), node])).values()];
}

/** Members that the others hold for failing, that do not answer us either, and that nothing depends on. */
export function findFailedNodes(cluster: Cluster): readonly ClusterNode[] {
  const leaders = new Set(membersOf(cluster).map(({ primaryId }) => primaryId));
  return membersOf(cluster).filter(
    ({ id, health, view, slots }) =>
      health === "failing" && view === undefined && slots.length === 0 && !leaders.has(id),
  );
}

/** Strikes nodes that do not answer off the list of every node that does. */
export function planForget(cluster: Cluster, targets: readonly ClusterNode[]): ForgetOutcome {
  const problems = targets.flatMap((node) => findForgetProblems(node, targets, cluster));
  if (problems.length > 0) return { kind: "refused", problems };
  const isTarget = new Set(targets);
  const witnesses = membersOf(cluster).filter((node) => node.view !== undefined && !isTarget.has(node));
  const steps = targets.map((node) => ({ kind: "forget" as const, node: refOf(node), from: witnesses.map(refOf) }));
  const serving = primariesOf(cluster).filter(({ slots, view }) => slots.length > 0 && view !== undefined);
  const plan: Plan = {
    schemaVersion: PLAN_SCHEMA_VERSION,
    command: "forget",
    madeFor: signatureOf(cluster),
    steps,
    reasons: [],
    warnings: [],
    expected: isWell(witnesses)
      ? serving.map((node) => ({ primary: refOf(node), slots: formatRanges(node.slots), replicas: [] }))
      : [],
  };
  return { kind: "planned", plan };
}

function findForgetProblems(
  { id, view, slots }: ClusterNode,
  targets: readonly ClusterNode[],
  cluster: Cluster,
): readonly ForgetProblem[] {
  if (view !== undefined) return [{ kind: "answers", node: id }];
  if (slots.length > 0) return [{ kind: "owns-slots", node: id, slots: formatRanges(slots) }];
  const replicas = membersOf(cluster).filter((node) => node.primaryId === id && !targets.includes(node));
  return replicas.length === 0 ? [] : [{ kind: "has-replicas", node: id, replicas: replicas.map((node) => node.id) }];
}
