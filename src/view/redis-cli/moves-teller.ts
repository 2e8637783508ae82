import type { RunEvent } from "../../execute/events.ts";

/** A move in the words of redis-cli, cut up so that it can be told as it goes on. */
export interface MoveWords {
  readonly head: string;
  /** What is said when one more slot has arrived. */
  readonly slots: readonly string[];
  readonly tail: string;
}

export interface MovesTeller {
  readonly event: (event: RunEvent) => void;
  /** Says what else had arrived when the run stopped, and ends the line. */
  readonly end: () => void;
}

/**
 * Tells of the moves of a run one after the other, in their order, as redis-cli carries them out, although they go on
 * side by side. The events give the number of slots that arrived, not which: with several on their way they are named
 * in slot order.
 */
export function movesTeller(moves: readonly MoveWords[], write: (text: string) => void): MovesTeller {
  const arrived = moves.map(() => 0);
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
    if (arrived[current]! <= told) return;
    say((told === 0 ? head : "") + slots.slice(told, arrived[current]).join(""));
    told = arrived[current]!;
  };
  const next = () => {
    if (told > 0) say(moves[current]!.tail);
    current++;
    told = 0;
  };
  return {
    event: (event) => {
      if (event.type === "move-progress") {
        arrived[event.index] = event.slotsDone;
      } else if (event.type === "step-done") {
        arrived[event.index] = moves[event.index]?.slots.length ?? 0;
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
