import type { Emit } from "../execute/events.ts";

/** Counts the keys that the moves of a run take over. */
export class MovedKeys {
  readonly #byMove = new Map<number, number | undefined>();

  /** Lets events pass to `emit` and looks at them. */
  counting(emit: Emit): Emit {
    return (event) => {
      if (event.type === "move-progress") this.#byMove.set(event.index, event.keysMoved);
      emit(event);
    };
  }

  /** Undefined when slots went over by the servers' own migration, which does not tell. */
  get total(): number | undefined {
    const counts = [...this.#byMove.values()];
    return counts.reduce((sum, keys) => (sum === undefined || keys === undefined ? undefined : sum + keys), 0);
  }
}
