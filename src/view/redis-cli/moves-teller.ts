import type { RunEvent } from "../../execute/events.ts";
import { parseRanges, slotsOf } from "../../model/slot.ts";

/** A move in the words of redis-cli, cut up so that it can be told as it goes on. */
export interface MoveWords {
  readonly head: string;
  /** What is said when a slot has arrived, by slot. */
  readonly slots: ReadonlyMap<number, string>;
  readonly tail: string;
}

export interface MovesTeller {
  readonly event: (event: RunEvent) => void;
  /** Says what else had arrived when the run stopped, and ends the line. */
  readonly end: () => void;
}

/**
 * Tells of the moves of a run one after the other, in their order, as redis-cli carries them out, although they go on
 * side by side. The slots of a move are named in the order in which they arrived.
 */
export function movesTeller(moves: readonly MoveWords[], write: (text: string) => void): MovesTeller {
  const arrived = moves.map(() => new Set<number>());
  const complete = new Set<number>();
  let current = 0;
  let told = 0;
  let inLine = false;
  const say = (text: string) => {
    if (text === "") return;
    inLine = !text.endsWith("\n");
    write(text);
  };
  const tell = () => {
    const { head, slots } = moves[current]!;
    if (arrived[current]!.size <= told) return;
    const news = [...arrived[current]!].slice(told);
    say((told === 0 ? head : "") + news.map((slot) => slots.get(slot) ?? "").join(""));
    told += news.length;
  };
  const next = () => {
    if (told > 0) say(moves[current]!.tail);
    current++;
    told = 0;
  };
  return {
    event: (event) => {
      if (event.type === "move-progress") {
        for (const slot of slotsOf(parseRanges(event.slots) ?? [])) arrived[event.index]?.add(slot);
      } else if (event.type === "step-done") {
        for (const slot of moves[event.index]?.slots.keys() ?? []) arrived[event.index]!.add(slot);
        complete.add(event.index);
      } else {
        return;
      }
      while (current < moves.length) {
        tell();
        if (!complete.has(current)) return;
        next();
      }
    },
    end: () => {
      for (; current < moves.length; next()) tell();
      if (inLine) say("\n");
    },
  };
}
