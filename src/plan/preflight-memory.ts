import type { Cluster, NodeId, Role } from "../model/cluster.ts";
import type { IntendedMove, NodeEvidence, PreflightEvidence } from "../model/preflight-evidence.ts";
import { bytesOfMove } from "./preflight-bytes.ts";

interface Shortage {
  readonly node: NodeId;
  /** A replica: it leaves evicting to its primary, and comes into trouble when it is promoted. */
  readonly role: Role;
  /** Bytes that arrive, as estimated, and bytes that there is room for. */
  readonly bytes: number;
  readonly room: number;
  readonly policy: string;
}

/** What becomes of the memory of a node that gets slots. */
export type MemoryFinding =
  /** It makes room by deleting keys. */
  | (Shortage & { readonly kind: "would-evict" })
  /** It refuses what has no room, and leaves a slot half way. */
  | (Shortage & { readonly kind: "would-overflow" })
  | (Shortage & { readonly kind: "little-room" });

/** Less than this share of maxmemory left is worth a word. */
const ENOUGH_LEFT = 0.1;

/** The targets, and their replicas, whose maxmemory is too small for what they get. */
export function findMemoryTrouble(
  cluster: Cluster,
  moves: readonly IntendedMove[],
  { nodes }: PreflightEvidence,
): readonly MemoryFinding[] {
  const targets = [...new Set(moves.map(({ to }) => to))];
  return targets.flatMap((target) => {
    const arriving = moves.filter(({ to }) => to === target);
    const bytes = arriving.reduce((sum, move) => sum + (bytesOfMove(move, nodes.get(move.from)) ?? 0), 0);
    if (bytes === 0) return [];
    const volatile = arriving.some(({ from }) => (nodes.get(from)?.keysWithTtl ?? 0) > 0);
    const copies = cluster.nodes.filter(({ id, primaryId }) => id === target || primaryId === target);
    return copies.flatMap(({ id, role }) => judge(id, role, bytes, volatile, nodes.get(id)));
  });
}

function judge(
  node: NodeId,
  role: Role,
  bytes: number,
  volatile: boolean,
  evidence: NodeEvidence | undefined,
): readonly MemoryFinding[] {
  if (evidence === undefined || evidence.memory.limit === 0) return [];
  const { used, limit, policy } = evidence.memory;
  const room = Math.max(0, limit - used);
  const shortage = {
    node,
    role: role === "replica" && evidence.ignoresLimitAsReplica ? role : "primary",
    bytes,
    room,
    policy,
  } as const;
  if (bytes > room) {
    const evicts =
      policy.startsWith("allkeys") || (policy.startsWith("volatile") && (volatile || evidence.keysWithTtl > 0));
    return [{ kind: evicts ? "would-evict" : "would-overflow", ...shortage }];
  }
  return room - bytes < limit * ENOUGH_LEFT ? [{ kind: "little-room", ...shortage }] : [];
}
