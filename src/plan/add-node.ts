import { formatAddress } from "../model/address.ts";
import { isReached } from "../model/candidate.ts";
import { type Cluster, type ClusterNode, membersOf, type NodeId, nodeById, signatureOf } from "../model/cluster.ts";
import { formatRanges } from "../model/slot.ts";
import {
  type AddNodeProblem,
  type AddNodeRequest,
  findAddNodeProblems,
  findHomes,
  functionSource,
} from "./add-node-problems.ts";
import type { PlacementNode } from "./cluster-map.ts";
import { placeMore } from "./place-more.ts";
import { type MoveMethod, PLAN_SCHEMA_VERSION, type Plan, type PlannedShard, type Step } from "./plan.ts";
import { planRebalance } from "./rebalance.ts";
import { inIdOrder, refOf } from "./refs.ts";
import { simulate } from "./simulate.ts";
import type { SlotMove } from "./slot-moves.ts";
import { findViolations, type PlacedShard, type PlacementViolation } from "./violations.ts";

/** Who becomes what, before anything is said of how slots move. */
export interface AddNodeDesign {
  /** The cluster with the new nodes in the picture, before anything is done. */
  readonly cluster: Cluster;
  readonly newcomers: readonly ClusterNode[];
  /** The primary of each newcomer that is to be a replica. */
  readonly primaryOf: ReadonlyMap<NodeId, ClusterNode>;
  readonly moves: readonly SlotMove[];
}

export type AddNodeOutcome =
  | { readonly kind: "refused"; readonly problems: readonly AddNodeProblem[] }
  | { readonly kind: "planned"; readonly design: AddNodeDesign };

/**
 * Finds new nodes their place in a cluster. What is so already is left as it is, so that an interrupted run is finished
 * by the same request, and a member needs nothing.
 */
export function designAddNode(request: AddNodeRequest): AddNodeOutcome {
  const problems = findAddNodeProblems(request);
  if (problems.length > 0) return { kind: "refused", problems };

  const newcomers = request.candidates.filter(isReached).map(({ node }) => nodeById(request.cluster, node.id) ?? node);
  const ids = new Set(newcomers.map(({ id }) => id));
  const cluster = { nodes: [...request.cluster.nodes.filter(({ id }) => !ids.has(id)), ...newcomers] };
  const primaryOf = placeNewcomers(request, newcomers);
  const share = request.rebalance ? newcomers.filter(({ id, role }) => role === "primary" && !primaryOf.has(id)) : [];
  const moves = movesTo(share, cluster);
  if ("problems" in moves) return { kind: "refused", problems: moves.problems };
  return { kind: "planned", design: { cluster, newcomers, primaryOf, moves: moves.moves } };
}

/** Those that are to become replicas and are none yet. A primary with slots is only here when it may stay one. */
function placeNewcomers(
  { cluster, role, candidates }: AddNodeRequest,
  newcomers: readonly ClusterNode[],
): ReadonlyMap<NodeId, ClusterNode> {
  const homeless = newcomers.filter((node) => node.role === "primary" && node.slots.length === 0);
  if (role.kind === "primary" || homeless.length === 0) return new Map();
  if (role.kind === "replica-of") return new Map(homeless.map(({ id }) => [id, nodeById(cluster, role.primary)!]));
  const homes = inIdOrder(findHomes(cluster, candidates));
  const shards = homes.map((primary) => placedShard(primary, cluster));
  const places = placeMore(
    shards,
    homeless.map(nameOf),
    inIdOrder([...membersOf(cluster), ...homeless.filter(({ id }) => nodeById(cluster, id) === undefined)]).map(
      placementNode,
    ),
  );
  return new Map(homeless.map((node) => [node.id, homes.find((home) => nameOf(home) === places.get(nameOf(node)))!]));
}

/** A shard by the addresses of its nodes. */
export function placedShard(primary: ClusterNode, cluster: Cluster): PlacedShard {
  const replicas = membersOf(cluster).filter(({ role, primaryId }) => role === "replica" && primaryId === primary.id);
  return { primary: nameOf(primary), replicas: replicas.map(nameOf) };
}

export function placementNode(node: ClusterNode): PlacementNode {
  return { name: nameOf(node), host: node.address.host, ...(node.zone === undefined ? {} : { zone: node.zone }) };
}

export function nameOf({ address }: ClusterNode): string {
  return formatAddress(address);
}

type Moves = { readonly moves: readonly SlotMove[] } | { readonly problems: readonly AddNodeProblem[] };

function movesTo(primaries: readonly ClusterNode[], cluster: Cluster): Moves {
  if (primaries.length === 0) return { moves: [] };
  const weights = new Map(primaries.map(({ id }) => [id, 1]));
  const outcome = planRebalance(cluster, { weights, thresholdPercent: 2, useEmptyPrimaries: false });
  if (outcome.kind === "refused") return { problems: outcome.problems.map((problem) => ({ kind: "moves", problem })) };
  return { moves: outcome.kind === "planned" ? outcome.moves : [] };
}

/**
 * The steps of a design. Functions come before MEET, so that no primary is a member without them; slots come last, when
 * everybody knows everybody.
 */
export function planAddNode(design: AddNodeDesign, methodOf: (move: SlotMove) => MoveMethod): Plan {
  const { cluster, newcomers, moves } = design;
  const joining = new Set(newcomers.filter((node) => lacksIntroduction(node, cluster)).map(({ id }) => id));
  const members = { nodes: cluster.nodes.filter(({ id }) => !joining.has(id)) };
  const steps: readonly Step[] = [
    ...loadFunctions(design),
    ...(joining.size === 0 ? [] : [{ kind: "meet" as const, nodes: inIdOrder(reachedIn(cluster)).map(refOf) }]),
    ...newcomers.flatMap((node): Step[] => {
      const primary = design.primaryOf.get(node.id);
      return primary === undefined ? [] : [{ kind: "replicate", node: refOf(node), primary: refOf(primary) }];
    }),
    ...moves.map(
      (move): Step => ({
        kind: "move-slots",
        from: refOf(nodeById(cluster, move.from)!),
        to: refOf(nodeById(cluster, move.to)!),
        slots: formatRanges(move.slots),
        method: methodOf(move),
      }),
    ),
  ];
  const after = steps.reduce(simulate, cluster);
  return {
    schemaVersion: PLAN_SCHEMA_VERSION,
    command: "add-node",
    madeFor: signatureOf(members),
    steps,
    reasons: [],
    warnings: [
      ...placementWarnings(after, newcomers),
      ...emptyWarnings(after, newcomers, steps),
      ...loneWarnings(after, newcomers, moves),
    ],
    expected: expectedShards(after, newcomers),
  };
}

/** Libraries of a newcomer are none, or the same: anything else was refused. A replica gets them from its primary. */
function loadFunctions({ cluster, newcomers, primaryOf }: AddNodeDesign): readonly Step[] {
  const source = functionSource(cluster, new Set(newcomers.map(({ id }) => id)));
  const wanted = source?.facts?.functions?.size ?? 0;
  return newcomers
    .filter(({ id, role, slots }) => role === "primary" && slots.length === 0 && !primaryOf.has(id))
    .filter(({ facts }) => (facts?.functions?.size ?? wanted) < wanted)
    .map((node) => ({ kind: "load-functions", node: refOf(node), from: refOf(source!) }));
}

function reachedIn(cluster: Cluster): readonly ClusterNode[] {
  return cluster.nodes.filter(({ view }) => view !== undefined);
}

/** True when somebody does not know it, or it does not know somebody. */
function lacksIntroduction(node: ClusterNode, cluster: Cluster): boolean {
  const knows = ({ view }: ClusterNode, { id }: ClusterNode) =>
    view!.lines.some((line) => line.id === id && !line.handshake);
  return reachedIn(cluster).some((other) => !knows(other, node) || !knows(node, other));
}

/** Of those that are new: what was so before is for check to say. */
function placementWarnings(after: Cluster, newcomers: readonly ClusterNode[]): readonly string[] {
  const names = new Set(newcomers.map(nameOf));
  const touched = new Set(newcomers.map(({ id }) => nodeById(after, id)!.primaryId));
  const shards = inIdOrder(membersOf(after))
    .filter(({ id }) => touched.has(id))
    .map((primary) => placedShard(primary, after));
  return findViolations(shards, membersOf(after).map(placementNode))
    .filter((violation) => concerns(violation, names))
    .map(({ why }) => why);
}

function concerns(violation: PlacementViolation, names: ReadonlySet<string>): boolean {
  switch (violation.kind) {
    case "one-zone":
      return true;
    case "replica-on-primary-host":
      return names.has(violation.replica);
    case "replicas-share-host":
      return violation.replicas.some((name) => names.has(name));
  }
}

function emptyWarnings(after: Cluster, newcomers: readonly ClusterNode[], steps: readonly Step[]): readonly string[] {
  const empty = newcomers.filter(({ id }) => {
    const { role, slots } = nodeById(after, id)!;
    return role === "primary" && slots.length === 0;
  });
  if (empty.length === 0 || steps.length === 0) return [];
  const names = empty.map(nameOf).join(", ");
  return [
    `no slots yet on ${names}: --rebalance, or later slotctl rebalance --use-empty-primaries, gives them their share`,
  ];
}

/** Where the others have replicas, slots should not become less safe by moving. */
function loneWarnings(
  after: Cluster,
  newcomers: readonly ClusterNode[],
  moves: readonly SlotMove[],
): readonly string[] {
  const followed = new Set(membersOf(after).map(({ primaryId }) => primaryId));
  const lone = newcomers.filter(({ id }) => !followed.has(id) && moves.some(({ to }) => to === id));
  const othersAreSafe = moves.some(({ from }) => followed.has(from));
  if (lone.length === 0 || !othersAreSafe) return [];
  return [`no replica yet for the slots of ${lone.map(nameOf).join(", ")}: slotctl add-node --replica gives them one`];
}

/** The shards that own slots or have new nodes in them; of replicas only the new ones, for the others may have troubles of their own. */
function expectedShards(after: Cluster, newcomers: readonly ClusterNode[]): readonly PlannedShard[] {
  const isNew = new Set(newcomers.map(({ id }) => id));
  const replicasOf = (primary: ClusterNode) =>
    membersOf(after).filter(
      ({ id, role, primaryId }) => isNew.has(id) && role === "replica" && primaryId === primary.id,
    );
  return inIdOrder(membersOf(after))
    .filter(({ role, view }) => role === "primary" && view !== undefined)
    .filter((node) => node.slots.length > 0 || isNew.has(node.id) || replicasOf(node).length > 0)
    .map((node) => ({ primary: refOf(node), slots: formatRanges(node.slots), replicas: replicasOf(node).map(refOf) }));
}
