import type { Address } from "../model/address.ts";
import type { Cluster, ClusterNode, NodeId } from "../model/cluster.ts";
import { keyCountOf } from "../model/facts.ts";
import {
  countSlots,
  hasSlot,
  intersectRanges,
  SLOT_COUNT,
  type SlotRange,
  type SlotRanges,
  slotsOf,
  unionRanges,
} from "../model/slot.ts";

/** Whose words: those of redis-cli, or those of valkey-cli since 8.0. */
export type Wording = "redis" | "valkey";

export interface RedisCliStyle {
  readonly wording: Wording;
  /** Whether to colour; redis-cli does when TERM contains "xterm", terminal or not. */
  readonly colour: boolean;
}

/** How what was found from one entry node is shown. */
export interface ClusterStyle extends RedisCliStyle {
  /** "host:port" of the entry node as the user typed it; all other nodes are named by the address that they announce. */
  readonly seedLabel: string;
}

/** How loud a line is: `info` for ">>> …", `ok` for "[OK] …", `warning` for "*** …", `error` for "[ERR]" and "[WARNING]". */
export type Level = "plain" | "info" | "ok" | "warning" | "error";

/**
 * One line as redis-cli writes it. The colour is reset behind the newline, that is, at the start of the next line:
 * scripts that compare whole coloured lines have seen it there.
 */
export function redisCliLine(level: Level, text: string, { colour }: Pick<RedisCliStyle, "colour">): string {
  return colour && level !== "plain" ? `\u001b[${COLOURS[level]}m${text}\n\u001b[0m` : `${text}\n`;
}

const COLOURS = { info: "29;1", ok: "32;1", warning: "33;1", error: "31;1" };

/** What the two tools call things. Node blocks are the exception: both say master and slave there. */
const WORDS = {
  redis: { Primary: "Master", primary: "master", primaries: "masters", replica: "slave", replicas: "slaves" },
  valkey: { Primary: "Primary", primary: "primary", primaries: "primaries", replica: "replica", replicas: "replicas" },
};

/** "host:port", without brackets around IPv6. */
export function redisCliAddress({ host, port }: Pick<Address, "host" | "port">): string {
  return `${host}:${port}`;
}

/**
 * The nodes that redis-cli goes on with, the entry node first: those that answered and that the entry node does not
 * hold for failed. A suspected node ("fail?") stays.
 */
export function listedNodes({ nodes }: Cluster): readonly ClusterNode[] {
  const held = new Map(nodes[0]?.view?.lines.map((line) => [line.id, line.health]));
  return nodes.filter(
    ({ id, view, noAddress, health }) => view !== undefined && !noAddress && (held.get(id) ?? health) !== "failing",
  );
}

/** The listed nodes, with what is needed to name them and to count their replicas. */
interface Listing {
  readonly nodes: readonly ClusterNode[];
  readonly seed: ClusterNode | undefined;
  readonly replicaCounts: ReadonlyMap<NodeId, number>;
}

function listingOf(cluster: Cluster): Listing {
  const nodes = listedNodes(cluster);
  const replicaCounts = new Map<NodeId, number>();
  for (const { role, primaryId } of nodes) {
    if (role === "replica" && primaryId) replicaCounts.set(primaryId, (replicaCounts.get(primaryId) ?? 0) + 1);
  }
  return { nodes, seed: cluster.nodes[0], replicaCounts };
}

function labelOf(node: ClusterNode, { seed }: Listing, { seedLabel }: ClusterStyle): string {
  return node.id === seed?.id ? seedLabel : redisCliAddress(node);
}

/** What every subcommand prints as soon as it has looked at the cluster: replicas whose primary is not in the list. */
export function discoveryText(cluster: Cluster, style: ClusterStyle): string {
  const listing = listingOf(cluster);
  const known = new Set(listing.nodes.map(({ id }) => id));
  const orphans = listing.nodes.filter(({ primaryId }) => primaryId !== undefined && !known.has(primaryId));
  const lines = orphans.map((node) => {
    const claim = `claims to be ${WORDS[style.wording].replica} of unknown node ID ${node.primaryId}`;
    return redisCliLine("warning", `*** WARNING: ${labelOf(node, listing, style)} ${claim}.`, style);
  });
  return lines.join("");
}

/** The report of `info`, with which `check` and `fix` begin as well: keys, slots and replicas of every listed primary. */
export function infoText(cluster: Cluster, style: ClusterStyle): string {
  const words = WORDS[style.wording];
  const listing = listingOf(cluster);
  const primaries = listing.nodes.filter(({ role }) => role === "primary");
  const keys = primaries.map(({ facts }) => (facts === undefined ? 0 : keyCountOf(facts)));
  const total = keys.reduce((sum, count) => sum + count, 0);

  const lines = primaries.map((node, i) => {
    const name = `${labelOf(node, listing, style)} (${node.id.slice(0, 8)}...)`;
    const replicas = `${listing.replicaCounts.get(node.id) ?? 0} ${words.replicas}`;
    return `${name} -> ${keys[i]} keys | ${countSlots(node.slots)} slots | ${replicas}.\n`;
  });
  return [
    ...lines,
    redisCliLine("ok", `[OK] ${total} keys in ${primaries.length} ${words.primaries}.`, style),
    `${keysPerSlot(total)} keys per slot on average.\n`,
  ].join("");
}

/** Two decimals the way C's printf rounds: an exact half goes to the even digit, where toFixed would go up. */
function keysPerSlot(keys: number): string {
  const hundredths = (keys * 100) / SLOT_COUNT;
  const floor = Math.floor(hundredths);
  const isTie = hundredths - floor === 0.5;
  return ((isTie ? floor + (floor % 2) : Math.round(hundredths)) / 100).toFixed(2);
}

export interface CheckOptions extends ClusterStyle {
  /** Also look for slots that several primaries claim or hold keys of; needs the survey of stray keys. */
  readonly searchMultipleOwners: boolean;
  /** Leaves out the node blocks, as `rebalance` does. */
  readonly quiet?: boolean;
}

export interface CheckReport {
  readonly text: string;
  /** What the exit code of `check` follows. */
  readonly ok: boolean;
  /** The entries of redis-cli's list of errors: any stops reshard and rebalance, `backup` writes their number down. */
  readonly errors: number;
}

/** The check engine: what `check`, `fix`, `reshard` and the others print between discovery and their own work. */
export function checkText(cluster: Cluster, options: CheckOptions): CheckReport {
  const { seedLabel, quiet = false, searchMultipleOwners } = options;
  const listing = listingOf(cluster);
  const findings = [
    findDisagreement(listing),
    findOpenSlots(listing, options),
    findUncovered(listing),
    ...(searchMultipleOwners ? [findMultipleOwners(listing, options)] : []),
  ];
  const lines = findings.flatMap((finding) => finding.lines);
  return {
    text: [
      redisCliLine("info", `>>> Performing Cluster Check (using node ${seedLabel})`, options),
      ...(quiet ? [] : listing.nodes.map((node) => nodeBlock(node, listing, options, 0))),
      ...lines.map(({ level, text }) => redisCliLine(level, text, options)),
    ].join(""),
    ok: findings.every(({ ok }) => ok),
    errors: findings.reduce((sum, { errors }) => sum + errors, 0),
  };
}

interface Line {
  readonly level: Level;
  readonly text: string;
}

interface Finding {
  readonly lines: readonly Line[];
  readonly ok: boolean;
  readonly errors: number;
}

/** A node on its own agrees with itself; among several, one that knows no slots at all counts as disagreeing. */
function findDisagreement({ nodes }: Listing): Finding {
  const maps = nodes.map(({ view }) => view?.slotMap ?? "");
  const agree = maps.length <= 1 || maps.every((map) => map !== "" && map === maps[0]);
  const line: Line = agree
    ? { level: "ok", text: "[OK] All nodes agree about slots configuration." }
    : { level: "error", text: "[ERR] Nodes don't agree about configuration!" };
  return { lines: [line], ok: agree, errors: agree ? 0 : 1 };
}

function findOpenSlots(listing: Listing, style: ClusterStyle): Finding {
  const warnings = listing.nodes.flatMap((node) =>
    (["migrating", "importing"] as const).flatMap((state) => {
      const slots = node.openSlots.filter((open) => open.state === state).map(({ slot }) => slot);
      if (slots.length === 0) return [];
      return [`[WARNING] Node ${labelOf(node, listing, style)} has slots in ${state} state ${slots.join(",")}.`];
    }),
  );
  const summary = warnings.length === 0 ? [] : [`[WARNING] The following slots are open: ${openSlotList(listing)}.`];
  const found = [...warnings, ...summary].map((text): Line => ({ level: "error", text }));
  return {
    lines: [{ level: "info", text: ">>> Check for open slots..." }, ...found],
    ok: warnings.length === 0,
    errors: warnings.length,
  };
}

/** Ascending; redis-cli prints them in the order of its hash table. */
function openSlotList({ nodes }: Listing): string {
  const slots = new Set(nodes.flatMap(({ openSlots }) => openSlots.map(({ slot }) => slot)));
  return [...slots].sort((a, b) => a - b).join(",");
}

/** What a node claims for itself counts; one node is enough to cover a slot, whatever the others believe. */
function findUncovered({ nodes }: Listing): Finding {
  const covered = countSlots(unionRanges(...nodes.map(({ slots }) => slots))) === SLOT_COUNT;
  const line: Line = covered
    ? { level: "ok", text: `[OK] All ${SLOT_COUNT} slots covered.` }
    : { level: "error", text: `[ERR] Not all ${SLOT_COUNT} slots are covered by nodes.\n` };
  return {
    lines: [{ level: "info", text: ">>> Check slots coverage..." }, line],
    ok: covered,
    errors: covered ? 0 : 1,
  };
}

/** Not an entry of the list of errors in redis-cli either: it fails `check` and lets `reshard` pass. */
function findMultipleOwners(listing: Listing, style: ClusterStyle): Finding {
  const primaries = listing.nodes.filter(({ role }) => role === "primary");
  const holders = primaries.map((node) => ({ node, slots: unionRanges(node.slots, node.strayKeys?.slots ?? []) }));
  const disputed = [...slotsOf(sharedSlots(holders.map(({ slots }) => slots)))];
  const found = disputed.flatMap((slot): readonly Line[] => {
    const owners = holders.filter(({ slots }) => hasSlot(slots, slot));
    return [
      { level: "error", text: `[WARNING] Slot ${slot} has ${owners.length} owners:` },
      ...owners.map(({ node }): Line => ({ level: "error", text: `    ${labelOf(node, listing, style)}` })),
    ];
  });
  const verdict: readonly Line[] = found.length > 0 ? found : [{ level: "ok", text: "[OK] No multiple owners found." }];
  return {
    lines: [{ level: "info", text: ">>> Check for multiple slot owners..." }, ...verdict],
    ok: found.length === 0,
    errors: 0,
  };
}

/** The slots that are in two or more of the sets. */
function sharedSlots(sets: readonly SlotRanges[]): SlotRanges {
  let seen: SlotRanges = [];
  let shared: SlotRanges = [];
  for (const slots of sets) {
    shared = unionRanges(shared, intersectRanges(seen, slots));
    seen = unionRanges(seen, slots);
  }
  return shared;
}

/**
 * A node as redis-cli shows it; never coloured:
 *
 *     M: <id> 127.0.0.1:7001
 *        slots:[0-5460],[7000] (5462 slots) master
 *        1 additional replica(s)
 *
 * The summary of `reshard` indents its blocks by four.
 */
export function nodeBlockText(node: ClusterNode, cluster: Cluster, style: ClusterStyle, indent = 0): string {
  return nodeBlock(node, listingOf(cluster), style, indent);
}

function nodeBlock(node: ClusterNode, listing: Listing, style: ClusterStyle, indent: number): string {
  const replicas = listing.replicaCounts.get(node.id) ?? 0;
  const lines = [
    `${node.role === "replica" ? "S" : "M"}: ${node.id} ${labelOf(node, listing, style)}`,
    `   ${slotsLine(node.slots, node.flags)}`,
    ...(node.primaryId === undefined ? [] : [`   replicates ${node.primaryId}`]),
    ...(replicas === 0 ? [] : [`   ${replicas} additional replica(s)`]),
  ];
  return lines.map((line) => `${" ".repeat(indent)}${line}\n`).join("");
}

/** "slots:[0-5460],[7000] (5462 slots) master"; without slots "slots: (0 slots) slave". */
function slotsLine(slots: SlotRanges, flags: readonly string[]): string {
  return `slots:${slots.map(bracketed).join(",")} (${countSlots(slots)} slots) ${flags.join(",")}`;
}

function bracketed({ start, end }: SlotRange): string {
  return start === end ? `[${start}]` : `[${start}-${end}]`;
}

/** A server that `create` was given. */
export interface ProposedNode {
  readonly id: NodeId;
  /** As typed: redis-cli tells hosts apart by what was typed, and prints it. */
  readonly address: Address;
  /** Its words in CLUSTER NODES, "master" if left out. */
  readonly flags?: readonly string[];
}

export interface ProposedShard {
  readonly primary: ProposedNode;
  readonly slots: SlotRanges;
  readonly replicas: readonly ProposedNode[];
}

/** The cluster that `create` would build. */
export interface Proposal {
  /** In the order of the command line. */
  readonly nodes: readonly ProposedNode[];
  /** In the order of their slots. */
  readonly shards: readonly ProposedShard[];
  /** What --cluster-replicas asked for; a shard that has more has them from the nodes left over. */
  readonly replicasPerPrimary: number;
}

/** What `create` prints before it asks CREATE_QUESTION. */
export function createProposalText(proposal: Proposal, style: RedisCliStyle): string {
  const { nodes, shards } = proposal;
  const noun = style.wording === "redis" ? "nodes" : "node(s)";
  const slotLines = shards.map(({ slots }, i) => {
    return `${WORDS[style.wording].Primary}[${i}] -> Slots ${slots[0]?.start} - ${slots.at(-1)?.end}\n`;
  });
  return [
    redisCliLine("info", `>>> Performing hash slots allocation on ${nodes.length} ${noun}...`, style),
    ...slotLines,
    ...replicaLines(proposal),
    ...antiAffinityLines(proposal, style),
    ...nodes.map((node) => proposedBlock(node, shards)),
  ].join("");
}

/** First the replicas that were asked for, shard by shard, then those that are left over. */
function replicaLines({ shards, replicasPerPrimary }: Proposal): readonly string[] {
  const linesOf = (from: number, to?: number) =>
    shards.flatMap(({ primary, replicas }) =>
      replicas.slice(from, to).map((replica) => `Adding replica ${nameOf(replica)} to ${nameOf(primary)}\n`),
    );
  const extra = linesOf(replicasPerPrimary);
  return [...linesOf(0, replicasPerPrimary), ...(extra.length === 0 ? [] : ["Adding extra replicas...\n"]), ...extra];
}

function nameOf({ address }: ProposedNode): string {
  return redisCliAddress(address);
}

/** redis-cli says nothing of anti-affinity where its first allocation, which ours need not resemble, is perfect. */
function antiAffinityLines(proposal: Proposal, style: RedisCliStyle): readonly string[] {
  if (antiAffinityScore(firstAllocation(proposal)) === 0) return [];
  const attempt = `>>> Trying to optimize ${WORDS[style.wording].replicas} allocation for anti-affinity`;
  return [redisCliLine("info", attempt, style), antiAffinityVerdict(proposal, style)];
}

function antiAffinityVerdict({ shards }: Proposal, style: RedisCliStyle): string {
  const { primary, replicas } = WORDS[style.wording];
  const score = antiAffinityScore(shards.map(hostsOf));
  if (score === 0) return redisCliLine("ok", "[OK] Perfect anti-affinity obtained!", style);
  const where =
    score < SAME_HOST_AS_PRIMARY
      ? `of the same ${primary} are in the same host`
      : `are in the same host as their ${primary}`;
  return redisCliLine("warning", `[WARNING] Some ${replicas} ${where}`, style);
}

/** The hosts of one shard. */
export interface ShardHosts {
  readonly primary: string;
  readonly replicas: readonly string[];
}

const SAME_HOST_AS_PRIMARY = 10_000;

/**
 * redis-cli's measure of how badly replicas are placed, 0 being perfect: 10000 for each replica on the host of its
 * primary; on any other host that two or more replicas of a primary share, 1 for each of them.
 */
export function antiAffinityScore(shards: readonly ShardHosts[]): number {
  return shards.reduce((sum, shard) => sum + scoreOf(shard), 0);
}

function scoreOf({ primary, replicas }: ShardHosts): number {
  const hosts = [...new Set(replicas)];
  return hosts.reduce((score, host) => {
    const here = replicas.filter((other) => other === host).length;
    if (host === primary) return score + SAME_HOST_AS_PRIMARY * here;
    return here > 1 ? score + here : score;
  }, 0);
}

function hostsOf({ primary, replicas }: ProposedShard): ShardHosts {
  return { primary: primary.address.host, replicas: replicas.map(({ address }) => address.host) };
}

/**
 * The replicas as redis-cli hands them out before it optimises: the nodes that are no primaries, hosts interleaved and
 * the first of them put last; each primary takes the first on another host, else the first. What is left over then
 * goes round once more.
 */
function firstAllocation({ nodes, shards, replicasPerPrimary }: Proposal): readonly ShardHosts[] {
  const primaryIds = new Set(shards.map(({ primary }) => primary.id));
  const [first, ...others] = interleaveHosts(nodes).filter(({ id }) => !primaryIds.has(id));
  const pool = [...others, ...(first === undefined ? [] : [first])].map(({ address }) => address.host);
  const primaries = shards.map(({ primary }) => primary.address.host);
  const requested = primaries.map((host) => takeFrom(pool, host, replicasPerPrimary));
  const extra = primaries.map((host) => takeFrom(pool, host, 1));
  return primaries.map((primary, i) => ({ primary, replicas: [...requested[i]!, ...extra[i]!] }));
}

/** One node of each host in turn, hosts in order of first appearance. */
function interleaveHosts(nodes: readonly ProposedNode[]): readonly ProposedNode[] {
  const turns = new Map<string, number>();
  const ranked = nodes.map((node) => {
    const turn = turns.get(node.address.host) ?? 0;
    turns.set(node.address.host, turn + 1);
    return { node, turn };
  });
  const hostOrder = [...turns.keys()];
  const rankOf = ({ address }: ProposedNode) => hostOrder.indexOf(address.host);
  return ranked.sort((a, b) => a.turn - b.turn || rankOf(a.node) - rankOf(b.node)).map(({ node }) => node);
}

/** Takes up to `count` hosts out of the pool. */
function takeFrom(pool: string[], avoid: string, count: number): readonly string[] {
  return Array.from({ length: Math.min(count, pool.length) }, () => {
    const elsewhere = pool.findIndex((host) => host !== avoid);
    return pool.splice(Math.max(elsewhere, 0), 1)[0]!;
  });
}

function proposedBlock(node: ProposedNode, shards: readonly ProposedShard[]): string {
  const leads = shards.find(({ primary }) => primary.id === node.id);
  const follows = shards.find(({ replicas }) => replicas.some(({ id }) => id === node.id));
  if (leads === undefined && follows !== undefined) {
    return `S: ${node.id} ${nameOf(node)}\n   replicates ${follows.primary.id}\n`;
  }
  return `M: ${node.id} ${nameOf(node)}\n   ${slotsLine(leads?.slots ?? [], node.flags ?? ["master"])}\n`;
}

/** Written without a newline; the answer is not echoed, so that what follows stands on the same line. */
export const CREATE_QUESTION = "Can I set the above configuration? (type 'yes' to accept): ";

/** What valkey-cli asks first when there would be fewer than three primaries. */
export const FEW_PRIMARIES_QUESTION =
  "Valkey cluster requires at least 3 primary nodes for automatic failover. Are you sure? (type 'yes' to accept): ";

/** The line before FEW_PRIMARIES_QUESTION; valkey-cli prints it with --cluster-yes as well. */
export function fewPrimariesText(primaries: number, replicas: number, style: RedisCliStyle): string {
  const text = `Requested to create a cluster with ${primaries} primaries and ${replicas} replicas per primary.`;
  return redisCliLine("info", text, style);
}

/** redis-cli refuses fewer than three primaries. */
export function tooFewNodesText(nodes: number, replicas: number, { colour }: RedisCliStyle): string {
  const [on, off] = colour ? [`\u001b[${COLOURS.error}m`, "\u001b[0m"] : ["", ""];
  return [
    `${on}*** ERROR: Invalid configuration for cluster creation.\n`,
    "*** Redis Cluster requires at least 3 master nodes.\n",
    // Two messages of which the first has no newline: the colour ends and begins in front of it.
    `*** This is not possible with ${nodes} nodes and ${replicas} replicas per node.${off}${on}\n`,
    `*** At least ${3 * (replicas + 1)} nodes are required.\n${off}`,
  ].join("");
}

/** The steps of `create` as it carries them out. */
export const CREATE_STEPS = {
  configured: ">>> Nodes configuration updated",
  epochs: ">>> Assign a different config epoch to each node",
  meet: ">>> Sending CLUSTER MEET messages to join the cluster",
} as const;

export function createStepText(step: keyof typeof CREATE_STEPS, style: RedisCliStyle): string {
  return redisCliLine("info", CREATE_STEPS[step], style);
}

/** While the nodes get to know each other: the line, a dot for each second of waiting, and a newline in the end. */
export const JOIN_WAIT = { begin: "Waiting for the cluster to join\n", dot: ".", end: "\n" } as const;
