import { ExitCode, SlotctlError } from "../errors.ts";
import type { Cluster, ClusterNode } from "../model/cluster.ts";
import { findNode } from "../model/find-node.ts";
import { findProblems, severityOf } from "../plan/problems.ts";
import { surveyStrayKeys } from "../survey/stray-keys.ts";
import { survey } from "../survey/survey.ts";
import { problemText } from "../view/problem-text.ts";
import type { Context } from "./context.ts";

/**
 * The cluster, if it is in a state in which slots may be moved.
 * @throws SlotctlError, exit code 3, that lists what is wrong with it
 */
export async function surveyHealthy({ seeds, connections, zones }: Context): Promise<Cluster> {
  const found = await survey(seeds, connections, { depth: "health", zones });
  const cluster = await surveyStrayKeys(found, connections, "cheap");
  const errors = findProblems(cluster).filter((problem) => severityOf(problem) === "error" && stopsMoves(problem.kind));
  if (errors.length === 0) return cluster;
  throw new SlotctlError("The cluster has problems that have to be mended before slots are moved", {
    code: "CLUSTER_UNHEALTHY",
    exitCode: ExitCode.Unhealthy,
    details: errors.map((problem) => problemText(problem, cluster).what),
    hint: "slotctl fix mends slots, slotctl check tells of the rest; an unfinished move of ours goes on with slotctl resume",
  });
}

/** A dead replica, a lagging one or drifting functions are no reason not to move slots between healthy primaries. */
function stopsMoves(kind: ReturnType<typeof findProblems>[number]["kind"]): boolean {
  const harmless = ["replica-link-down", "function-drift", "ghost", "handshake"];
  return !harmless.includes(kind);
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
