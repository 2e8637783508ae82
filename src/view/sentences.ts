import { countSlots, parseRanges } from "../model/slot.ts";
import type { DesignedShard } from "../plan/create.ts";
import type { MovePreview } from "../plan/move-plan.ts";
import { type BeforeAndAfter, primaryBalances } from "../plan/move-totals.ts";
import { bytesText, count, groupDigits, listText, shortName, slotsText } from "./words.ts";

/** What the tables of a plan of moves say, one sentence for each row. */
export function moveSentences(preview: MovePreview): readonly string[] {
  const { moves, before } = preview;
  return [
    ...moves.map(({ move, evidence: { keys, bytes } }) => {
      const what = `${count(countSlots(move.slots), "slot")} with ${keys === undefined ? "an unknown number of keys" : count(keys, "key")}`;
      const size = bytes === undefined || bytes === 0 ? "" : ` and ${bytesText(bytes)}`;
      return `${shortName(before, move.from)} gives ${what}${size} to ${shortName(before, move.to)}: ${slotsText(move.slots)}.`;
    }),
    ...balanceSentences(preview),
  ];
}

export function balanceSentences(preview: MovePreview): readonly string[] {
  return primaryBalances(preview).map(({ node, slots, keys, memoryBytes }) => {
    const parts = [
      changeText(slots, (slots) => count(slots, "slot"), groupDigits),
      ...(keys === undefined || keys.before + keys.after === 0
        ? []
        : [changeText(keys, (keys) => count(keys, "key"), groupDigits)]),
      ...(memoryBytes === undefined
        ? []
        : [changeText(memoryBytes, (bytes) => `${bytesText(bytes)} of memory`, bytesText)]),
    ];
    return `${shortName(preview.before, node)} has ${listText(parts)}.`;
  });
}

function changeText(
  { before, after }: BeforeAndAfter,
  first: (value: number) => string,
  then: (value: number) => string,
): string {
  return before === after ? `${first(before)} as before` : `${first(before)} now and ${then(after)} afterwards`;
}

/** The shards of a new cluster. */
export function shardSentences(shards: readonly DesignedShard[]): readonly string[] {
  return shards.map(({ primary, slots, replicas }, i) => {
    const followers =
      replicas.length === 0
        ? "no replica"
        : `${replicas.length === 1 ? "replica" : "replicas"} ${listText(replicas.map(({ typed }) => typed))}`;
    return `Shard ${i + 1}: primary ${primary.typed} with ${count(countSlots(parseRanges(slots) ?? []), "slot")}, ${slots}; ${followers}.`;
  });
}
