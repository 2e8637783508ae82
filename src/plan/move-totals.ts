import { type NodeId, shardsOf, slotCountOf } from "../model/cluster.ts";
import type { BigKey } from "../model/evidence.ts";
import { keyCountOf } from "../model/facts.ts";
import { countSlots } from "../model/slot.ts";
import type { MoveEvidence, MovePreview } from "./move-plan.ts";
import type { Plan } from "./plan.ts";
import type { SlotMove } from "./slot-moves.ts";

/** What all moves of a plan come to. */
export interface MoveTotals {
  readonly slots: number;
  /** Those that could be counted. */
  readonly keys: number;
  /** An estimate; undefined where a node does not tell. */
  readonly bytes: number | undefined;
  readonly sampledKeys: number;
  /** Not faster than this, by the limit that was set; undefined where none slows all of it down. */
  readonly atLeastSeconds: number | undefined;
}

/** A second's work as two cores do it over loopback, halved: for servers that have other things to do, and a network. */
const A_SECOND = { slots: 5_000, keys: 80_000, bytes: 100_000_000 };

/** How long the moves take, roughly: to know whether to wait for them. Undefined where keys could not be counted. */
export function estimatedSeconds(plan: Plan, preview: MovePreview): number | undefined {
  const { slots, keys, bytes = 0, atLeastSeconds = 0 } = moveTotals(plan, preview);
  if (preview.moves.some(({ evidence }) => evidence.keys === undefined)) return undefined;
  const busy = slots / A_SECOND.slots + keys / A_SECOND.keys + bytes / A_SECOND.bytes;
  return Math.max(busy, atLeastSeconds);
}

export function moveTotals({ steps }: Plan, { moves, rate }: MovePreview): MoveTotals {
  const evidence = moves.map((one) => one.evidence);
  const keys = sum(evidence.map((one) => one.keys ?? 0));
  // Slots that the servers move themselves are not slowed down by --rate.
  const isPaced = steps.every((step) => step.kind !== "move-slots" || step.method === "keys");
  const bytes = sumIfAll(evidence.map((one) => one.bytes));
  const paced = rate?.unit === "bytes" ? bytes : keys;
  return {
    slots: sum(moves.map(({ move }) => countSlots(move.slots))),
    keys,
    bytes,
    sampledKeys: sum(evidence.map(({ sampledKeys = 0 }) => sampledKeys)),
    atLeastSeconds: isPaced && rate !== undefined && paced !== undefined ? paced / rate.perSecond : undefined,
  };
}

/** The big keys that go over, the biggest first, each with its move. */
export function bigKeysOf({ moves }: MovePreview): readonly (BigKey & Pick<SlotMove, "from" | "to">)[] {
  return moves
    .flatMap(({ move: { from, to }, evidence }) => (evidence.bigKeys ?? []).map((key) => ({ ...key, from, to })))
    .sort((a, b) => b.bytes - a.bytes || a.slot - b.slot);
}

export interface BeforeAndAfter {
  readonly before: number;
  readonly after: number;
}

/** What a primary has before and after the moves, as far as it is known. */
export interface PrimaryBalance {
  readonly node: NodeId;
  readonly slots: BeforeAndAfter;
  readonly keys: BeforeAndAfter | undefined;
  /** All the memory that the server uses; afterwards by the estimate of what comes and goes. */
  readonly memoryBytes: BeforeAndAfter | undefined;
  /** What it is balanced by, where that is not slots. */
  readonly load: BeforeAndAfter | undefined;
}

/** Every primary, by its first slot before the moves. */
export function primaryBalances({ moves, before, after, load }: MovePreview): readonly PrimaryBalance[] {
  const slotsAfter = new Map(after.nodes.map((node) => [node.id, slotCountOf(node)]));
  const loads = (side: "before" | "after") => new Map(load?.[side].map(({ id, load }) => [id, load]));
  const [loadBefore, loadAfter] = [loads("before"), loads("after")];
  return shardsOf(before).map(({ primary }) => {
    const { id, facts } = primary;
    const change = (partOf: (evidence: MoveEvidence) => number | undefined) => {
      const touching = moves.filter(({ move }) => move.from === id || move.to === id);
      return sumIfAll(
        touching.map(({ move, evidence }) => {
          const value = partOf(evidence);
          return value === undefined ? undefined : move.to === id ? value : -value;
        }),
      );
    };
    const slots = slotCountOf(primary);
    return {
      node: id,
      slots: { before: slots, after: slotsAfter.get(id) ?? slots },
      keys: changed(
        facts && keyCountOf(facts),
        change(({ keys }) => keys),
      ),
      memoryBytes: changed(
        facts?.usedMemoryBytes,
        change(({ bytes }) => bytes),
      ),
      load: loadBefore.has(id) ? { before: loadBefore.get(id)!, after: loadAfter.get(id) ?? 0 } : undefined,
    };
  });
}

/** What is there and what moves are read one after the other: a little less than nothing is nothing. */
function changed(before: number | undefined, change: number | undefined): BeforeAndAfter | undefined {
  if (before === undefined || change === undefined) return undefined;
  return { before, after: Math.max(0, before + change) };
}

function sumIfAll(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce<number | undefined>(
    (total, value) => (total === undefined || value === undefined ? undefined : total + value),
    0,
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
