import { ExitCode, SlotctlError } from "../errors.ts";
import { DEFAULT_LIMITS } from "../execute/executor.ts";
import { formatAddress } from "../model/address.ts";
import type { Cluster, ClusterNode } from "../model/cluster.ts";
import { waitUntil } from "../node/wait-until.ts";
import { type ForgetProblem, findFailedNodes, findGhostNodes, planForget } from "../plan/forget.ts";
import { survey } from "../survey/survey.ts";
import { forgetProblemHint, forgetProblemText } from "../view/members-text.ts";
import { count, listText, nodeName } from "../view/words.ts";
import { carryOutPlan, type PlanOptions } from "./carry-out-plan.ts";
import type { Context } from "./context.ts";

export interface ForgetOptions extends Omit<PlanOptions, "limits"> {
  /** As typed: ids, beginnings of ids, or addresses. */
  readonly nodes: readonly string[];
  readonly ghosts: boolean;
  readonly failed: boolean;
}

/** Strikes nodes that are gone for good off the list of every node. */
export async function forget(options: ForgetOptions, context: Context): Promise<ExitCode> {
  if (options.nodes.length === 0 && !options.ghosts && !options.failed) throw nobodyNamed();
  const cluster = await surveyGhosts(options, context);
  const targets = new Set([
    ...options.nodes.map((text) => entryNamed(cluster, text)),
    ...(options.ghosts ? findGhostNodes(cluster) : []),
    ...(options.failed ? findFailedNodes(cluster) : []),
  ]);
  const outcome = planForget(cluster, [...targets]);
  if (outcome.kind === "refused") throw refused(outcome.problems, cluster);
  const { plan } = outcome;
  const shown = { kind: "steps", plan, preview: undefined } as const;
  return carryOutPlan(
    {
      cluster,
      shown,
      question: "Have every node forget them?",
      tell: (told, seconds) =>
        context.view.result({ kind: "changed", outcome: told, shown, summary: summaryOf([...targets]), seconds }),
    },
    { ...options, limits: DEFAULT_LIMITS },
    context,
  );
}

/** A node that is just joining is in a handshake as well: only what does not pass within a node timeout is a ghost. */
async function surveyGhosts(
  { ghosts }: ForgetOptions,
  { seeds, connections, zones, signal }: Context,
): Promise<Cluster> {
  let cluster = await survey(seeds, connections, { depth: "health", zones });
  const settings = cluster.nodes.flatMap(({ facts }) => facts?.settings.get("cluster-node-timeout") ?? []);
  const timeout = Math.max(1000, ...settings.map(Number).filter(Number.isFinite));
  if (!ghosts || !hasHandshake(cluster)) return cluster;
  await waitUntil(
    async () => {
      cluster = await survey(seeds, connections, { depth: "health", zones });
      return hasHandshake(cluster) ? undefined : true;
    },
    { timeout: 2 * timeout, signal },
  );
  return cluster;
}

function hasHandshake({ nodes }: Cluster): boolean {
  return nodes.some(({ handshake }) => handshake);
}

/** Unlike elsewhere, what is no member can be named too. */
function entryNamed({ nodes }: Cluster, text: string): ClusterNode {
  const byAddress = nodes.filter(({ address }) => address.host !== "" && formatAddress(address) === text);
  const isPrefix = /^[0-9a-f]{1,40}$/i.test(text);
  const found =
    byAddress.length > 0 || !isPrefix ? byAddress : nodes.filter(({ id }) => id.startsWith(text.toLowerCase()));
  if (found.length === 1) return found[0]!;
  throw new SlotctlError(
    `"${text}" ${found.length === 0 ? "names nobody that any node lists" : "fits more than one node"}`,
    {
      code: found.length === 0 ? "UNKNOWN_NODE" : "AMBIGUOUS_NODE",
      exitCode: ExitCode.Usage,
      details: found.map(nodeName),
      hint: "Give a node id or the unique beginning of one; slotctl check lists ghosts",
    },
  );
}

function nobodyNamed(): SlotctlError {
  return new SlotctlError("forget needs nodes, --ghosts or --failed", {
    code: "USAGE",
    exitCode: ExitCode.Usage,
    hint: "For example: slotctl forget 10.0.0.1:7000 --ghosts",
  });
}

function refused(problems: readonly ForgetProblem[], cluster: Cluster): SlotctlError {
  const texts = problems.map((problem) => forgetProblemText(problem, cluster));
  return new SlotctlError(`Cannot have it forgotten: ${texts[0]}`, {
    code: "FORGET_REFUSED",
    exitCode: ExitCode.Unhealthy,
    details: texts.slice(1),
    hint: forgetProblemHint(problems),
  });
}

function summaryOf(targets: readonly ClusterNode[]): string {
  if (targets.length === 0) return "there is nobody to forget";
  return `nobody lists ${targets.length === 1 ? nodeName(targets[0]!) : `these ${count(targets.length, "node")}: ${listText(targets.map(nodeName))}`} any more`;
}
