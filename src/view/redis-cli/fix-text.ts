import { type Cluster, type ClusterNode, type NodeId, nodeById } from "../../model/cluster.ts";
import { formatRanges, toRanges } from "../../model/slot.ts";
import type { Decision } from "../../plan/fix/decision.ts";
import { labelOf, listingOf } from "./listing.ts";
import { type ClusterStyle, redisCliLine, WORDS } from "./style.ts";

/** What redis-cli says before it refuses to repair a cluster of which it does not see all primaries. */
export function unreachableText(what: "open slots" | "slots coverage", count: number, style: ClusterStyle): string {
  const { primaries } = WORDS[style.wording];
  const tool = style.wording === "redis" ? "redis-cli" : "valkey-cli";
  const text =
    `*** Fixing ${what} with ${count} unreachable ${primaries} is dangerous: ${tool} will assume that slots about ${primaries} that are not ` +
    "reachable are not covered, and will try to reassign them to the reachable nodes. This can cause data loss and is " +
    `rarely what you want to do. If you really want to proceed use the --cluster-fix-with-unreachable-${primaries} option.`;
  return redisCliLine("warning", text, style);
}

/** The repair of one open slot, in redis-cli's words and by its number of the case. */
export function openSlotText(
  { picture, owner, moveTo, bring, closeOwner, close }: Decision,
  cluster: Cluster,
  style: ClusterStyle,
): string {
  const { slot, migrating, importing, keys } = picture;
  const name = namer(cluster, style);
  const lines = [redisCliLine("info", `>>> Fixing open slot ${slot}`, style)];
  for (const id of keys.keys()) {
    if (id === owner) continue;
    lines.push(redisCliLine("warning", `*** Found keys about slot ${slot} in non-owner node ${name(id)}!`, style));
  }
  if (migrating.length > 0) lines.push(`Set as migrating in: ${migrating.map(({ node }) => name(node)).join(",")}\n`);
  if (importing.length > 0) lines.push(`Set as importing in: ${importing.map(({ node }) => name(node)).join(",")}\n`);
  lines.push(...steps().map((text) => redisCliLine("info", `>>> ${text}`, style)));
  return lines.join("");

  function steps(): readonly string[] {
    const way = `Moving slot ${slot} from ${name(owner)}`;
    if (moveTo !== undefined && importing.length > 1) {
      return [`Case 3: ${way} to ${name(moveTo)} and closing it on all the other importing nodes.`];
    }
    if (moveTo !== undefined) return [`Case 1: ${way} to ${name(moveTo)}`];
    const closed = new Set([...importing.map(({ node }) => node), ...bring, ...close].filter((id) => id !== owner));
    if (closed.size === 0 && closeOwner) return [`Case 4: Closing slot ${slot} on ${name(owner)}`];
    const settled = [...closed].map((id) => `Setting ${slot} as STABLE in ${name(id)}`);
    return [`Case 2: Moving all the ${slot} slot keys to its owner ${name(owner)}`, ...settled];
  }
}

export type CoverageClass = "none" | "single" | "multi";

const HEADINGS: Readonly<Record<CoverageClass, readonly [heading: string, question: string]>> = {
  none: [
    "The following uncovered slots have no keys across the cluster:",
    "Fix these slots by covering with a random node?",
  ],
  single: [
    "The following uncovered slots have keys in just one node:",
    "Fix these slots by covering with those nodes?",
  ],
  multi: [
    "The following uncovered slots have keys in multiple nodes:",
    "Fix these slots by moving keys into a single node?",
  ],
};

export function coverageClassOf({ picture }: Decision): CoverageClass {
  if (picture.keys.size === 0) return "none";
  return picture.keys.size === 1 ? "single" : "multi";
}

/** What is uncovered, and the question; the answer is expected behind it. */
export function coverageQuestion(kind: CoverageClass, slots: readonly number[]): string {
  const [heading, question] = HEADINGS[kind];
  return `${heading}\n[${formatRanges(toRanges(slots))}]\n${question} (type 'yes' to accept): `;
}

export function coveringText({ picture, owner }: Decision, cluster: Cluster, style: ClusterStyle): string {
  const how = picture.keys.size > 1 ? "moving keys to" : "with";
  const text = `>>> Covering slot ${picture.slot} ${how} ${namer(cluster, style)(owner)}`;
  return redisCliLine("info", text, style);
}

export function severalOwnersText({ picture, owner }: Decision, cluster: Cluster, style: ClusterStyle): string {
  return [
    redisCliLine("info", `>>> Fixing multiple owners for slot ${picture.slot}...`, style),
    redisCliLine("info", `>>> Setting slot ${picture.slot} owner: ${namer(cluster, style)(owner)}`, style),
  ].join("");
}

function namer(cluster: Cluster, style: ClusterStyle): (id: NodeId) => string {
  const listing = listingOf(cluster);
  return (id) => {
    const node: ClusterNode | undefined = nodeById(cluster, id);
    return node === undefined ? id : labelOf(node, listing, style);
  };
}
