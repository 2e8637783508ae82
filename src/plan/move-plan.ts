import { type Cluster, type ClusterNode, type NodeId, nodeById, primariesOf, signatureOf } from "../model/cluster.ts";
import { countSlots, formatRanges } from "../model/slot.ts";
import { type MoveMethod, type NodeRef, PLAN_SCHEMA_VERSION, type Plan, type PlannedShard } from "./plan.ts";
import { applyMoves, type SlotMove } from "./slot-moves.ts";

/** Keys that go over with a move, as they were counted; undefined where nobody could count. */
export interface MoveEvidence {
  readonly keys: number | undefined;
}

/** What a plan of moves looks like before and after, for whoever has to agree to it. */
export interface MovePreview {
  readonly moves: readonly { readonly move: SlotMove; readonly evidence: MoveEvidence }[];
  readonly before: Cluster;
  readonly after: Cluster;
}

/** The plan that carries out these moves, each pair of nodes one step. Pure. */
export function planMoves(
  command: "reshard" | "rebalance",
  cluster: Cluster,
  moves: readonly SlotMove[],
  methodOf: (move: SlotMove) => MoveMethod,
): Plan {
  const after = applyMoves(cluster, moves);
  return {
    schemaVersion: PLAN_SCHEMA_VERSION,
    command,
    madeFor: signatureOf(cluster),
    steps: moves.map((move) => ({
      kind: "move-slots",
      from: refById(cluster, move.from),
      to: refById(cluster, move.to),
      slots: formatRanges(move.slots),
      method: methodOf(move),
    })),
    reasons: [],
    warnings: emptiedBy(cluster, after).map(emptiedWarning),
    expected: expectedShards(after),
  };
}

function refById(cluster: Cluster, id: NodeId): NodeRef {
  const node = nodeById(cluster, id);
  if (node === undefined) throw new RangeError(`${id} is no node of this cluster`);
  return { id, address: node.address };
}

/** Primaries with slots that can be asked; what an unreachable one says cannot be waited for. */
function expectedShards(after: Cluster): readonly PlannedShard[] {
  return primariesOf(after)
    .filter(({ slots, view }) => slots.length > 0 && view !== undefined)
    .map(({ id, address, slots }) => ({ primary: { id, address }, slots: formatRanges(slots), replicas: [] }));
}

function emptiedBy(before: Cluster, after: Cluster): readonly ClusterNode[] {
  const owning = new Set(
    primariesOf(before)
      .filter(({ slots }) => slots.length > 0)
      .map(({ id }) => id),
  );
  return primariesOf(after).filter(({ id, slots }) => owning.has(id) && countSlots(slots) === 0);
}

function emptiedWarning({ id, address, facts }: ClusterNode): string {
  const name = `${address.host}:${address.port} (${id.slice(0, 8)})`;
  const migrates = facts?.settings.get("cluster-allow-replica-migration") !== "no";
  return migrates
    ? `${name} will own no slots; it and its replicas may then become replicas of another primary (cluster-allow-replica-migration)`
    : `${name} will own no slots`;
}
