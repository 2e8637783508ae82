import { type Cluster, type NodeId, nodeById } from "../model/cluster.ts";
import type { IntendedMove, PreflightEvidence } from "../model/preflight-evidence.ts";

/** A fault of this server version that an atomic move may run into. */
export interface KnownDefect {
  readonly kind: "known-defect";
  readonly node: NodeId;
  readonly defect: "breaks-under-writes" | "needs-syncslots-right" | "adjacent-ranges";
}

/** Commands a second above which a source counts as busy. */
const BUSY = 10_000;

/** The versions in which each was seen; later ones may be mended. */
const BREAKS_UNDER_WRITES = ["9.0.5", "9.1.0", "9.1.1"];

/** Only what this cluster can run into: a warning that is always there is not read. */
export function findKnownDefects(
  cluster: Cluster,
  moves: readonly IntendedMove[],
  { nodes }: PreflightEvidence,
): readonly KnownDefect[] {
  const atomic = moves.filter(({ method }) => method === "atomic");
  const ends = [...new Set(atomic.flatMap(({ from, to }) => [from, to]))];
  return ends.flatMap((id): KnownDefect[] => {
    const facts = nodeById(cluster, id)?.facts;
    if (facts === undefined) return [];
    const { engine, version } = facts;
    const isSource = atomic.some(({ from }) => from === id);
    const isBusy = (nodes.get(id)?.commandsPerSecond ?? 0) >= BUSY;
    if (engine === "redis")
      return version === "8.4.0" ? [{ kind: "known-defect", node: id, defect: "adjacent-ranges" }] : [];
    return [
      ...(isSource && isBusy && BREAKS_UNDER_WRITES.includes(version) ? (["breaks-under-writes"] as const) : []),
      ...(version === "9.0.0" ? (["needs-syncslots-right"] as const) : []),
    ].map((defect) => ({ kind: "known-defect", node: id, defect }));
  });
}
