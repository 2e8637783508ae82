import type { WriteOutcome } from "./entry.ts";

/** A key that did not arrive as it should, and why. */
export interface Trouble {
  readonly kind: "conflict" | "refused" | "changed" | "different";
  /** In the source. */
  readonly database: number;
  readonly key: Buffer;
  readonly why: string | undefined;
}

/** What became of the keys so far. Counts of keys, except for `bytes`. */
export interface Counts {
  /** Named by SCAN. */
  readonly found: number;
  readonly copied: number;
  /** There already, with the same value and expiry. */
  readonly equal: number;
  /** There already, and passed over because that was asked for. */
  readonly skipped: number;
  /** There already with another value: left alone. */
  readonly conflicts: number;
  /** Values that the target cannot take. */
  readonly refused: number;
  /** Expired or deleted between SCAN and reading. */
  readonly gone: number;
  /** Of a move: deleted at the source after the target had acknowledged them. */
  readonly deleted: number;
  /** Of a move: written to at the source after they had been read, so left there. */
  readonly changed: number;
  /** Read back and compared. */
  readonly verified: number;
  readonly different: number;
  /** Of the values that were read. */
  readonly bytes: number;
}

/** How many keys in trouble are named; the rest is counted. */
const LISTED = 20;

/** Counts, and the first keys in trouble. */
export class Tally {
  readonly #counts = {
    found: 0,
    copied: 0,
    equal: 0,
    skipped: 0,
    conflicts: 0,
    refused: 0,
    gone: 0,
    deleted: 0,
    changed: 0,
    verified: 0,
    different: 0,
    bytes: 0,
  };
  readonly #troubles: Trouble[] = [];

  get counts(): Counts {
    return { ...this.#counts };
  }

  get troubles(): readonly Trouble[] {
    return this.#troubles;
  }

  add(what: keyof Counts, number = 1): void {
    this.#counts[what] += number;
  }

  outcome(outcome: WriteOutcome, database: number, key: Buffer): void {
    switch (outcome.kind) {
      case "written":
        this.#counts.copied++;
        return;
      case "equal":
      case "skipped":
        this.add(outcome.kind);
        return;
      case "conflict":
        this.trouble({ kind: "conflict", database, key, why: undefined });
        return;
      case "refused":
        this.trouble({ kind: "refused", database, key, why: outcome.why });
    }
  }

  trouble(trouble: Trouble): void {
    this.add(trouble.kind === "conflict" ? "conflicts" : trouble.kind);
    if (this.#troubles.length < LISTED) this.#troubles.push(trouble);
  }
}
