import type { Proposal, ProposedNode, ProposedShard } from "./proposal.ts";

/** The hosts of one shard. */
export interface ShardHosts {
  readonly primary: string;
  readonly replicas: readonly string[];
}

export const SAME_HOST_AS_PRIMARY = 10_000;

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

export function hostsOf({ primary, replicas }: ProposedShard): ShardHosts {
  return { primary: primary.address.host, replicas: replicas.map(({ address }) => address.host) };
}

/**
 * The replicas as redis-cli hands them out before it optimises: the nodes that are no primaries, hosts interleaved and
 * the first of them put last; each primary takes the first on another host, else the first. What is left over then
 * goes round once more.
 */
export function firstAllocation({ nodes, shards, replicasPerPrimary }: Proposal): readonly ShardHosts[] {
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
