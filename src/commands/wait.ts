import { ExitCode, SlotctlError } from "../errors.ts";
import { type Cluster, membersOf } from "../model/cluster.ts";
import { waitUntil } from "../node/wait-until.ts";
import { findProblems, type Problem, severityOf } from "../plan/problems.ts";
import { survey } from "../survey/survey.ts";
import { problemText } from "../view/problem-text.ts";
import type { Context } from "./context.ts";

/**
 * `ok`: every node says so and all agree. `healthy`: check would find no problem. `agreement`: all slot maps are equal
 * and no node is missing in any. `replicas`: every replica's link is up. `nodes`: exactly so many members, all reached.
 */
export type Condition =
  | { readonly kind: "ok" | "healthy" | "agreement" | "replicas" }
  | { readonly kind: "nodes"; readonly count: number };

/** Returns as soon as the condition holds; a seed that does not answer yet is waited for as well. */
export async function wait(condition: Condition, context: Context): Promise<ExitCode> {
  const { seeds, connections, zones, view, signal, timeout } = context;
  const started = performance.now();
  let last: Cluster | SlotctlError | undefined;
  const found = await waitUntil(
    async () => {
      try {
        last = await survey(seeds, connections, { depth: "topology", zones });
      } catch (error) {
        if (!(error instanceof SlotctlError) || !mayStillCome(error)) throw error;
        last = error;
        for (const seed of seeds) connections.drop(seed);
        view.busy(`Waiting until ${conditionText(condition)}: ${last.message}`);
        return undefined;
      }
      dropLost(last, context);
      const missing = missingFor(condition, last);
      view.busy([`Waiting until ${conditionText(condition)}`, ...missing.slice(0, 1)].join(": "));
      return missing.length === 0 ? last : undefined;
    },
    { timeout, signal },
  );
  if (found === undefined) throw timedOut(condition, last, timeout);
  const seconds = (performance.now() - started) / 1000;
  view.result({ kind: "wait", condition: conditionText(condition), nodes: membersOf(found).length, seconds });
  return ExitCode.Ok;
}

/** Waiting does not mend a wrong password. */
function mayStillCome({ code }: SlotctlError): boolean {
  return !["AUTH_FAILED", "AUTH_REQUIRED", "NO_PERMISSION", "NOT_A_CLUSTER_NODE", "NOT_A_REDIS_SERVER"].includes(code);
}

/** A connection that broke is opened anew at the next look. */
function dropLost(cluster: Cluster, { connections }: Context): void {
  for (const { unreachable, dial } of cluster.nodes) if (unreachable !== undefined) connections.drop(dial);
}

/** What keeps the condition from holding, in words; empty when it holds. */
function missingFor(condition: Condition, cluster: Cluster): readonly string[] {
  const problems = findProblems(cluster);
  const among = (...kinds: readonly Problem["kind"][]) => problems.filter(({ kind }) => kinds.includes(kind));
  const texts = (found: readonly Problem[]) => found.map((problem) => problemText(problem, cluster).what);
  switch (condition.kind) {
    case "ok":
      return texts(
        among("cluster-state", "node-unreachable", "disagreement", "unknown-member", "uncovered-slots", "handshake"),
      );
    case "healthy":
      return texts(problems.filter((problem) => severityOf(problem) === "error"));
    case "agreement":
      return texts(among("disagreement", "unknown-member", "node-unreachable", "handshake"));
    case "replicas":
      return texts(among("replica-link-down", "unknown-primary", "node-unreachable"));
    case "nodes":
      return missingNodes(condition.count, cluster, texts(among("unknown-member")));
  }
}

function missingNodes(wanted: number, cluster: Cluster, unknown: readonly string[]): readonly string[] {
  const members = membersOf(cluster);
  const reached = members.filter(({ view }) => view !== undefined).length;
  if (members.length === wanted && reached === wanted) return unknown;
  return [
    `${reached} of ${wanted} nodes are there${members.length > wanted ? `, and ${members.length} are listed` : ""}`,
  ];
}

function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case "ok":
      return "every node says cluster_state:ok and all agree";
    case "healthy":
      return "check finds no problem";
    case "agreement":
      return "all nodes agree";
    case "replicas":
      return "every replica follows its primary";
    case "nodes":
      return `the cluster has ${condition.count} nodes`;
  }
}

function timedOut(condition: Condition, last: Cluster | SlotctlError | undefined, timeout: number): SlotctlError {
  const why = last instanceof SlotctlError ? [last.message] : last === undefined ? [] : missingFor(condition, last);
  return new SlotctlError(`Waited ${timeout / 1000} s in vain until ${conditionText(condition)}`, {
    code: "TIMED_OUT",
    exitCode: ExitCode.TimedOut,
    details: why.slice(0, 5),
    hint: "slotctl check tells more; --timeout sets how long to wait",
  });
}
