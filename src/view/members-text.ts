import type { Cluster } from "../model/cluster.ts";
import type { AddNodeProblem } from "../plan/add-node-problems.ts";
import type { CreateProblem } from "../plan/create-problems.ts";
import type { DelNodeProblem } from "../plan/del-node.ts";
import type { ForgetProblem } from "../plan/forget.ts";
import { moveProblemText } from "./moves-text.ts";
import { createProblemHint, createProblemText } from "./plan-text.ts";
import { count, listText, nameById } from "./words.ts";

/** Why servers cannot join, in a sentence each. */
export function addNodeProblemText(problem: AddNodeProblem): string {
  switch (problem.kind) {
    case "functions-differ":
      return `${problem.typed} has function libraries that the cluster does not have so: ${listText(problem.libraries)}`;
    case "primary-unfit":
      return problem.why === "replica"
        ? `${problem.primary} is a replica, and only a primary can be replicated`
        : `${problem.primary} does not answer and cannot be replicated`;
    case "no-shard":
      return "no primary that answers owns slots, so there is no shard to replicate";
    case "moves":
      return moveProblemText(problem.problem, { nodes: [] });
    default:
      return createProblemText(problem);
  }
}

export function addNodeProblemHint(problems: readonly AddNodeProblem[]): string {
  const kinds = new Set(problems.map(({ kind }) => kind));
  if (kinds.has("functions-differ")) return "Nothing was changed. If they may go: FUNCTION FLUSH on that server";
  if (kinds.has("primary-unfit")) return "Nothing was changed. slotctl info shows who is a primary";
  if (kinds.has("other-role")) {
    return "Nothing was changed. --if-not-exists is content with a member whatever its role; slotctl del-node takes one out";
  }
  if (kinds.has("knows-others")) {
    return "Nothing was changed. It is a member of another cluster: take it out there with slotctl del-node, or CLUSTER RESET HARD on it";
  }
  if (kinds.has("has-keys") || kinds.has("owns-slots")) {
    return "Nothing was changed. If the server may be emptied: FLUSHALL and CLUSTER RESET HARD on it";
  }
  if (kinds.has("same-node") || kinds.has("mixed-engines")) {
    return "Nothing was changed. Give each server once, and only servers of the engine that the cluster has";
  }
  if (kinds.has("moves") || kinds.has("no-shard")) return "Nothing was changed. slotctl info shows who owns what";
  return createProblemHint(problems.filter(isCreateProblem));
}

const OWN_KINDS: ReadonlySet<string> = new Set(["functions-differ", "primary-unfit", "no-shard", "moves"]);

function isCreateProblem(problem: AddNodeProblem): problem is CreateProblem {
  return !OWN_KINDS.has(problem.kind);
}

/** Why nodes cannot leave, in a sentence each. */
export function delNodeProblemText(problem: DelNodeProblem, cluster: Cluster): string {
  switch (problem.kind) {
    case "owns-slots":
      return `${nameById(cluster, problem.node)} owns slots ${problem.slots}`;
    case "dead-owner":
      return `${nameById(cluster, problem.node)} does not answer, and slots ${problem.slots} are still its own`;
    case "last-primary":
      return "no primary would be left that answers";
    case "holds-keys":
      return `${nameById(cluster, problem.node)} owns no slots but holds ${count(problem.keys, "key")}, which would be lost`;
    case "replica-unreachable":
      return `${nameById(cluster, problem.node)} replicates ${nameById(cluster, problem.primary)} and does not answer, so it cannot be given another primary`;
    case "no-majority":
      return `of ${count(problem.voters, "voting primary", "voting primaries")} that would be left ${problem.answering} would answer, and ${problem.needed} have to agree on a failover`;
    case "moves":
      return moveProblemText(problem.problem, cluster);
  }
}

export function delNodeProblemHint(problems: readonly DelNodeProblem[]): string {
  const kinds = new Set(problems.map(({ kind }) => kind));
  if (kinds.has("dead-owner")) {
    return "Nothing was changed. Bring it back, or have a replica take over from it first: slotctl failover --from <node> --force";
  }
  if (kinds.has("owns-slots"))
    return "Nothing was changed. --drain moves its slots, keys included, to the other primaries first";
  if (kinds.has("holds-keys"))
    return "Nothing was changed. Look at them with slotctl check; --no-reset leaves them on the node";
  if (kinds.has("replica-unreachable")) return "Nothing was changed. Remove that replica as well, in the same command";
  if (kinds.has("last-primary")) return "Nothing was changed. A cluster needs a primary: add another one first";
  return "Nothing was changed. slotctl check tells how the cluster stands";
}

/** Why a node is not to be forgotten, in a sentence. */
export function forgetProblemText(problem: ForgetProblem, cluster: Cluster): string {
  switch (problem.kind) {
    case "answers":
      return `${nameById(cluster, problem.node)} answers`;
    case "owns-slots":
      return `slots ${problem.slots} are owned by ${nameById(cluster, problem.node)}`;
    case "has-replicas":
      return `${nameById(cluster, problem.node)} is replicated by ${listText(problem.replicas.map((id) => nameById(cluster, id)))}`;
  }
}

export function forgetProblemHint(problems: readonly ForgetProblem[]): string {
  if (problems.some(({ kind }) => kind === "answers"))
    return "Nothing was changed. slotctl del-node takes out a node that answers";
  if (problems.some(({ kind }) => kind === "owns-slots")) {
    return "Nothing was changed. Have a replica take over from it first: slotctl failover --from <node> --force";
  }
  return "Nothing was changed. slotctl del-node gives its replicas another primary";
}
