import { ExitCode, SlotctlError } from "../errors.ts";
import { type Cluster, type ClusterNode, membersOf, nodeById, primariesOf } from "../model/cluster.ts";
import { findNode } from "../model/find-node.ts";
import { waitUntil } from "../node/wait-until.ts";
import { hasHeard, ownEpochs } from "../plan/heard-epochs.ts";
import { findProblems, type Problem, severityOf } from "../plan/problems.ts";
import { surveyStrayKeys } from "../survey/stray-keys.ts";
import { survey } from "../survey/survey.ts";
import { problemText } from "../view/problem-text.ts";
import type { Context } from "./context.ts";
import { refuseLocked } from "./run-lock.ts";
import { settleWindowOf } from "./settle-window.ts";

/**
 * The cluster, if it is in a state in which slots may be moved. What passes by itself, as right after a node has joined,
 * is waited for.
 * @throws SlotctlError, exit code 3, that lists what is wrong with it, or when another slotctl is changing it
 */
export async function surveyHealthy(
  context: Context,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Cluster> {
  const found = await surveySettled(context, environment);
  const cluster = await surveyStrayKeys(found, context.connections, "cheap");
  refuseUnhealthy(cluster);
  return cluster;
}

/** @throws SlotctlError, exit code 3, that lists what is wrong with the cluster and stands in the way of moves */
export function refuseUnhealthy(cluster: Cluster): void {
  const errors = errorsIn(cluster).filter((problem) => stopsMoves(problem, cluster));
  if (errors.length === 0) return;
  throw new SlotctlError("The cluster has problems that have to be mended before slots are moved", {
    code: "CLUSTER_UNHEALTHY",
    exitCode: ExitCode.Unhealthy,
    details: errors.map((problem) => problemText(problem, cluster).what),
    hint: "slotctl fix mends slots, slotctl check tells of the rest; an unfinished move of ours goes on with slotctl resume",
  });
}

/** A node that has just joined knows nobody, and says cluster_state:fail until it has heard from a majority. */
const PASSING: ReadonlySet<Problem["kind"]> = new Set<Problem["kind"]>([
  "handshake",
  "unknown-member",
  "cluster-state",
  "disagreement",
  "epoch-collision",
]);

/** Waited for at the least, in milliseconds: a server takes up to 5 s to say cluster_state:ok after it joined. */
const SHORTEST_WINDOW_MS = 10_000;

async function surveySettled(
  { seeds, connections, zones, signal, timeout, view }: Context,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Cluster> {
  const look = async () => {
    const cluster = await survey(seeds, connections, { depth: "health", zones });
    await refuseLocked(cluster, environment);
    return cluster;
  };
  let cluster = await look();
  const window = Math.min(timeout, Math.max(SHORTEST_WINDOW_MS, settleWindowOf(cluster)));
  if (!isSettling(cluster)) return cluster;
  const total = membersOf(cluster).length;
  view.event({ type: "waiting", on: "agreement", done: Math.min(total - unsettledIn(cluster), total - 1), total });
  await waitUntil(
    async () => {
      cluster = await look();
      return isSettling(cluster) ? undefined : true;
    },
    { timeout: window, signal },
  );
  return cluster;
}

/** Something is not as it should be, and all of it may pass. */
function isSettling(cluster: Cluster): boolean {
  const errors = errorsIn(cluster).filter((problem) => PASSING.has(problem.kind) || stopsMoves(problem, cluster));
  return (errors.length > 0 || hasUnheardEpoch(cluster)) && errors.every(({ kind }) => PASSING.has(kind));
}

/**
 * A primary's config epoch has risen, and another one has not heard of it: were that one to take slots over now, its own
 * could become the same, and the next one to be raised because of that could be a source's, above its target's.
 */
function hasUnheardEpoch(cluster: Cluster): boolean {
  const views = primariesOf(cluster).flatMap(({ view }) => view ?? []);
  const epochs = ownEpochs(views);
  return !views.every((view) => hasHeard(view, epochs));
}

function errorsIn(cluster: Cluster): readonly Problem[] {
  return findProblems(cluster).filter((problem) => severityOf(problem) === "error");
}

/** Nodes that do not say that the cluster is well. */
function unsettledIn(cluster: Cluster): number {
  return membersOf(cluster).filter(({ facts }) => facts?.clusterState !== "ok").length;
}

/** A dead replica, a lagging one or drifting functions are no reason not to move slots between healthy primaries. */
function stopsMoves(problem: Problem, cluster: Cluster): boolean {
  switch (problem.kind) {
    case "replica-link-down":
    case "function-drift":
    case "ghost":
    case "handshake":
      return false;
    case "node-unreachable":
    case "node-suspected":
      return nodeById(cluster, problem.node)?.role !== "replica";
    default:
      return true;
  }
}

/** @throws SlotctlError, exit code 2, when the text names no node, or more than one */
export function nodeNamed(cluster: Cluster, text: string): ClusterNode {
  const search = findNode(cluster, text);
  if (search.kind === "found") return search.node;
  const why = search.kind === "unknown" ? "names no node of this cluster" : "fits more than one node";
  throw new SlotctlError(`"${text}" ${why}`, {
    code: search.kind === "unknown" ? "UNKNOWN_NODE" : "AMBIGUOUS_NODE",
    exitCode: ExitCode.Usage,
    details: search.kind === "ambiguous" ? search.nodes.map(({ id }) => id) : [],
    hint: "Give a node id, the unique beginning of one, or host:port; slotctl info lists them",
  });
}
