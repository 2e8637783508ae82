import { type Cluster, type ClusterNode, membersOf, type NodeId, nodeById, signatureOf } from "../model/cluster.ts";
import { keyCountOf } from "../model/facts.ts";
import { formatRanges } from "../model/slot.ts";
import { nameOf, placedShard, placementNode } from "./add-node.ts";
import { placeMore } from "./place-more.ts";
import { type MoveMethod, PLAN_SCHEMA_VERSION, type Plan, type PlannedShard, type Step } from "./plan.ts";
import { planDrain } from "./rebalance.ts";
import { inIdOrder, refOf } from "./refs.ts";
import { simulate } from "./simulate.ts";
import { applyMoves, type MoveProblem, type SlotMove } from "./slot-moves.ts";

export interface DelNodeRequest {
  readonly cluster: Cluster;
  /** Members, each once. */
  readonly leaving: readonly NodeId[];
  /** Spread the slots of a leaving primary over the others; without it one that owns slots stays. */
  readonly drain: boolean;
  /** What becomes of those that have left. A hard reset gives them a new id as well. */
  readonly reset: "hard" | "soft" | "none";
  readonly shutdown: boolean;
}

/** Why nodes cannot leave. */
export type DelNodeProblem =
  | { readonly kind: "owns-slots"; readonly node: NodeId; readonly slots: string }
  | { readonly kind: "dead-owner"; readonly node: NodeId; readonly slots: string }
  | { readonly kind: "last-primary" }
  /** Keys in slots that it does not own: a reset would be refused, and they would be gone with the node. */
  | { readonly kind: "holds-keys"; readonly node: NodeId; readonly keys: number }
  /** A replica of a leaving primary that cannot be told of another one. */
  | { readonly kind: "replica-unreachable"; readonly node: NodeId; readonly primary: NodeId }
  /** Of the primaries that would own slots, too few answer to agree on a failover. */
  | { readonly kind: "no-majority"; readonly voters: number; readonly answering: number; readonly needed: number }
  | { readonly kind: "moves"; readonly problem: MoveProblem };

export interface DelNodeDesign {
  readonly request: DelNodeRequest;
  readonly moves: readonly SlotMove[];
  /** The new primary of each replica whose primary leaves. */
  readonly primaryOf: ReadonlyMap<NodeId, ClusterNode>;
}

export type DelNodeOutcome =
  | { readonly kind: "refused"; readonly problems: readonly DelNodeProblem[] }
  | { readonly kind: "planned"; readonly design: DelNodeDesign };

/** Finds out where slots and replicas of leaving nodes go, or why the nodes have to stay. */
export function designDelNode(request: DelNodeRequest): DelNodeOutcome {
  const { cluster } = request;
  const { leaving, staying } = split(request);
  const problems = [...findOwners(leaving, request), ...findKeys(leaving, request)];
  if (!staying.some(({ role, view }) => role === "primary" && view !== undefined))
    problems.push({ kind: "last-primary" });
  if (problems.length > 0) return { kind: "refused", problems };

  const moves = movesAway(leaving, cluster);
  if ("problems" in moves) return { kind: "refused", problems: moves.problems };
  const after = applyMoves(cluster, moves.moves);
  const orphans = staying.filter(
    ({ role, primaryId }) => role === "replica" && leaving.some(({ id }) => id === primaryId),
  );
  const homes = split({ ...request, cluster: after }).staying.filter(isHome);
  const lost = [...findLostReplicas(orphans), ...(moves.moves.length === 0 ? [] : findNoMajority(after, request))];
  if (orphans.length > 0 && homes.length === 0) lost.push({ kind: "last-primary" });
  if (lost.length > 0) return { kind: "refused", problems: lost };
  return { kind: "planned", design: { request, moves: moves.moves, primaryOf: findHomes(orphans, homes, cluster) } };
}

function split({ cluster, leaving }: Pick<DelNodeRequest, "cluster" | "leaving">) {
  const ids = new Set(leaving);
  const members = inIdOrder(membersOf(cluster));
  return { leaving: members.filter(({ id }) => ids.has(id)), staying: members.filter(({ id }) => !ids.has(id)) };
}

function isHome({ role, slots, view }: ClusterNode): boolean {
  return role === "primary" && slots.length > 0 && view !== undefined;
}

function findOwners(leaving: readonly ClusterNode[], { drain }: DelNodeRequest): DelNodeProblem[] {
  return leaving
    .filter(({ role, slots }) => role === "primary" && slots.length > 0)
    .flatMap(({ id, slots, view }): DelNodeProblem[] => {
      if (view === undefined) return [{ kind: "dead-owner", node: id, slots: formatRanges(slots) }];
      return drain ? [] : [{ kind: "owns-slots", node: id, slots: formatRanges(slots) }];
    });
}

function findKeys(leaving: readonly ClusterNode[], { reset }: DelNodeRequest): DelNodeProblem[] {
  if (reset === "none") return [];
  return leaving
    .filter(({ role, slots }) => role === "primary" && slots.length === 0)
    .map(({ id, facts }) => ({ node: id, keys: facts === undefined ? 0 : keyCountOf(facts) }))
    .filter(({ keys }) => keys > 0)
    .map((found) => ({ kind: "holds-keys", ...found }));
}

type Moves = { readonly moves: readonly SlotMove[] } | { readonly problems: readonly DelNodeProblem[] };

function movesAway(leaving: readonly ClusterNode[], cluster: Cluster): Moves {
  const primaries = leaving.filter(({ role }) => role === "primary");
  if (primaries.every(({ slots }) => slots.length === 0)) return { moves: [] };
  const outcome = planDrain(
    cluster,
    primaries.map(({ id }) => id),
  );
  if (outcome.kind === "refused") return { problems: outcome.problems.map((problem) => ({ kind: "moves", problem })) };
  return { moves: outcome.kind === "planned" ? outcome.moves : [] };
}

function findLostReplicas(orphans: readonly ClusterNode[]): DelNodeProblem[] {
  return orphans
    .filter(({ view }) => view === undefined)
    .map(({ id, primaryId }) => ({ kind: "replica-unreachable", node: id, primary: primaryId! }));
}

/** Primaries that own slots vote; more than half of them have to agree before a replica takes over. */
function findNoMajority(after: Cluster, request: DelNodeRequest): DelNodeProblem[] {
  const { staying } = split({ ...request, cluster: after });
  const voters = staying.filter(({ role, slots }) => role === "primary" && slots.length > 0);
  const answering = voters.filter(({ view, health }) => view !== undefined && health !== "failing").length;
  const needed = Math.floor(voters.length / 2) + 1;
  return answering >= needed ? [] : [{ kind: "no-majority", voters: voters.length, answering, needed }];
}

function findHomes(
  orphans: readonly ClusterNode[],
  homes: readonly ClusterNode[],
  cluster: Cluster,
): ReadonlyMap<NodeId, ClusterNode> {
  const shards = homes.map((primary) => placedShard(primary, cluster));
  const places = placeMore(shards, orphans.map(nameOf), inIdOrder(membersOf(cluster)).map(placementNode));
  return new Map(orphans.map((node) => [node.id, homes.find((home) => nameOf(home) === places.get(nameOf(node)))!]));
}

/**
 * The steps of a design. Replicas follow their primary until its slots have arrived elsewhere, so that no key is ever
 * without its copies; a node is reset last, when nobody is left that could make it a member again.
 */
export function planDelNode(design: DelNodeDesign, methodOf: (move: SlotMove) => MoveMethod): Plan {
  const { request, moves, primaryOf } = design;
  const { cluster } = request;
  const { leaving, staying } = split(request);
  const witnesses = staying.filter(({ view }) => view !== undefined);
  const reached = leaving.filter(({ view }) => view !== undefined);
  // A replica does not outstay its primary.
  const inOrder = [...leaving].sort((a, b) => Number(a.role === "primary") - Number(b.role === "primary"));
  const steps: readonly Step[] = [
    ...moves.map(
      (move): Step => ({
        kind: "move-slots",
        from: refOf(nodeById(cluster, move.from)!),
        to: refOf(nodeById(cluster, move.to)!),
        slots: formatRanges(move.slots),
        method: methodOf(move),
      }),
    ),
    ...[...primaryOf].map(
      ([id, primary]): Step => ({ kind: "replicate", node: refOf(nodeById(cluster, id)!), primary: refOf(primary) }),
    ),
    ...inOrder.map((node): Step => ({ kind: "forget", node: refOf(node), from: witnesses.map(refOf) })),
    ...(request.reset === "none" ? [] : reached.map((node): Step => resetStep(node, request.reset === "hard"))),
    ...(request.shutdown ? reached.map((node): Step => ({ kind: "shutdown", node: refOf(node) })) : []),
  ];
  const after = steps.reduce(simulate, cluster);
  return {
    schemaVersion: PLAN_SCHEMA_VERSION,
    command: "del-node",
    madeFor: signatureOf(cluster),
    steps,
    reasons: [],
    warnings: warningsFor(request, after),
    expected: isWell(staying) ? expectedShards(after, primaryOf) : [],
  };
}

/** A cluster that serves nobody loses its dead nodes all the same; it is not waited for to become well by that. */
export function isWell(nodes: readonly ClusterNode[]): boolean {
  return nodes.every(({ facts }) => facts?.clusterState !== "fail");
}

function resetStep(node: ClusterNode, hard: boolean): Step {
  return { kind: "reset", node: refOf(node), hard };
}

function warningsFor(request: DelNodeRequest, after: Cluster): readonly string[] {
  const { leaving, staying } = split(request);
  const isVoter = ({ role, slots }: ClusterNode) => role === "primary" && slots.length > 0;
  const voters = membersOf(after).filter(isVoter).length;
  const alone = inIdOrder(membersOf(after)).filter(
    (node) => isVoter(node) && placedShard(node, after).replicas.length === 0,
  );
  const orphaned = alone.filter((node) => placedShard(node, request.cluster).replicas.length > 0);
  return [
    ...(voters < 3 && leaving.some(isVoter) ? [`with ${voters} voting primaries there is no automatic failover`] : []),
    ...orphaned.map((node) => `${nameOf(node)} will have no replica`),
    ...leaving
      .filter(({ view }) => view === undefined)
      .map(
        (node) =>
          `${nodeText(node)} does not answer: it is forgotten, but cannot be reset; wipe it before it is used again`,
      ),
    ...staying
      .filter(({ view }) => view === undefined)
      .map(
        (node) =>
          `${nodeText(node)} does not answer and still remembers who leaves: should it come back, run slotctl forget`,
      ),
  ];
}

function nodeText(node: ClusterNode): string {
  return node.address.host === "" ? `node ${node.id.slice(0, 8)}` : nameOf(node);
}

/** The shards that own slots; of replicas only those that get a new primary. */
function expectedShards(after: Cluster, primaryOf: ReadonlyMap<NodeId, ClusterNode>): readonly PlannedShard[] {
  const moved = inIdOrder(membersOf(after)).filter(({ id }) => primaryOf.has(id));
  return inIdOrder(membersOf(after))
    .filter(isHome)
    .map((node) => ({
      primary: refOf(node),
      slots: formatRanges(node.slots),
      replicas: moved.filter(({ primaryId }) => primaryId === node.id).map(refOf),
    }));
}
