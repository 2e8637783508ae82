import type { Entry } from "./entry.ts";
import type { Place } from "./key-scan.ts";
import type { Values } from "./values.ts";

/** A key that is looked at again in the end. */
export interface Sampled {
  readonly place: Place;
  readonly entry: Entry;
}

/** Larger values are not kept: what matters of them is read again. */
const KEPT_BYTES = 16_000;

/** So many of all that pass by, each with the same chance. */
export class Sample {
  readonly #size: number;
  readonly #kept: Sampled[] = [];
  #passed = 0;

  constructor(size: number) {
    this.#size = size;
  }

  offer(place: Place, values: Values, index: number): void {
    if (this.#size === 0 || values.bytes(index) > KEPT_BYTES) return;
    const at = this.#passed++ < this.#size ? this.#kept.length : Math.floor(Math.random() * this.#passed);
    if (at >= this.#size) return;
    const entry = values.entry(index, place.to);
    // A payload is part of the buffer that it came in with many others.
    this.#kept[at] = { place, entry: { ...entry, key: Buffer.from(entry.key), payload: Buffer.from(entry.payload) } };
  }

  /** By place, so that each is asked once. */
  byPlace(): ReadonlyMap<Place, readonly Entry[]> {
    const groups = new Map<Place, Entry[]>();
    for (const { place, entry } of this.#kept) {
      const group = groups.get(place);
      if (group === undefined) groups.set(place, [entry]);
      else group.push(entry);
    }
    return groups;
  }
}
