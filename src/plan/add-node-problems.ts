import { formatAddress } from "../model/address.ts";
import { type Candidate, isReached, type LostCandidate } from "../model/candidate.ts";
import { type Cluster, type ClusterNode, membersOf, type NodeId, nodeById } from "../model/cluster.ts";
import { keyCountOf } from "../model/facts.ts";
import { formatRanges } from "../model/slot.ts";
import { type CreateProblem, findLost, findOccupied, findUnfit } from "./create-problems.ts";
import { inIdOrder } from "./refs.ts";
import type { MoveProblem } from "./slot-moves.ts";

/** What the new nodes are to become. */
export type NewRole =
  | { readonly kind: "primary" }
  /** Of the shards that need one most. */
  | { readonly kind: "replica" }
  | { readonly kind: "replica-of"; readonly primary: NodeId };

export interface AddNodeRequest {
  readonly cluster: Cluster;
  /** In command line order; one that is a member already is no obstacle. */
  readonly candidates: readonly (Candidate | LostCandidate)[];
  readonly role: NewRole;
  /** A member that plays another role is left as it is. */
  readonly acceptOtherRole: boolean;
  /** Give the new primaries their share of the slots. */
  readonly rebalance: boolean;
}

/** Why these servers cannot join this cluster as asked. */
export type AddNodeProblem =
  | CreateProblem
  | { readonly kind: "functions-differ"; readonly typed: string; readonly libraries: readonly string[] }
  | { readonly kind: "primary-unfit"; readonly primary: string; readonly why: "replica" | "unreachable" }
  | { readonly kind: "no-shard" }
  | { readonly kind: "moves"; readonly problem: MoveProblem };

/** Every obstacle, not just the first. */
export function findAddNodeProblems(request: AddNodeRequest): readonly AddNodeProblem[] {
  const candidates = request.candidates.filter(isReached);
  return [
    ...findLost(request.candidates),
    ...findUnfitAmong(candidates, request.cluster),
    ...findOccupied(candidates.filter(({ node }) => nodeById(request.cluster, node.id) === undefined)),
    ...candidates.flatMap((candidate) => findOtherFunctions(candidate, request)),
    ...candidates.flatMap((candidate) => findOtherRole(candidate, request)),
    ...findUnfitPrimary(request),
  ];
}

/** What can be said of servers for a new cluster holds here too, with the members beside them; of those nothing is said. */
function findUnfitAmong(candidates: readonly Candidate[], cluster: Cluster): readonly CreateProblem[] {
  const typed = new Set(candidates.map((candidate) => candidate.typed));
  const ids = new Set(candidates.map(({ node }) => node.id));
  const members = cluster.nodes
    .filter(({ id, view }) => view !== undefined && !ids.has(id))
    .map((node) => ({
      typed: formatAddress(node.address),
      node,
      announcedFailure: undefined,
      replicationRefusal: undefined,
    }));
  // What no member could be asked about is known all the same.
  const ghosts = new Set(cluster.nodes.filter(({ view }) => view === undefined).map(({ id }) => id as string));
  return findUnfit([...candidates, ...members])
    .filter((problem) => problem.kind !== "same-node" || problem.typed.every((name) => typed.has(name)))
    .filter((problem) => !("typed" in problem) || typeof problem.typed !== "string" || typed.has(problem.typed))
    .flatMap((problem) => (problem.kind === "knows-others" ? withoutKnown(problem, candidates, ghosts) : [problem]));
}

/** A member knows members that we could not ask: they are no strangers. */
function withoutKnown(
  problem: Extract<CreateProblem, { kind: "knows-others" }>,
  candidates: readonly Candidate[],
  known: ReadonlySet<string>,
): readonly CreateProblem[] {
  const lines = candidates.find(({ typed }) => typed === problem.typed)?.node.view?.lines ?? [];
  const expected = new Set(lines.filter(({ id }) => known.has(id)).map((line) => formatAddress(line)));
  const others = problem.others.filter((address) => !expected.has(address));
  return others.length === 0 ? [] : [{ ...problem, others }];
}

/** FCALL has to find the same code wherever a key lives; and a replica would lose its own without a word. */
function findOtherFunctions({ typed, node }: Candidate, { cluster }: AddNodeRequest): readonly AddNodeProblem[] {
  const source = functionSource(cluster, new Set([node.id]));
  const wanted = source?.facts?.functions ?? new Map<string, string>();
  const libraries = [...(node.facts?.functions ?? [])].filter(([name, code]) => wanted.get(name) !== code);
  if (libraries.length === 0 || nodeById(cluster, node.id) !== undefined) return [];
  return [{ kind: "functions-differ", typed, libraries: libraries.map(([name]) => name) }];
}

/** Whose function libraries new primaries get: the first primary with slots that has told of its own. */
export function functionSource(cluster: Cluster, except: ReadonlySet<NodeId>): ClusterNode | undefined {
  return inIdOrder(membersOf(cluster)).find(
    ({ id, role, slots, facts }) =>
      role === "primary" && slots.length > 0 && facts?.functions !== undefined && !except.has(id),
  );
}

/** A member may have been left half way by a run that was cut short; what has a role that it plays is not taken from it. */
function findOtherRole({ typed, node }: Candidate, request: AddNodeRequest): readonly AddNodeProblem[] {
  const { cluster, role, acceptOtherRole } = request;
  const isMember = nodeById(cluster, node.id) !== undefined;
  if (isMember ? acceptOtherRole : node.role === "primary") return [];
  const planned = roleText(role, cluster);
  if (role.kind === "primary" || (role.kind === "replica-of" && node.role === "replica")) {
    const fits = node.role === "primary" || (role.kind === "replica-of" && node.primaryId === role.primary);
    return fits ? [] : [{ kind: "other-role", typed, is: `a replica of ${nameOf(cluster, node.primaryId)}`, planned }];
  }
  if (node.role === "replica") return [];
  const slots = formatRanges(node.slots);
  const keys = node.facts === undefined ? 0 : keyCountOf(node.facts);
  if (slots !== "") return [{ kind: "other-role", typed, is: `the primary of slots ${slots}`, planned }];
  return keys === 0 ? [] : [{ kind: "has-keys", typed, keys }];
}

function roleText(role: NewRole, cluster: Cluster): string {
  if (role.kind === "replica-of") return `a replica of ${nameOf(cluster, role.primary)}`;
  return role.kind === "primary" ? "a primary" : "a replica";
}

function nameOf(cluster: Cluster, id: NodeId | undefined): string {
  const node = id === undefined ? undefined : nodeById(cluster, id);
  return node === undefined ? String(id) : formatAddress(node.address);
}

function findUnfitPrimary({ cluster, role, candidates }: AddNodeRequest): readonly AddNodeProblem[] {
  if (role.kind === "replica") return findHomes(cluster, candidates).length === 0 ? [{ kind: "no-shard" }] : [];
  if (role.kind === "primary") return [];
  const primary = nodeById(cluster, role.primary);
  if (primary?.role === "primary" && primary.view !== undefined) return [];
  const why = primary?.role === "replica" ? "replica" : "unreachable";
  return [{ kind: "primary-unfit", primary: nameOf(cluster, role.primary), why }];
}

/** The primaries that a replica can be given to: they own slots and can be asked. */
export function findHomes(
  cluster: Cluster,
  candidates: readonly (Candidate | LostCandidate)[] = [],
): readonly ClusterNode[] {
  const joining = new Set(candidates.filter(isReached).map(({ node }) => node.id));
  return membersOf(cluster).filter(
    ({ id, role, slots, view }) => role === "primary" && slots.length > 0 && view !== undefined && !joining.has(id),
  );
}

/**
 * The one among these that owns slots, when the cluster that they are to join is a lone blank server: then the addresses were
 * given the wrong way round. Pure.
 */
export function memberInstead(
  { nodes }: Pick<Cluster, "nodes">,
  candidates: readonly (Candidate | LostCandidate)[],
): Candidate | undefined {
  if (nodes.length !== 1 || nodes[0]!.slots.length > 0) return undefined;
  return candidates.filter(isReached).find(({ node }) => node.slots.length > 0);
}
