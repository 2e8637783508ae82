import { type Cluster, membersOf } from "../model/cluster.ts";
import { findDrift } from "./drift.ts";
import { findDisagreements } from "./problems/disagreements.ts";
import {
  findDuplicateAddresses,
  findFailedState,
  findGhosts,
  findHandshakes,
  findSuspected,
  findUnknownMembers,
  findUnreachable,
} from "./problems/node-problems.ts";
import type { Problem } from "./problems/problem.ts";
import { findBadPlacement, findReplicaCounts, findReplicaTrouble } from "./problems/replica-problems.ts";
import {
  findEpochCollisions,
  findOpenSlots,
  findSeveralOwners,
  findStrayKeys,
  findUncovered,
} from "./problems/slot-problems.ts";

export { viewsAgree } from "./problems/disagreements.ts";
export type { Difference, Problem } from "./problems/problem.ts";
export { LAG_WORTH_MENTIONING_BYTES } from "./problems/replica-problems.ts";

export type Severity = "error" | "warning";

const WARNINGS: ReadonlySet<Problem["kind"]> = new Set<Problem["kind"]>([
  "replica-lagging",
  "no-replica",
  "uneven-replicas",
  "few-primaries",
  "anti-affinity",
  "setting-drift",
  "mixed-versions",
]);

/** Errors hurt clients now, or will at the next failover or slot move; warnings are what one would rather not have. */
export function severityOf({ kind }: Problem): Severity {
  return WARNINGS.has(kind) ? "warning" : "error";
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => severityOf(problem) === "error");
}

/** Everything that is wrong with the cluster, errors first. Pure: the same picture gives the same list. */
export function findProblems(cluster: Cluster): readonly Problem[] {
  return [
    ...findUncovered(cluster),
    ...findSeveralOwners(cluster),
    ...findOpenSlots(cluster),
    ...findDisagreements(cluster),
    ...findUnreachable(cluster),
    ...findSuspected(cluster),
    ...findUnknownMembers(cluster),
    ...findFailedState(cluster),
    ...findEpochCollisions(cluster),
    ...findStrayKeys(cluster),
    ...findGhosts(cluster),
    ...findHandshakes(cluster),
    ...findDuplicateAddresses(cluster),
    ...findReplicaTrouble(cluster),
    ...findReplicaCounts(cluster),
    ...findBadPlacement(cluster),
    ...findDrift(membersOf(cluster)),
  ].sort((a, b) => rank(a) - rank(b));
}

function rank(problem: Problem): number {
  return severityOf(problem) === "error" ? 0 : 1;
}
