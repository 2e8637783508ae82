import { SlotctlError } from "../errors.ts";
import type { View } from "../model/cluster.ts";
import { waitUntil } from "../node/wait-until.ts";
import type { Failover, NodeRef } from "../plan/plan.ts";
import { type Executor, forgive, nodeOf, viewOf } from "./executor.ts";
import { sendMeet } from "./meet.ts";

/** Gossip alone takes half a node timeout; whoever has not heard by then will not hear of it in time. */
const PATIENCE_MS = 10_000;

/** A packet has been there and back by then. */
const TELL_AGAIN_MS = 300;

/**
 * Waits until everybody who answers holds a node for the replica of its primary, as after it has become one a moment ago.
 * A primary passes over the request for a manual failover of any other node, and a voter over its request for a vote,
 * without a word: the servers would give up seconds later. A MEET between acquainted nodes changes nothing, but says at
 * once what its sender is.
 */
export async function awaitKnownReplica(step: Failover, executor: Executor): Promise<void> {
  const listeners = new Map([step.primary, ...executor.witnesses].map((ref) => [ref.id, ref]));
  listeners.delete(step.node.id);
  let toldAt = Number.NEGATIVE_INFINITY;
  const look = async () => {
    const { late, unlinked } = await findUnready(step, [...listeners.values()], executor);
    if (late.length + unlinked.length === 0) return true;
    executor.emit({
      type: "waiting",
      on: "agreement",
      done: listeners.size - new Set([...late, ...unlinked]).size,
      total: listeners.size,
    });
    if (performance.now() - toldAt < TELL_AGAIN_MS) return undefined;
    toldAt = performance.now();
    await Promise.all(late.map((listener) => tell(step.node, listener, executor)));
    return undefined;
  };
  await waitUntil(look, { timeout: Math.min(executor.timeout, PATIENCE_MS), signal: executor.signal });
}

/** Of those who answer: who does not know it for a replica, and to whom it has no connection to ask over. */
async function findUnready(
  step: Failover,
  listeners: readonly NodeRef[],
  executor: Executor,
): Promise<{ readonly late: readonly NodeRef[]; readonly unlinked: readonly NodeRef[] }> {
  const views = await Promise.all(
    listeners.map((ref) => viewOf(executor, ref).catch((error: unknown) => forgive(executor, ref, error))),
  );
  const linked = await linkedFrom(step.node, executor);
  return {
    late: listeners.filter((_, i) => isUnaware(step, views[i])),
    unlinked: listeners.filter(({ id }, i) => views[i] !== undefined && linked?.has(id) === false),
  };
}

/** To whom it has a connection on the bus: nodes that have met open it anew. Undefined before Redis 7.0. */
async function linkedFrom(node: NodeRef, executor: Executor): Promise<ReadonlySet<string> | undefined> {
  const [links] = await (await nodeOf(executor, node)).sendAll([["CLUSTER", "LINKS"]]);
  if (!Array.isArray(links)) return undefined;
  const fields = links.map((link) => {
    const words = Array.isArray(link) ? link.map(String) : [];
    const fieldOf = (name: string) => words[words.indexOf(name) + 1];
    return { direction: fieldOf("direction"), id: fieldOf("node") };
  });
  return new Set(fields.flatMap(({ direction, id }) => (direction === "to" && id !== undefined ? [id] : [])));
}

/** Who does not list it at all has forgotten it, or has yet to meet it: that is for others to say. */
function isUnaware({ node, primary }: Failover, view: View | undefined): boolean {
  const line = view?.lines.find(({ id, handshake }) => id === node.id && !handshake);
  return line !== undefined && !(line.role === "replica" && line.primaryId === primary.id);
}

/** Who may not be told hears of it by gossip. */
async function tell(node: NodeRef, listener: NodeRef, executor: Executor): Promise<void> {
  try {
    await sendMeet(node, listener, executor);
  } catch (error) {
    if (!(error instanceof SlotctlError)) throw error;
  }
}
