import type { RunEvent } from "../../execute/events.ts";
import { parseRanges, slotsOf } from "../../model/slot.ts";

/** A move in the words of redis-cli, cut up so that it can be told as it goes on. */
export interface MoveWords {
  readonly head: string;
  /** What is said when a slot has arrived, by slot. */
  readonly slots: ReadonlyMap<number, string>;
  /** What follows for each key that it brought, and then once. */
  readonly key: string;
  readonly end: string;
  /** Whether slots are named in the order of the plan, and not as they arrive. */
  readonly inOrder: boolean;
  readonly tail: string;
}

export interface MovesTeller {
  readonly event: (event: RunEvent) => void;
  /** Says what else had arrived when the run stopped, and ends the line. */
  readonly end: () => void;
}

/**
 * Tells of the moves of a run one after the other, in their order, as redis-cli carries them out, although they go on
 * side by side.
 */
export function movesTeller(moves: readonly MoveWords[], write: (text: string) => void): MovesTeller {
  /** Slots in the order of their arrival, with the keys that they brought. */
  const arrived = moves.map(() => new Map<number, number>());
  const complete = new Set<number>();
  let current = 0;
  let told = new Set<number>();
  let inLine = false;
  const arrive = (index: number, slot: number, keys = 0) => {
    if (arrived[index]?.has(slot) === false) arrived[index].set(slot, keys);
  };
  const say = (text: string) => {
    if (text === "") return;
    inLine = !text.endsWith("\n");
    write(text);
  };
  const tell = (slots: readonly number[]) => {
    const words = moves[current]!;
    const texts = slots.map((slot) => {
      const keys = arrived[current]!.get(slot) ?? 0;
      return (words.slots.get(slot) ?? "") + words.key.repeat(keys) + words.end;
    });
    if (slots.length > 0 && told.size === 0) texts.unshift(words.head);
    for (const slot of slots) told.add(slot);
    say(texts.join(""));
  };
  const next = () => {
    if (told.size > 0) say(moves[current]!.tail);
    current++;
    told = new Set();
  };
  return {
    event: (event) => {
      if (event.type === "move-progress") {
        for (const slot of slotsOf(parseRanges(event.slots) ?? [])) arrive(event.index, slot, event.keysOf?.[slot]);
      } else if (event.type === "step-done") {
        for (const slot of moves[event.index]?.slots.keys() ?? []) arrive(event.index, slot);
        complete.add(event.index);
      } else {
        return;
      }
      while (current < moves.length) {
        tell(newsOf(moves[current]!, arrived[current]!, told));
        if (!complete.has(current)) return;
        next();
      }
    },
    end: () => {
      for (; current < moves.length; next()) {
        tell([...moves[current]!.slots.keys()].filter((slot) => arrived[current]!.has(slot) && !told.has(slot)));
      }
      if (inLine) say("\n");
    },
  };
}

/** The slots that can be told of now: in the order of the plan one that came early waits for those before it. */
function newsOf(
  { slots, inOrder }: MoveWords,
  arrived: ReadonlyMap<number, number>,
  told: ReadonlySet<number>,
): readonly number[] {
  if (!inOrder) return [...arrived.keys()].slice(told.size);
  const next = [...slots.keys()].slice(told.size);
  const missing = next.findIndex((slot) => !arrived.has(slot));
  return missing < 0 ? next : next.slice(0, missing);
}
