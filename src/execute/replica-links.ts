import { formatAddress } from "../model/address.ts";
import { parseInfo } from "../model/parse-info.ts";
import { waitUntil } from "../node/wait-until.ts";
import type { NodeRef } from "../plan/plan.ts";
import { type Executor, forgive, nodeOf } from "./executor.ts";
import { copyTimedOut } from "./failures.ts";

/**
 * Waits until a replica has copied its primary and follows it.
 * @throws SlotctlError, exit code 7, that says how the copy stands
 */
export async function waitUntilCopied(node: NodeRef, primary: NodeRef, executor: Executor): Promise<void> {
  let stands = "it does not answer";
  const look = async () => {
    const info = await replicationOf(node, executor).catch((error: unknown) => forgive(executor, node, error));
    if (info === undefined) return undefined;
    if (info.get("master_link_status") === "up") return true;
    stands = info.get("master_sync_in_progress") === "1" ? "it is still copying" : "it has no link to its primary";
    executor.emit({ type: "waiting", on: "replica-links", done: 0, total: 1 });
    return undefined;
  };
  if ((await waitUntil(look, executor)) === undefined) {
    throw copyTimedOut(node, primary, `${stands} after ${executor.timeout / 1000} s`);
  }
}

/** INFO replication of a node. */
export async function replicationOf(node: NodeRef, executor: Executor): Promise<ReadonlyMap<string, string>> {
  return parseInfo(String(await (await nodeOf(executor, node)).send("INFO", "replication")));
}

/** How far a replica is behind what its primary has, in words; undefined when one of them does not answer. */
export async function lagText(node: NodeRef, primary: NodeRef, executor: Executor): Promise<string | undefined> {
  const [behind, ahead] = await Promise.all(
    [node, primary].map((ref) => replicationOf(ref, executor).catch((error: unknown) => forgive(executor, ref, error))),
  );
  if (behind === undefined || ahead === undefined) return undefined;
  const bytes = Number(ahead.get("master_repl_offset")) - Number(behind.get("slave_repl_offset"));
  return Number.isFinite(bytes) ? `${formatAddress(node.address)} is ${Math.max(bytes, 0)} bytes behind` : undefined;
}
