import { type ImportPlan, keysToImport } from "../../plan/import.ts";
import { compareWithCluster } from "./compare-keys.ts";
import { type Entry, expireTogether } from "./entry.ts";
import type { KeyReader } from "./key-reader.ts";
import type { Place } from "./key-scan.ts";
import { readCluster } from "./read-cluster.ts";
import { readSource } from "./read-source.ts";
import type { Routes } from "./routes.ts";
import { Sample } from "./sample.ts";
import type { Tally } from "./tally.ts";
import type { Value, Values } from "./values.ts";

export type Verification = "none" | "sample" | "full";

interface ProofOptions {
  readonly plan: ImportPlan;
  readonly verification: Verification;
  readonly tally: Tally;
  readonly routes: Routes;
}

/** Keys that are looked at once more in the end. */
const SAMPLE_SIZE = 1000;

/** Compares what has arrived with the source: each key, or a sample. What it finds goes into the tally. */
export class ImportProof {
  readonly #options: ProofOptions;
  readonly #sample: Sample;

  constructor(options: ProofOptions) {
    this.#options = options;
    this.#sample = new Sample(options.verification === "none" ? 0 : SAMPLE_SIZE);
  }

  /** A key that has arrived, and may be looked at again in the end. */
  offer(place: Place, values: Values, index: number): void {
    this.#sample.offer(place, values, index);
  }

  /** Compares what has to be compared at once, and returns what may be deleted at the source. */
  async readBack(
    place: Place,
    reader: KeyReader,
    values: Values,
    arrived: readonly number[],
  ): Promise<readonly number[]> {
    if (arrived.length === 0 || !this.#isLookedAtNow()) return arrived;
    const entries = arrived.map((index) => values.entry(index, place.to));
    this.#options.tally.add("verified", arrived.length);
    const wrong = await this.#compare(place, entries, reader);
    return arrived.filter((_, i) => !wrong.has(entries[i]!));
  }

  /**
   * A moved key can be compared only before it is deleted, and all of them only when each is. A sample takes whole
   * batches, as many as its share of what was found so far: SCAN names keys in no order of theirs.
   */
  #isLookedAtNow(): boolean {
    const { plan, verification, tally } = this.#options;
    if (verification === "full") return true;
    const { found, verified } = tally.counts;
    return verification === "sample" && plan.move && verified * keysToImport(plan) < SAMPLE_SIZE * found;
  }

  async #compare(place: Place, entries: readonly Entry[], reader: KeyReader): Promise<ReadonlySet<Entry>> {
    const comparisons = await compareWithCluster(entries, reader, this.#options.routes);
    const wrong = entries.filter((_, i) => comparisons[i] !== "same");
    for (const entry of wrong) {
      const isMissing = comparisons[entries.indexOf(entry)] === "missing";
      const why = isMissing ? "it is not in the cluster" : "the cluster holds something else";
      this.#options.tally.trouble({ kind: "different", database: place.from, key: entry.key, why });
    }
    return new Set(wrong);
  }

  /** A key that was written to at the source since cannot be compared any more. */
  async lookAgain(readerOf: (place: Place) => Promise<KeyReader>): Promise<void> {
    if (this.#options.plan.move) return this.#lookForMoved();
    for (const [place, entries] of this.#sample.byPlace()) {
      const reader = await readerOf(place);
      const names = entries.map(({ key }) => key);
      const now = await readSource(reader, names, { askExpiry: true });
      const unchanged = entries.filter((entry, i) => isUnchanged(entry, now.outcome(i) as Value | undefined));
      await this.#compare(place, unchanged, reader);
      // Of a full verification each was compared before.
      if (this.#options.verification === "sample") this.#options.tally.add("verified", unchanged.length);
    }
  }

  /** Of these there is nothing left to compare with. */
  async #lookForMoved(): Promise<void> {
    for (const [place, entries] of this.#sample.byPlace()) {
      const names = entries.map(({ key }) => key);
      const found = await readCluster(names, place.to, this.#options.routes);
      const missing = entries.filter((entry, i) => found[i]!.outcome === undefined && entry.expiresAt === undefined);
      for (const { key } of missing) {
        this.#options.tally.trouble({ kind: "different", database: place.from, key, why: "it is not in the cluster" });
      }
    }
  }
}

function isUnchanged(entry: Entry, now: Value | undefined): boolean {
  return now?.payload.equals(entry.payload) === true && expireTogether(entry.expiresAt, now.expiresAt);
}
