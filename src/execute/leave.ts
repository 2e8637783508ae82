import { ExitCode, SlotctlError } from "../errors.ts";
import { formatAddress } from "../model/address.ts";
import type { View } from "../model/cluster.ts";
import { parseNodes } from "../model/parse-nodes.ts";
import { formatRanges } from "../model/slot.ts";
import { type Node, ServerError } from "../node/node.ts";
import { waitUntil } from "../node/wait-until.ts";
import type { NodeRef, Reset, Shutdown } from "../plan/plan.ts";
import { type Executor, forgive, type OnChange } from "./executor.ts";
import { commandRefused, otherNodeAnswers } from "./failures.ts";

/**
 * Empties a node that the others have forgotten: it could otherwise be taken for a member by clients that ask it. A
 * replica with much data is silent while it drops it; then it is waited for.
 * @throws SlotctlError, exit code 5, when it is a member of something else by now, or owns slots
 */
export async function reset({ node, hard }: Reset, executor: Executor, onChange: OnChange): Promise<boolean> {
  const { server, view } = await leaverAt(node, executor);
  if (isAlone(view)) return false;
  refuseOthers(node, view, executor);
  onChange();
  const refusal = await sendLast(server, ["CLUSTER", "RESET", hard ? "HARD" : "SOFT"]);
  if (refusal !== undefined) throw commandRefused("CLUSTER RESET", node, refusal);
  const isBlank = async () => {
    const found = await leaverAt(node, executor).catch((error: unknown) => forgive(executor, node, error));
    return found !== undefined && isAlone(found.view) ? true : undefined;
  };
  if ((await waitUntil(isBlank, executor)) === undefined) throw resetTimedOut(node, executor.timeout / 1000);
  return true;
}

/** Ends a node that has left; it saves its data first if it is configured to. */
export async function shutdown({ node }: Shutdown, executor: Executor, onChange: OnChange): Promise<boolean> {
  const found = await leaverAt(node, executor).catch((error: unknown) => {
    if (error instanceof SlotctlError && error.code === "NODE_UNREACHABLE") return undefined;
    throw error;
  });
  if (found === undefined) return false;
  if (!isAlone(found.view)) refuseOthers(node, found.view, executor);
  onChange();
  const refusal = await sendLast(found.server, ["SHUTDOWN"]);
  if (refusal !== undefined) throw commandRefused("SHUTDOWN", node, refusal);
  executor.connections.drop(dialOf(node, executor));
  return true;
}

/** Sends what the server may not live to answer; what it is afterwards has to be looked at. */
async function sendLast(server: Node, command: readonly [string, ...string[]]): Promise<ServerError | undefined> {
  try {
    const [outcome] = await server.sendAll([command]);
    return outcome instanceof ServerError ? outcome : undefined;
  } catch (error) {
    if (error instanceof SlotctlError) return undefined;
    throw error;
  }
}

/** The node that leaves; by another id only when it is alone, for then a hard reset has given it that. */
async function leaverAt(ref: NodeRef, executor: Executor): Promise<{ readonly server: Node; readonly view: View }> {
  const dial = dialOf(ref, executor);
  const server = await executor.connections.to(dial);
  const view = parseNodes(String(await server.send("CLUSTER", "NODES")));
  if (view.myself.id !== ref.id && !isAlone(view)) throw otherNodeAnswers(ref, dial, view.myself.id);
  return { server, view };
}

function dialOf({ id, address }: NodeRef, { connections, dials }: Executor) {
  return dials.get(id) ?? connections.dialOf(address);
}

function isAlone({ myself, lines }: View): boolean {
  return lines.length === 1 && myself.role === "primary" && myself.slots.length === 0;
}

/** It is to leave this cluster, not one that it has joined since, and not with slots that clients ask it for. */
function refuseOthers({ address }: NodeRef, { myself, lines }: View, { witnesses }: Executor): void {
  const known = new Set(lines.map(({ id }) => id));
  const isOurs = witnesses.some(({ id }) => known.has(id));
  if (isOurs && myself.slots.length === 0) return;
  const why = isOurs ? `owns slots ${formatRanges(myself.slots)}` : "knows none of the cluster that it was to leave";
  throw new SlotctlError(`${formatAddress(address)} ${why}`, {
    code: "PLAN_STALE",
    exitCode: ExitCode.Stale,
    hint: "It was not touched. Look at it with slotctl info, and make a new plan",
  });
}

function resetTimedOut({ address }: NodeRef, seconds: number): SlotctlError {
  return new SlotctlError(`${formatAddress(address)} did not come to the end of its reset within ${seconds} s`, {
    code: "RESET_TIMED_OUT",
    exitCode: ExitCode.TimedOut,
    hint: "All others have forgotten it. Dropping much data takes its time: slotctl resume looks again",
  });
}
