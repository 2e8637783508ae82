import { SlotctlError } from "../errors.ts";
import type { Address } from "../model/address.ts";
import type { NodeId, View } from "../model/cluster.ts";
import type { DailyWindow } from "../model/daily-window.ts";
import { nodesParser } from "../model/parse-nodes.ts";
import type { Network } from "../node/network.ts";
import { type Command, type Node, type Reply, ServerError } from "../node/node.ts";
import type { RateLimit } from "../plan/move-plan.ts";
import type { NodeRef } from "../plan/plan.ts";
import type { Emit } from "./events.ts";
import { commandRefused, otherNodeAnswers } from "./failures.ts";
import type { AskWinner, KeepLost } from "./move/conflicts.ts";

/** What carrying out a plan needs: the way to each node, somebody to tell, and when to stop. */
export interface Executor {
  readonly connections: Network;
  /** Where nodes were reached, when that is not the address that their peers use. */
  readonly dials: ReadonlyMap<NodeId, Address>;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** Nodes that have no part in the plan but have to agree in the end; one that does not answer is not waited for. */
  readonly witnesses: readonly NodeRef[];
  /** When a run is done: when the nodes have joined and agree, or when every one of them also serves clients. */
  readonly until: "joined" | "ok";
  readonly limits: MoveLimits;
  /** Where values go that give way to others; undefined: none may. */
  readonly keepLost?: KeepLost | undefined;
  /** Asks a person which of two values counts; undefined: there is nobody to ask. */
  readonly askWinner?: AskWinner | undefined;
  /** Milliseconds that each wait for the cluster may take. */
  readonly timeout: number;
}

/** How gently slots are moved. */
export interface MoveLimits {
  /** Moves that a node takes part in at the same time. */
  readonly concurrency: number;
  /** Keys in one MIGRATE at the most. */
  readonly pipeline: number;
  /** Milliseconds that a source may be busy with one write of ours: it serves nobody else meanwhile. */
  readonly maxBlockMs: number;
  /** Over all moves; undefined: as fast as it goes. */
  readonly rate: RateLimit | undefined;
  /** When slots may be begun with; undefined: at any time. */
  readonly window: DailyWindow | undefined;
  /** Milliseconds that a server may take for one MIGRATE. */
  readonly migrateTimeoutMs: number;
  /** Move key by key where the servers' own migration failed and left everything at the source. */
  readonly fallBackToKeys: boolean;
  /** Overwrite keys that the target holds already, whatever their value. */
  readonly replace: boolean;
}

export const DEFAULT_LIMITS: MoveLimits = {
  concurrency: 4,
  pipeline: 100,
  maxBlockMs: 10,
  rate: undefined,
  window: undefined,
  migrateTimeoutMs: 60_000,
  fallBackToKeys: true,
  replace: false,
};

/** Called right before the first command that changes something. */
export type OnChange = () => void;

const confirmed = new WeakMap<Node, string>();
const parse = nodesParser();

/**
 * The connection to a node of the plan, after making sure that it is that node which answers there.
 * @throws SlotctlError when it cannot be reached, or when another node answers
 */
export async function nodeOf({ connections, dials }: Executor, ref: NodeRef): Promise<Node> {
  const dial = dials.get(ref.id) ?? connections.dialOf(ref.address);
  const node = await connections.to(dial);
  if (confirmed.get(node) === ref.id) return node;
  const id = String(await node.send("CLUSTER", "MYID"));
  if (id !== ref.id) throw otherNodeAnswers(ref, dial, id);
  confirmed.set(node, id);
  return node;
}

/**
 * Sends a command that changes something.
 * @throws SlotctlError that names the command and the node when the server refuses
 */
export async function change(executor: Executor, ref: NodeRef, ...command: Command): Promise<Reply> {
  const node = await nodeOf(executor, ref);
  try {
    return await node.send(...command);
  } catch (error) {
    if (error instanceof ServerError) throw commandRefused(nameOf(command), ref, error);
    throw error;
  }
}

/** The words of the command without its values: "CLUSTER ADDSLOTSRANGE". */
function nameOf([name, subcommand]: Command): string {
  return `${name} ${subcommand}`;
}

/** The cluster as this node sees it now. */
export async function viewOf(executor: Executor, ref: NodeRef): Promise<View> {
  return parse(String(await (await nodeOf(executor, ref)).send("CLUSTER", "NODES")));
}

/** Forgets a connection that failed, so that the next look opens a new one; anything unforeseen goes on up. */
export function forgive({ connections, dials }: Executor, ref: NodeRef, error: unknown): undefined {
  if (!(error instanceof SlotctlError) && !(error instanceof ServerError)) throw error;
  connections.drop(dials.get(ref.id) ?? connections.dialOf(ref.address));
  return undefined;
}
