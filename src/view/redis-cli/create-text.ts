import { antiAffinityScore, firstAllocation, hostsOf, SAME_HOST_AS_PRIMARY } from "./anti-affinity.ts";
import { slotsLine } from "./node-block.ts";
import type { Proposal, ProposedNode, ProposedShard } from "./proposal.ts";
import { type RedisCliStyle, redisCliAddress, redisCliLine, WORDS } from "./style.ts";

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

function proposedBlock(node: ProposedNode, shards: readonly ProposedShard[]): string {
  const leads = shards.find(({ primary }) => primary.id === node.id);
  const follows = shards.find(({ replicas }) => replicas.some(({ id }) => id === node.id));
  if (leads === undefined && follows !== undefined) {
    return `S: ${node.id} ${nameOf(node)}\n   replicates ${follows.primary.id}\n`;
  }
  return `M: ${node.id} ${nameOf(node)}\n   ${slotsLine(leads?.slots ?? [], node.flags ?? ["master"])}\n`;
}
