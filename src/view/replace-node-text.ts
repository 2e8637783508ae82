import type { Cluster } from "../model/cluster.ts";
import type { AddNodeProblem } from "../plan/add-node-problems.ts";
import type { FailoverProblem } from "../plan/failover.ts";
import type { ReplaceNodeProblem } from "../plan/replace-node.ts";
import { failoverProblemHint, failoverProblemText } from "./failover-text.ts";
import { addNodeProblemHint, addNodeProblemText } from "./members-text.ts";
import { nameById } from "./words.ts";

/** One line for each reason why a node cannot be replaced. */
export function replaceNodeProblemText(problem: ReplaceNodeProblem, cluster: Cluster): string {
  switch (problem.kind) {
    case "no-copy":
      return `${nameById(cluster, problem.node)} is dead and no replica of it answers: what was in slots ${problem.slots} is on its disk, or lost`;
    case "only-we-miss-it":
      return `${nameById(cluster, problem.node)} cannot be reached from here, but the other nodes have no complaint about it`;
    case "newcomer-busy":
      return `${nameById(cluster, problem.node)} is a member already and owns slots ${problem.slots}`;
    default:
      return isFailoverProblem(problem) ? failoverProblemText(problem, cluster) : addNodeProblemText(problem);
  }
}

/** What helps against the first of the problems. */
export function replaceNodeProblemHint(problems: readonly ReplaceNodeProblem[]): string {
  const [first] = problems;
  if (first === undefined) return "Nothing was changed";
  switch (first.kind) {
    case "no-copy":
      return "Start it again, or start a server with its nodes.conf and data in its place; nothing was changed";
    case "only-we-miss-it":
      return "Check the way to it, --address-map for instance; if it has just died, try again after a node timeout";
    case "newcomer-busy":
      return "Give a blank server; slotctl failover lets one member take over from another";
    default:
      return isFailoverProblem(first)
        ? `${failoverProblemHint([first])}; slotctl failover does that, and then this can be repeated`
        : addNodeProblemHint(problems.filter(isAddNodeProblem));
  }
}

const FAILOVER_KINDS: ReadonlySet<string> = new Set<FailoverProblem["kind"]>([
  "no-replica",
  "replicas-unreachable",
  "no-slots",
  "unknown-primary",
  "primary-down",
  "link-down",
  "majority-lost",
  "open-slots",
]);

function isFailoverProblem(problem: ReplaceNodeProblem): problem is FailoverProblem {
  return FAILOVER_KINDS.has(problem.kind);
}

function isAddNodeProblem(problem: ReplaceNodeProblem): problem is AddNodeProblem {
  const own = ["no-copy", "only-we-miss-it", "newcomer-busy"];
  return !isFailoverProblem(problem) && !own.includes(problem.kind);
}
