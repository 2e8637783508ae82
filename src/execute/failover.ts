import { ExitCode, SlotctlError } from "../errors.ts";
import { formatAddress } from "../model/address.ts";
import type { View } from "../model/cluster.ts";
import { nodesParser } from "../model/parse-nodes.ts";
import { formatRanges } from "../model/slot.ts";
import { ServerError } from "../node/node.ts";
import { waitUntil } from "../node/wait-until.ts";
import type { Failover, FailoverMode, NodeRef } from "../plan/plan.ts";
import { type Executor, forgive, nodeOf, type OnChange, viewOf } from "./executor.ts";
import { commandRefused, failoverFailed, failoverStale, verifyTimedOut } from "./failures.ts";
import { awaitKnownReplica } from "./known-replica.ts";
import { waitOutLastElection } from "./last-election.ts";
import { lagText, waitUntilCopied } from "./replica-links.ts";
import { ask, type Report } from "./verify.ts";

/** The servers give a manual failover up after some seconds, and say so in their logs only. */
const ATTEMPTS = 3;

/** `cluster-manual-failover-timeout` where it can be read (Valkey 8.1 and later); everywhere else it is fixed. */
const SERVER_GIVES_UP_MS = 5_000;

/** What a server needs beyond that to notice. */
const NOTICE_MS = 500;

/**
 * A replica takes the place of its primary. Done when it owns the slots, every node that answers gives them to it, its
 * config epoch is nobody else's, and the other copies follow it with their links up.
 * @throws SlotctlError when the servers do not do it, or do not come to agree about it in time
 */
export async function failover(step: Failover, executor: Executor, onChange: OnChange): Promise<boolean> {
  if ((await isPromoted(step, executor)) && (await settle(step, executor)) === "agreed") return false;
  // A replica that is still copying would be refused, or hold up the clients until the servers give up.
  if (step.mode === "safe") await waitUntilCopied(step.node, step.primary, executor);
  if (step.mode !== "takeover") await awaitKnownReplica(step, executor);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    await waitOutLastElection(step.node, executor);
    executor.signal.throwIfAborted();
    // While it was waited for, the servers may have given the replica another primary: that one must not lose its slots.
    if (!(await isPromoted(step, executor))) {
      onChange();
      await order(step, executor);
    }
    if ((await comesAbout(step, executor)) && (await settle(step, executor)) === "agreed") return true;
    const text = `${formatAddress(step.node.address)} was not made the primary, attempt ${attempt} of ${ATTEMPTS}`;
    executor.emit({ type: "notice", text });
  }
  const lag = await lagText(step.node, step.primary, executor);
  throw failoverFailed(step, ATTEMPTS, [...(lag === undefined ? [] : [lag]), WHY_NOT[step.mode]]);
}

const WHY_NOT: Readonly<Record<FailoverMode, string>> = {
  safe: "The replica may be too slow for the writes that come in, or the primaries do not all answer their bus port",
  force: "A majority of the primaries has to vote for it; without one, only --takeover is left",
  takeover: "It takes nobody's consent, so the replica itself must be in trouble",
};

/** True when the replica is a primary with slots by now, whoever made it one. */
async function isPromoted(step: Failover, executor: Executor): Promise<boolean> {
  const { myself, lines } = await viewOf(executor, step.node);
  if (myself.role === "primary") {
    // Who takes over takes everything.
    const old = lines.find(({ id }) => id === step.primary.id);
    if (myself.slots.length > 0 && (old?.slots ?? []).length === 0) return true;
    throw failoverStale(step, myself.slots.length > 0 ? "it is the primary of other slots" : "it is an empty primary");
  }
  if (myself.primaryId !== step.primary.id) throw failoverStale(step, `it follows ${myself.primaryId ?? "nobody"}`);
  return false;
}

async function order({ node, mode }: Failover, executor: Executor): Promise<void> {
  const server = await nodeOf(executor, node);
  const how = mode === "safe" ? [] : [mode.toUpperCase()];
  let refusal: ServerError | undefined;
  const patience = { timeout: Math.min(executor.timeout, UNLINKED_MS), signal: executor.signal };
  const done = await waitUntil(async () => {
    const [outcome] = await server.sendAll([["CLUSTER", "FAILOVER", ...how]]);
    // It may have been promoted by the others in this very moment.
    if (!(outcome instanceof ServerError) || /to a (replica|slave)/i.test(outcome.message)) return true;
    refusal = outcome;
    if (!UNLINKED.test(outcome.message)) throw commandRefused("CLUSTER FAILOVER", node, outcome);
    return undefined;
  }, patience);
  if (done === undefined && refusal !== undefined) throw commandRefused("CLUSTER FAILOVER", node, refusal);
}

/** Also said by a replica that is just opening its bus connection to the primary anew, as after they have met. */
const UNLINKED = /Master is down or failed/;
const UNLINKED_MS = 3_000;

async function comesAbout(step: Failover, executor: Executor): Promise<boolean> {
  const look = async () => {
    const done = await isPromoted(step, executor).catch((error: unknown) => {
      if (error instanceof SlotctlError && error.exitCode === ExitCode.Stale) throw error;
      return forgive(executor, step.node, error);
    });
    return done === true ? true : undefined;
  };
  const patience = { timeout: await attemptTime(step, executor), signal: executor.signal };
  return (await waitUntil(look, patience)) === true;
}

async function attemptTime({ node }: Failover, executor: Executor): Promise<number> {
  const [outcome] = await (await nodeOf(executor, node)).sendAll([
    ["CONFIG", "GET", "cluster-manual-failover-timeout"],
  ]);
  const said = Array.isArray(outcome) ? Number(outcome[1]) : Number.NaN;
  return Math.min((said > 0 ? said : SERVER_GIVES_UP_MS) + NOTICE_MS, executor.timeout);
}

/**
 * Waits for all that follows from a failover; a node that does not answer is not waited for, but the new primary.
 * "overruled": the others know of a newer config epoch and made it a replica again.
 */
async function settle(step: Failover, executor: Executor): Promise<"agreed" | "overruled"> {
  const parse = nodesParser();
  const listeners = [step.primary, ...executor.witnesses].filter(({ id }) => id !== step.node.id);
  const others = [...new Map(listeners.map((ref) => [ref.id, ref])).values()];
  let missing: readonly string[] = [];
  const look = async () => {
    const [report, ...reports] = await Promise.all(
      [step.node, ...others].map((node) => ask({ node }, executor, parse)),
    );
    if (report?.view.myself.role === "replica") return "overruled";
    const answers = others.map((node, i) => ({ node, report: reports[i] }));
    const disagreeing = findDisagreeing(step, report, answers);
    const copying = answers.filter(({ report: answer }) => answer !== undefined && isCopying(step, answer));
    const on = disagreeing.length > 0 ? "agreement" : "replica-links";
    missing = [...disagreeing, ...copying.map(({ node }) => `${formatAddress(node.address)} has no link to it yet`)];
    if (missing.length === 0) return "agreed";
    const total = on === "agreement" ? others.length + 1 : copying.length;
    executor.emit({ type: "waiting", on, done: on === "agreement" ? total - disagreeing.length : 0, total });
    return undefined;
  };
  const outcome = await waitUntil<"agreed" | "overruled">(look, executor);
  if (outcome === undefined) throw verifyTimedOut(executor.timeout / 1000, missing);
  return outcome;
}

interface Answer {
  readonly node: NodeRef;
  readonly report: Report | undefined;
}

/** What keeps the nodes from agreeing that `step.node` is the primary, one line for each. */
function findDisagreeing(step: Failover, report: Report | undefined, answers: readonly Answer[]): readonly string[] {
  const name = formatAddress(step.node.address);
  if (report === undefined) return [`${name} does not answer`];
  const { myself, lines } = report.view;
  if (myself.role !== "primary" || myself.slots.length === 0) return [`${name} owns no slots`];
  const epochs = lines.filter(({ slots, configEpoch }) => slots.length > 0 && configEpoch === myself.configEpoch);
  return [
    ...(epochs.length > 1 ? [`${name} shares its config epoch ${myself.configEpoch} with another primary`] : []),
    ...answers
      .filter(({ node, report: answer }) => answer !== undefined && !agrees(step, node, report.view, answer.view))
      .map(({ node }) => `${formatAddress(node.address)} does not hold ${name} for the primary yet`),
  ];
}

function agrees({ node, primary }: Failover, listener: NodeRef, own: View, view: View): boolean {
  // Who knows nobody is no member yet, and has nothing to agree to.
  if (view.lines.length === 1) return true;
  const line = view.lines.find(({ id }) => id === node.id);
  const knows = line?.role === "primary" && formatRanges(line.slots) === formatRanges(own.myself.slots);
  // The old primary itself has to have given in.
  return knows && (listener.id !== primary.id || view.myself.primaryId === node.id);
}

function isCopying({ node, primary }: Failover, { view, replication }: Report): boolean {
  const { id, primaryId } = view.myself;
  if (id !== primary.id && primaryId !== node.id) return false;
  return replication.get("master_link_status") !== "up";
}
