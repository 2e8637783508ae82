import { ExitCode } from "../errors.ts";
import type { Cluster } from "../model/cluster.ts";
import { findProblems, hasErrors, type Problem } from "../plan/problems.ts";
import type { Context } from "./context.ts";
import { surveySettled } from "./survey-settled.ts";

export interface CheckOptions {
  /** Look for keys in slots that their node does not own even where the counts add up. */
  readonly searchMultipleOwners: boolean;
  /** Milliseconds to let a disagreement settle; undefined: twice the node timeout. */
  readonly settle: number | undefined;
  /** One line for monitoring. */
  readonly quick: boolean;
  /** Warnings count as problems. */
  readonly strict: boolean;
}

/** Looks at the cluster and says what is wrong with it. */
export async function check(options: CheckOptions, context: Context): Promise<ExitCode> {
  const { settle, searchMultipleOwners } = options;
  const search = searchMultipleOwners ? "thorough" : "cheap";
  const cluster = await surveySettled({ settle, isUnsettled, search }, context);
  const problems = findProblems(cluster);
  const { quick, strict } = options;
  const healthy = strict ? problems.length === 0 : !hasErrors(problems);
  context.view.result({ kind: "check", cluster, problems, healthy, quick });
  return healthy ? ExitCode.Ok : ExitCode.Unhealthy;
}

/** What passes by itself right after a change; only this is waited out, and only while nothing else is wrong. */
const PASSING: ReadonlySet<Problem["kind"]> = new Set<Problem["kind"]>([
  "disagreement",
  "several-owners",
  "unknown-member",
  "handshake",
  "epoch-collision",
]);

function isUnsettled(cluster: Cluster): boolean {
  return findProblems(cluster).some(({ kind }) => PASSING.has(kind));
}
