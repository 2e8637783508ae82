/**
 * slotctl as a library: survey a cluster, plan a change, carry the plan out. The three are apart: surveys only read, plans
 * are plain data and pure functions of what was surveyed, and nothing but runPlan changes anything.
 *
 * @module
 */
import { movesLeft, preflight, refuseChanged } from "./commands/preflight.ts";
import type { RunEvent } from "./execute/events.ts";
import { DEFAULT_LIMITS, type MoveLimits } from "./execute/executor.ts";
import { runPlan as carryOut } from "./execute/run-plan.ts";
import { type Address, formatAddress, parseAddress } from "./model/address.ts";
import type { AddressMap } from "./model/address-map.ts";
import type { Cluster, ClusterNode, NodeId, Shard } from "./model/cluster.ts";
import type { Credentials, TlsSettings } from "./node/connect.ts";
import { Connections } from "./node/connections.ts";
import { planMoves } from "./plan/move-plan.ts";
import { leavingIn, type MoveMethod, type Plan, type Step } from "./plan/plan.ts";
import { findProblems, type Problem, severityOf } from "./plan/problems.ts";
import { planRebalance as planRebalanceMoves } from "./plan/rebalance.ts";
import { planReshard as planReshardMoves, type ReshardRequest } from "./plan/reshard.ts";
import type { MoveProblem, SlotMove } from "./plan/slot-moves.ts";
import { survey as surveyFrom } from "./survey/survey.ts";

export { SlotctlError } from "./errors.ts";
export { membersOf, nodeById, primariesOf, shardsOf, slotCountOf } from "./model/cluster.ts";
export { formatRanges, parseRanges, type SlotRange, type SlotRanges } from "./model/slot.ts";
export { type PlanReading, readPlan } from "./plan/read-plan.ts";
export type {
  Address,
  Cluster,
  ClusterNode,
  Connections,
  Credentials,
  MoveLimits,
  MoveMethod,
  MoveProblem,
  NodeId,
  Plan,
  Problem,
  RunEvent,
  Shard,
  SlotMove,
  Step,
  TlsSettings,
};
export { findProblems, formatAddress, parseAddress, severityOf };

export interface ConnectionOptions {
  readonly credentials?: Credentials;
  readonly tls?: TlsSettings;
  /** Milliseconds that one answer is waited for (5,000). */
  readonly timeout?: number;
  /** Where nodes are reached that announce another address: behind NAT, in containers. */
  readonly addressMap?: AddressMap;
}

/**
 * The connections to the nodes of one cluster. Each node is connected to when it is first needed; dispose of them in the
 * end, or `using connections = openConnections()`.
 */
export function openConnections(options: ConnectionOptions = {}): Connections {
  const { credentials, tls, timeout = 5000, addressMap = [] } = options;
  return new Connections({ credentials, tls, connectTimeout: timeout, commandTimeout: timeout }, addressMap);
}

/**
 * Asks every node of a cluster for its own view. The first seed that answers is where it starts: "10.0.0.1:7000".
 * @throws SlotctlError NODE_UNREACHABLE and others when no seed answers as a cluster node; RangeError for a seed that is no
 * address
 */
export function survey(
  seeds: string | Address | readonly (string | Address)[],
  connections: Connections,
): Promise<Cluster> {
  const list = typeof seeds === "string" || "host" in seeds ? [seeds] : seeds;
  return surveyFrom(list.map(addressOf), connections);
}

function addressOf(seed: string | Address): Address {
  const address = typeof seed === "string" ? parseAddress(seed) : seed;
  if (address === undefined) throw new RangeError(`${seed} is no address: expected host:port`);
  return address;
}

export interface RebalanceOptions {
  /** By node id; 1 where nothing is said, and 0 empties the primary. */
  readonly weights?: ReadonlyMap<NodeId, number>;
  /** How far a primary may be from its share before anything is moved, in percent (2). */
  readonly thresholdPercent?: number;
  /** Primaries without slots take part too (no). */
  readonly useEmptyPrimaries?: boolean;
  /** What a slot weighs, never negative; by default all weigh the same. */
  readonly load?: (slot: number) => number;
  /** `atomic` only between servers that have it: Valkey 9, Redis 8.4 (keys). */
  readonly method?: MoveMethod;
}

/** `plan` has no steps when there is nothing to do. */
export type MoveOutcome =
  | { readonly kind: "planned"; readonly plan: Plan; readonly moves: readonly SlotMove[] }
  | { readonly kind: "refused"; readonly problems: readonly MoveProblem[] };

/** The fewest slots moved that give every primary its share. Pure: the same cluster and options make the same plan. */
export function planRebalance(cluster: Cluster, options: RebalanceOptions = {}): MoveOutcome {
  const { weights = new Map(), thresholdPercent = 2, useEmptyPrimaries = false, load, method = "keys" } = options;
  const outcome = planRebalanceMoves(cluster, { weights, thresholdPercent, useEmptyPrimaries, load });
  if (outcome.kind === "refused") return outcome;
  const moves = outcome.kind === "planned" ? outcome.moves : [];
  return { kind: "planned", plan: planMoves("rebalance", cluster, moves, () => method), moves };
}

export interface ReshardOptions {
  readonly target: NodeId;
  /** `slots` of a count is a number, of ranges what parseRanges reads: "0-99,200". */
  readonly amount: ReshardRequest["amount"];
  /** Who gives them; each in proportion to what it owns (all other primaries). */
  readonly sources?: readonly NodeId[];
  /** As of planRebalance. */
  readonly method?: MoveMethod;
}

/** Moves a number of slots, or named ranges, to one primary. Pure. */
export function planReshard(cluster: Cluster, options: ReshardOptions): MoveOutcome {
  const { target, amount, sources = "all", method = "keys" } = options;
  const outcome = planReshardMoves(cluster, { target, amount, sources, order: "contiguous" });
  if (outcome.kind === "refused") return outcome;
  const { moves } = outcome;
  return { kind: "planned", plan: planMoves("reshard", cluster, moves, () => method), moves };
}

export interface RunOptions {
  /** The cluster that the plan was made for, as it was surveyed. */
  readonly cluster: Cluster;
  readonly connections: Connections;
  /** Told of everything that goes on; must not throw. */
  readonly onEvent?: (event: RunEvent) => void;
  /** An abort parks the run: slots in flight arrive, and no other one is begun. */
  readonly signal?: AbortSignal;
  /** How gently slots are moved; what is left out is as in slotctl. */
  readonly limits?: Partial<MoveLimits>;
  /** Milliseconds that each wait for the cluster may take (60,000). */
  readonly timeout?: number;
  /** Move slots also where a target has no room for them. */
  readonly ignoreMemory?: boolean;
}

export interface RunOutcome {
  /** False when everything was so already. */
  readonly changed: boolean;
  /** What preflight found that may go wrong. */
  readonly warnings: readonly string[];
}

/**
 * Carries out a plan, and returns when every node itself reports what was planned. Before the first change it looks whether
 * the moves can go well and whether the cluster is still the one of the plan. Every step first looks whether it is true
 * already: after an interruption the same plan goes on where it stopped. It is kept nowhere; that is up to the caller, as
 * is that nobody else changes the cluster meanwhile.
 * @throws SlotctlError: PREFLIGHT_FAILED or PLAN_STALE when nothing was changed, others with exitCode 6 when something was
 */
export async function runPlan(plan: Plan, options: RunOptions): Promise<RunOutcome> {
  const { cluster, connections, onEvent, signal, limits, timeout = 60_000, ignoreMemory } = options;
  const moves = await movesLeft(plan, cluster, { connections });
  const warnings = await preflight({ cluster, moves, ignoreMemory }, { connections });
  await refuseChanged(cluster, { connections });
  const changed = await carryOut(plan, {
    connections,
    dials: new Map(cluster.nodes.map(({ id, dial }) => [id, dial])),
    emit: onEvent ?? (() => undefined),
    signal: signal ?? new AbortController().signal,
    witnesses: stayingIn(plan, cluster).map(({ id, address }) => ({ id, address })),
    until: "ok",
    limits: { ...DEFAULT_LIMITS, ...limits },
    timeout,
  });
  return { changed, warnings };
}

/** Those that were reached, and are members afterwards: all of them have to agree. */
function stayingIn(plan: Plan, { nodes }: Cluster): readonly ClusterNode[] {
  const leaving = leavingIn(plan);
  return nodes.filter(({ id, view }) => view !== undefined && !leaving.has(id));
}
