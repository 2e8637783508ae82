/** What goes out in one write. */
export interface Write {
  readonly migrates: number;
  readonly keys: number;
}

/** What is left of an observation with each that follows: some twenty count. */
const MEMORY = 0.95;

/**
 * How long a MIGRATE keeps its source busy whatever is in it (it waits for the target, however far away that is), and
 * how much longer with each key: least squares over the last writes.
 */
export class MigrateCost {
  #migrates2 = 0;
  #keys2 = 0;
  #both = 0;
  #migratesMs = 0;
  #keysMs = 0;
  #migrateMs = 0;

  get isKnown(): boolean {
    return this.#migrates2 > 0;
  }

  /** Milliseconds of a MIGRATE without keys. */
  get migrateMs(): number {
    return this.#migrateMs;
  }

  /** Milliseconds of a key; more than none. */
  get keyMs(): number {
    return Math.max(SHORTEST_MS, (this.#keysMs - this.#migrateMs * this.#both) / this.#keys2);
  }

  /** How long a write will keep the source busy. */
  of({ migrates, keys }: Write): number {
    return migrates * this.migrateMs + keys * this.keyMs;
  }

  /** A write that kept the source busy for so many milliseconds. */
  learn({ migrates, keys }: Write, busyMs: number): void {
    this.#migrates2 = this.#migrates2 * MEMORY + migrates * migrates;
    this.#keys2 = this.#keys2 * MEMORY + keys * keys;
    this.#both = this.#both * MEMORY + migrates * keys;
    this.#migratesMs = this.#migratesMs * MEMORY + migrates * busyMs;
    this.#keysMs = this.#keysMs * MEMORY + keys * busyMs;
    this.#migrateMs = Math.max(0, Math.min(this.#guess(), this.#migratesMs / this.#migrates2));
  }

  /** Writes that were all alike say nothing about which of the two takes the time: then it stays as it was. */
  #guess(): number {
    const determinant = this.#migrates2 * this.#keys2 - this.#both * this.#both;
    if (determinant < this.#migrates2 * this.#keys2 * ALIKE) return this.#migrateMs;
    return (this.#migratesMs * this.#keys2 - this.#keysMs * this.#both) / determinant;
  }
}

const ALIKE = 0.02;
const SHORTEST_MS = 1e-6;
