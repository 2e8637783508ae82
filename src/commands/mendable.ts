import type { Cluster } from "../model/cluster.ts";
import { REPAIRABLE, type Repairable } from "../plan/fix.ts";
import { findProblems, type Problem } from "../plan/problems.ts";
import { problemText } from "../view/problem-text.ts";
import type { Context } from "./context.ts";
import { surveySettled } from "./survey-settled.ts";

/** A kind of problem that fix does something about, and each case of it in words. */
export interface Mendable {
  readonly kind: Repairable;
  readonly cases: readonly string[];
}

/** What is broken now, to be asked about. The command itself looks again, and lets pass what passes by itself. */
export function surveyMendable(context: Context): Promise<Cluster> {
  return surveySettled({ settle: 0, isUnsettled: () => false, search: "cheap" }, context);
}

export function mendableIn(cluster: Cluster): readonly Mendable[] {
  const problems = findProblems(cluster);
  const casesOf = (kind: Repairable) => problems.filter((problem) => problem.kind === kind);
  return (Object.keys(REPAIRABLE) as Repairable[])
    .map((kind) => ({ kind, cases: casesOf(kind).map((problem: Problem) => problemText(problem, cluster).what) }))
    .filter(({ cases }) => cases.length > 0);
}
