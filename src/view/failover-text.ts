import type { Cluster, NodeId } from "../model/cluster.ts";
import type { FailoverProblem } from "../plan/failover.ts";
import { count, listText, nameById } from "./words.ts";

/** One line for each reason why a replica cannot take over. */
export function failoverProblemText(problem: FailoverProblem, cluster: Cluster): string {
  const name = (id: NodeId | undefined) => nameById(cluster, id);
  switch (problem.kind) {
    case "no-replica":
      return `${name(problem.primary)} has no replica that could take over`;
    case "replicas-unreachable":
      return `no replica of ${name(problem.primary)} can be reached: ${listText(problem.replicas.map(name))}`;
    case "no-slots":
      return `${name(problem.primary)} owns no slots, so there is nothing to take over`;
    case "unknown-primary":
      return `${name(problem.node)} follows ${name(problem.primary)}, which is no primary of this cluster`;
    case "primary-down":
      return `the primary ${name(problem.primary)} cannot be reached, and without it nobody knows whether its replica has everything`;
    case "link-down":
      return `${name(problem.replica)} ${problem.syncing ? "is still copying" : "has no link to"} its primary ${name(problem.primary)}`;
    case "majority-lost":
      return `${problem.alive} of ${count(problem.voters, "primary", "primaries")} with slots are there, and a majority has to agree`;
    case "open-slots":
      return `${count(problem.count, "slot")} of ${name(problem.primary)} ${problem.count === 1 ? "is" : "are"} on the move`;
  }
}

/** What helps against the first of the problems. */
export function failoverProblemHint([first]: readonly FailoverProblem[]): string {
  switch (first?.kind) {
    case "primary-down":
      return first.majority
        ? "If it is dead: --force promotes the replica with the votes of the other primaries; what only the dead one holds is lost"
        : "If it is dead, so is the majority: --takeover promotes the replica without a vote; what only the dead one holds is lost";
    case "majority-lost":
      return "--takeover promotes the replica without a vote; make sure that the other primaries are dead, not just out of sight";
    case "link-down":
      return first.syncing
        ? "slotctl wait --for replicas waits until it has; or name another replica"
        : "See the log of the replica: wrong masterauth, or the primary's port closed to it; or name another replica";
    case "no-replica":
      return first.alive
        ? "Nothing was changed. slotctl add-node --replica-of gives it one"
        : "Nothing was changed. A primary without a replica can only be mended by bringing it, or its data, back";
    case "replicas-unreachable":
      return "Nothing was changed. A primary without a living replica can only be mended by bringing it, or its data, back";
    case "open-slots":
      return "Let the move come to its end first: slotctl resume goes on with one of ours";
    case "no-slots":
    case "unknown-primary":
    case undefined:
      return "Nothing was changed. slotctl info shows who is who";
  }
}
