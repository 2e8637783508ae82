import { formatAddress } from "../model/address.ts";
import { parseInfo } from "../model/parse-info.ts";
import { type Outcome, ServerError } from "../node/node.ts";
import { waitUntil } from "../node/wait-until.ts";
import type { NodeRef } from "../plan/plan.ts";
import { type Executor, nodeOf } from "./executor.ts";

/** Redis's own default, for a user who may not read the setting. */
const USUAL_NODE_TIMEOUT_MS = 15_000;

/**
 * Waits until a replica has forgotten the votes of an election that it won before. Redis 7.0 and 8.0 count them once
 * more when they are asked for a failover within four node timeouts: the replica believes itself elected, with the old
 * config epoch, serves clients, and is put in its place by the others a moment later. What it took in is lost. How long
 * ago it won cannot be seen, but its link to its primary is younger than that. Valkey forgets the votes at once.
 */
export async function waitOutLastElection(node: NodeRef, executor: Executor): Promise<void> {
  const left = await timeLeft(node, executor);
  if (left <= 0) return;
  const text = `${formatAddress(node.address)} was elected a short time ago; waiting ${Math.ceil(left / 1000)} s until its old votes count no more`;
  executor.emit({ type: "notice", text });
  await waitUntil(async () => ((await timeLeft(node, executor)) <= 0 ? true : undefined), {
    timeout: Math.max(left, executor.timeout),
    signal: executor.signal,
  });
}

/** Milliseconds. */
async function timeLeft(node: NodeRef, executor: Executor): Promise<number> {
  const [server, cluster, links, setting] = await (await nodeOf(executor, node)).sendAll([
    ["INFO", "server"],
    ["CLUSTER", "INFO"],
    ["CLIENT", "LIST", "TYPE", "master"],
    ["CONFIG", "GET", "cluster-node-timeout"],
  ]);
  const forgets = parseInfo(textOf(server)).has("valkey_version");
  const stood = Number(parseInfo(textOf(cluster)).get("cluster_stats_messages_auth-req_sent") ?? 0) > 0;
  const age = /(?:^| )age=(\d+)/.exec(textOf(links))?.[1];
  if (forgets || !stood || age === undefined) return 0;
  const said = Array.isArray(setting) ? Number(setting[1]) : Number.NaN;
  const nodeTimeout = said > 0 ? said : USUAL_NODE_TIMEOUT_MS;
  // The age is in whole seconds. The servers take no node timeout below a second for this.
  return Math.max(4 * nodeTimeout, 4000) + 1000 - Number(age) * 1000;
}

function textOf(outcome: Outcome | undefined): string {
  return outcome instanceof ServerError ? "" : String(outcome ?? "");
}
