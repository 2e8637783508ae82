import {
  type Cluster,
  type ClusterNode,
  membersOf,
  type NodeId,
  nodeById,
  primariesOf,
  signatureOf,
} from "../model/cluster.ts";
import type { DailyWindow } from "../model/daily-window.ts";
import type { KeyEvidence, LoadMeasure } from "../model/evidence.ts";
import { countSlots, formatRanges } from "../model/slot.ts";
import { type MoveMethod, type NodeRef, PLAN_SCHEMA_VERSION, type Plan, type PlannedShard, type Step } from "./plan.ts";
import type { Balance } from "./rebalance-balance.ts";
import { applyMoves, type SlotMove } from "./slot-moves.ts";

/** What is known of the keys that go over with a move; where nobody looked, only their number. */
export type MoveEvidence = Pick<KeyEvidence, "keys"> & Partial<KeyEvidence>;

/** What may go over in a second, over all moves: keys, or bytes of what they take in memory. */
export interface RateLimit {
  readonly unit: "keys" | "bytes";
  readonly perSecond: number;
}

/** What a plan of moves looks like before and after, for whoever has to agree to it. */
export interface MovePreview {
  readonly moves: readonly { readonly move: SlotMove; readonly evidence: MoveEvidence }[];
  readonly before: Cluster;
  readonly after: Cluster;
  /** The limit on key-by-key moves, where one was set. */
  readonly rate?: RateLimit | undefined;
  /** When slots may be begun with, where that was said. */
  readonly window?: DailyWindow | undefined;
  /** What the primaries are balanced by, where that is not slots. */
  readonly load?: LoadPreview | undefined;
}

export interface LoadPreview {
  readonly by: LoadMeasure;
  readonly before: Balance;
  readonly after: Balance;
}

/** What a plan of moves says and does beside the moves. */
export interface MovePlanExtras {
  /** Primaries that lose all their slots stay primaries, and keep their replicas. */
  readonly keepEmpty?: boolean | undefined;
  readonly reasons?: readonly string[] | undefined;
}

/** The plan that carries out these moves, each pair of nodes one step. Pure. */
export function planMoves(
  command: "reshard" | "rebalance",
  cluster: Cluster,
  moves: readonly SlotMove[],
  methodOf: (move: SlotMove) => MoveMethod,
  { keepEmpty = false, reasons = [] }: MovePlanExtras = {},
): Plan {
  const after = applyMoves(cluster, moves);
  const kept = keepEmpty ? shardsEmptiedBy(cluster, moves) : [];
  const held = kept.filter(mayMigrate);
  const setting = (value: string) =>
    held.map(({ id, address }): Step => ({ kind: "set-config", node: { id, address }, setting: MIGRATION, value }));
  return {
    schemaVersion: PLAN_SCHEMA_VERSION,
    command,
    madeFor: signatureOf(cluster),
    steps: [
      ...setting("no"),
      ...moves.map(
        (move): Step => ({
          kind: "move-slots",
          from: refById(cluster, move.from),
          to: refById(cluster, move.to),
          slots: formatRanges(move.slots),
          method: methodOf(move),
        }),
      ),
      ...setting("yes"),
      ...kept.filter((node) => mayFollow(node, cluster, moves)).map((node) => replicateAgain(node, cluster)),
    ],
    reasons,
    warnings: emptiedBy(cluster, after).map((node) => emptiedWarning(node, keepEmpty)),
    expected: [...expectedShards(after), ...keptShards(kept)],
  };
}

export const MIGRATION = "cluster-allow-replica-migration";

/**
 * The primaries that the moves leave without slots, and their replicas, as far as they were reached. While their
 * cluster-allow-replica-migration is yes, a server makes itself a replica of the primary that got its last slot, or
 * that of its primary (clusterUpdateSlotsConfigWith and CLUSTER SETSLOT, Redis 6.2 and later).
 */
export function shardsEmptiedBy(cluster: Cluster, moves: readonly SlotMove[]): readonly ClusterNode[] {
  const emptied = new Set(emptiedBy(cluster, applyMoves(cluster, moves)).map(({ id }) => id));
  return membersOf(cluster).filter(
    ({ id, primaryId, view }) => view !== undefined && (emptied.has(id) || (primaryId && emptied.has(primaryId))),
  );
}

/**
 * A replica takes a primary that claims nothing but slots of its own primary, all of them, for the winner of a
 * failover and follows it, whatever the setting (clusterUpdateSlotsConfigWith). That is so when a primary without
 * slots gets them all, and it depends on what the replica hears first.
 */
function mayFollow({ primaryId }: ClusterNode, cluster: Cluster, moves: readonly SlotMove[]): boolean {
  const isEmpty = (id: NodeId) => nodeById(cluster, id)?.slots.length === 0;
  return primaryId !== undefined && moves.some(({ from, to }) => from === primaryId && isEmpty(to));
}

function replicateAgain({ id, address, primaryId }: ClusterNode, cluster: Cluster): Step {
  return { kind: "replicate", node: { id, address }, primary: refById(cluster, primaryId!) };
}

function keptShards(kept: readonly ClusterNode[]): readonly PlannedShard[] {
  const refOf = ({ id, address }: ClusterNode): NodeRef => ({ id, address });
  return kept
    .filter(({ role }) => role === "primary")
    .map((primary) => ({
      primary: refOf(primary),
      slots: "",
      replicas: kept.filter(({ primaryId }) => primaryId === primary.id).map(refOf),
    }));
}

/** Undefined where the server does not tell. */
export function mayMigrate({ facts }: ClusterNode): boolean | undefined {
  const value = facts?.settings.get(MIGRATION);
  return value === undefined ? undefined : value !== "no";
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

function emptiedWarning(node: ClusterNode, keepEmpty: boolean): string {
  const { id, address } = node;
  const name = `${address.host}:${address.port} (${id.slice(0, 8)})`;
  if (mayMigrate(node) === false) return `${name} will own no slots`;
  return keepEmpty
    ? `${name} will own no slots; it and its replicas stay what they are, for that ${MIGRATION} is set to no meanwhile`
    : `${name} will own no slots; it and its replicas then become replicas of the primary that gets its last slot (${MIGRATION})`;
}
