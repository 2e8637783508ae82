import { type Cluster, type ClusterNode, type NodeId, nodeById } from "../../model/cluster.ts";
import { countSlots, slotsOf } from "../../model/slot.ts";
import type { NodeBalance } from "../../plan/rebalance-balance.ts";
import type { SlotMove } from "../../plan/slot-moves.ts";
import { labelOf, listingOf } from "./listing.ts";
import type { MoveWords } from "./moves-teller.ts";
import { nodeBlockText } from "./node-block.ts";
import { type ClusterStyle, type RedisCliStyle, redisCliLine, WORDS } from "./style.ts";

/** How moves are worded. */
export interface MoveStyle extends ClusterStyle {
  /** valkey-cli writes the plan of a reshard in ranges since 9.1, and a "#" for each slot that has moved. */
  readonly ranges: boolean;
}

/** Written without a newline; the answer is not echoed, so that what follows stands on the same line. */
export const RESHARD_QUESTIONS = {
  slots: "How many slots do you want to move (from 1 to 16384)? ",
  target: "What is the receiving node ID? ",
  proceed: "Do you want to proceed with the proposed reshard plan (yes/no)? ",
} as const;

/** What stands before the first "Source node #1: ". */
export const SOURCES_WANTED = `Please enter all the source node IDs.
  Type 'all' to use all the nodes as source nodes for the hash slots.
  Type 'done' once you entered all the source nodes IDs.
`;

export function sourceQuestion(number: number): string {
  return `Source node #${number}: `;
}

/** The one goes to stderr and without colour, the other to stdout. */
export const FIX_BEFORE_RESHARDING = "*** Please fix your cluster problems before resharding\n";

export function fixBeforeRebalancingText(style: RedisCliStyle): string {
  return redisCliLine("error", "*** Please fix your cluster problems before rebalancing", style);
}

export function notAPrimaryText(name: string, style: RedisCliStyle): string {
  const what = `not known or not a ${WORDS[style.wording].primary}`;
  return redisCliLine("error", `*** The specified node (${name}) is ${what}, please retry.`, style);
}

export function targetAsSourceText(style: RedisCliStyle): string {
  return redisCliLine("error", "*** It is not possible to use the target node as source node.", style);
}

/** On stderr. */
export const NO_SOURCES = "*** No source nodes given, operation aborted.\n";

/** What `reshard` is about to do. */
export interface ReshardSummary {
  readonly slots: number;
  readonly sources: readonly ClusterNode[];
  readonly target: ClusterNode;
  readonly moves: readonly SlotMove[];
}

export function reshardSummaryText(summary: ReshardSummary, cluster: Cluster, style: MoveStyle): string {
  const { slots, sources, target, moves } = summary;
  const block = (node: ClusterNode) => nodeBlockText(node, cluster, style, 4);
  return [
    `\nReady to move ${slots} slots.\n`,
    "  Source nodes:\n",
    ...sources.map(block),
    "  Destination node:\n",
    block(target),
    "  Resharding plan:\n",
    ...moves.flatMap((move) => planLines(move, style)).map((line) => `    ${line}\n`),
  ].join("");
}

function planLines({ from, slots }: SlotMove, { ranges }: MoveStyle): readonly string[] {
  if (!ranges) return slotsOf(slots).map((slot) => `Moving slot ${slot} from ${from}`);
  // A single slot is written as a range as well: "7-7".
  return [`Moving slot range ${slots.map(({ start, end }) => `${start}-${end}`).join(" ")} from ${from}`];
}

/** "Moving slot 7 from 127.0.0.1:7001 to 127.0.0.1:7002: ", a line for each slot, and on it a dot for each key. */
export function reshardWords({ from, to, slots }: SlotMove, cluster: Cluster, style: MoveStyle): MoveWords {
  const way = `from ${nameOf(from, cluster, style)} to ${nameOf(to, cluster, style)}`;
  const colon = style.ranges ? "" : ": ";
  const texts = slotsOf(slots).map((slot) => [slot, `Moving slot ${slot} ${way}${colon}`] as const);
  return { head: "", slots: new Map(texts), key: ".", end: style.ranges ? "\n#" : "\n", inOrder: true, tail: "" };
}

/** "Moving 3 slots from 127.0.0.1:7001 to 127.0.0.1:7002", and on the next line a "#" for each slot. */
export function rebalanceWords({ from, to, slots }: SlotMove, cluster: Cluster, style: MoveStyle): MoveWords {
  const count = countSlots(slots);
  const head = `Moving ${count} slots from ${nameOf(from, cluster, style)} to ${nameOf(to, cluster, style)}\n`;
  return {
    head,
    slots: new Map(slotsOf(slots).map((slot) => [slot, "#"])),
    key: "",
    end: "",
    inOrder: false,
    tail: "\n",
  };
}

export function noSuchPrimaryText(name: string, style: RedisCliStyle): string {
  return redisCliLine("error", `*** No such ${WORDS[style.wording].primary} node ${name}`, style);
}

/** redis-cli would take the first that fits. */
export function ambiguousPrimaryText(name: string, nodes: readonly ClusterNode[], style: RedisCliStyle): string {
  const ids = nodes.map(({ id }) => id).join(", ");
  return redisCliLine("error", `*** More than one node ID begins with ${name}: ${ids}`, style);
}

export function noRebalancingText(thresholdPercent: number, style: RedisCliStyle): string {
  const threshold = `${thresholdPercent.toFixed(2)}% threshold`;
  return redisCliLine("warning", `*** No rebalancing needed! All nodes are within the ${threshold}.`, style);
}

export function rebalancingText(nodes: number, totalWeight: number, style: RedisCliStyle): string {
  const text = `>>> Rebalancing across ${nodes} nodes. Total weight = ${totalWeight.toFixed(2)}`;
  return redisCliLine("info", text, style);
}

/** What --verbose adds: how many slots each has too many or too few, the neediest first. */
export function balancesText(balances: readonly NodeBalance[], cluster: Cluster, style: MoveStyle): string {
  const order = new Map(listingOf(cluster).nodes.map(({ id }, i) => [id, i]));
  const surplus = ({ slots, share }: NodeBalance) => slots - share;
  return [...balances]
    .sort((a, b) => surplus(a) - surplus(b) || (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0))
    .map((balance) => `${nameOf(balance.id, cluster, style)} balance is ${surplus(balance)} slots\n`)
    .join("");
}

function nameOf(id: NodeId, cluster: Cluster, style: MoveStyle): string {
  const node = nodeById(cluster, id);
  return node === undefined ? id : labelOf(node, listingOf(cluster), style);
}
