import { SlotctlError } from "../../errors.ts";
import { formatAddress } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { Connections } from "../../node/connections.ts";
import { ServerError } from "../../node/node.ts";
import { waitUntil } from "../../node/wait-until.ts";
import { type ImportPlan, keysToImport } from "../../plan/import.ts";
import type { Emit } from "../events.ts";
import { Throttle } from "../move/pace.ts";
import { BatchSize } from "./batch-size.ts";
import { BulkConnections } from "./bulk-connections.ts";
import { ClusterWriter } from "./cluster-writer.ts";
import { compareWithCluster } from "./compare-keys.ts";
import { deleteMoved, watch } from "./delete-moved.ts";
import { type Entry, expireTogether, type WriteOutcome } from "./entry.ts";
import { type KeyReader, type ReadOutcome, type Value, valuesOrThrow } from "./key-reader.ts";
import { type Batch, KeyScan, type Place } from "./key-scan.ts";
import { sameContent } from "./same-value.ts";
import { Sample } from "./sample.ts";
import { type Counts, Tally, type Trouble } from "./tally.ts";
import { importInterrupted, importStopped, sourceSlotsMoved } from "./transfer-failures.ts";

export type Verification = "none" | "sample" | "full";

export interface ImportLimits {
  /** Batches that are on their way at a time. */
  readonly concurrency: number;
  /** Keys a second; undefined: as fast as it goes. */
  readonly keysPerSecond: number | undefined;
}

export interface ImportRun {
  readonly plan: ImportPlan;
  readonly cluster: Cluster;
  readonly target: Connections;
  readonly source: Connections;
  readonly limits: ImportLimits;
  readonly verification: Verification;
  /** Milliseconds that a server may be silent, or a slot not served. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /** Told of every batch; with `false` no further one is begun. */
  readonly onBatch?: (batch: Batch, entries: readonly Entry[], outcomes: readonly WriteOutcome[]) => boolean;
}

export interface ImportReport {
  readonly counts: Counts;
  readonly troubles: readonly Trouble[];
  /** Whether anything was written or deleted anywhere. */
  readonly changed: boolean;
}

/** Keys that are looked at once more in the end. */
const SAMPLE_SIZE = 1000;

/**
 * Copies the keys of the plan to their owners. A key that is there already with the same value is passed over, so that
 * a run goes on where another one stopped. With --move a key is deleted at the source only after its owner has
 * acknowledged it, and only if nobody wrote to it since it was read.
 * @throws SlotctlError that says what had arrived before it
 */
export async function importKeys(run: ImportRun): Promise<ImportReport> {
  using importing = new Importing(run);
  return await importing.run();
}

class Importing implements Disposable {
  readonly #run: ImportRun;
  readonly #tally = new Tally();
  readonly #size = new BatchSize();
  readonly #rate: Throttle;
  readonly #scanning: BulkConnections;
  readonly #lanes: readonly BulkConnections[];
  readonly #writer: ClusterWriter;
  readonly #scan: KeyScan;
  readonly #sample: Sample;
  #changed = false;
  #stopped = false;

  constructor(run: ImportRun) {
    this.#run = run;
    this.#rate = new Throttle(run.limits.keysPerSecond);
    const settings = { ...run.source.settings, commandTimeout: run.timeout };
    this.#scanning = new BulkConnections(settings);
    this.#lanes = Array.from({ length: run.limits.concurrency }, () => new BulkConnections(settings));
    this.#sample = new Sample(run.verification === "none" ? 0 : SAMPLE_SIZE);
    const { plan } = run;
    const places = plan.databases.flatMap(({ from, to }) =>
      plan.source.servers.map((server): Place => ({ server, from, to })),
    );
    this.#scan = new KeyScan(places, this.#scanning, plan.match, () => this.#size.keys);
    this.#writer = new ClusterWriter({
      cluster: run.cluster,
      connections: run.target,
      existing: plan.existing,
      timeout: run.timeout,
      signal: run.signal,
      sameContent: (entry, side) => this.#sameContent(entry, side),
      onChange: () => {
        this.#changed = true;
      },
    });
  }

  async run(): Promise<ImportReport> {
    this.#tell(false);
    try {
      const outcomes = await Promise.allSettled(this.#lanes.map((lane) => this.#work(lane)));
      const failed = outcomes.find(({ status }) => status === "rejected");
      if (failed?.status === "rejected") throw failed.reason;
      this.#tell(true);
      if (!this.#stopped) {
        this.#run.signal.throwIfAborted();
        await this.#lookAgain();
      }
    } catch (error) {
      throw this.#explain(error);
    }
    return { counts: this.#tally.counts, troubles: this.#tally.troubles, changed: this.#changed };
  }

  async #work(lane: BulkConnections): Promise<void> {
    try {
      while (!this.#stopped && !this.#run.signal.aborted) {
        const batch = await this.#scan.next();
        if (batch === undefined) return;
        if (!(await this.#keepRate(batch.keys.length))) return;
        await this.#copy(batch, lane);
      }
    } catch (error) {
      this.#stopped = true;
      throw error;
    }
  }

  async #copy(batch: Batch, lane: BulkConnections): Promise<void> {
    const { plan, onBatch } = this.#run;
    const { place, keys } = batch;
    const reader = await lane.to(place.server, place.from);
    // WATCH takes keys of one slot only where there are slots.
    const watched = plan.move && plan.source.kind === "standalone" && keys.length > 0;
    if (watched) await watch(reader, keys);
    const entries = entriesOf(batch, valuesOf(reader, await reader.read(keys)));
    this.#tally.add("found", keys.length);
    this.#tally.add("gone", keys.length - entries.length);
    const bytes = entries.reduce((sum, { payload }) => sum + payload.length, 0);
    this.#tally.add("bytes", bytes);
    this.#size.learn(entries.length, bytes);

    const outcomes = await this.#writer.write(entries);
    for (const [i, outcome] of outcomes.entries()) this.#tally.outcome(outcome, place.from, entries[i]!.key);
    const arrived = entries.filter((_, i) => outcomes[i]!.kind === "written" || outcomes[i]!.kind === "equal");
    const proven = await this.#readBack(place, reader, arrived);
    if (plan.move) await this.#delete(place, reader, proven, watched);
    if (onBatch?.(batch, entries, outcomes) === false) this.#stopped = true;
    this.#tell(false);
  }

  /** Compares what has to be compared at once, and returns what may be deleted at the source. */
  async #readBack(place: Place, reader: KeyReader, arrived: readonly Entry[]): Promise<readonly Entry[]> {
    for (const entry of arrived) this.#sample.offer(place, entry);
    const looked = arrived.filter(() => this.#isLookedAtNow());
    if (looked.length === 0) return arrived;
    const wrong = await this.#compare(place, looked, reader);
    this.#tally.add("verified", looked.length);
    return arrived.filter((entry) => !wrong.has(entry));
  }

  /** A moved key can be compared only before it is deleted, and all of them only when each is. */
  #isLookedAtNow(): boolean {
    const { plan, verification } = this.#run;
    if (verification === "full") return true;
    return verification === "sample" && plan.move && Math.random() * keysToImport(plan) < SAMPLE_SIZE;
  }

  async #compare(place: Place, entries: readonly Entry[], reader: KeyReader): Promise<ReadonlySet<Entry>> {
    const comparisons = await compareWithCluster(entries, reader, this.#writer);
    const wrong = entries.filter((_, i) => comparisons[i] !== "same");
    for (const entry of wrong) {
      const isMissing = comparisons[entries.indexOf(entry)] === "missing";
      const why = isMissing ? "it is not in the cluster" : "the cluster holds something else";
      this.#tally.trouble({ kind: "different", database: place.from, key: entry.key, why });
    }
    return new Set(wrong);
  }

  async #delete(place: Place, reader: KeyReader, entries: readonly Entry[], watched: boolean): Promise<void> {
    const { deleted, changed } = await deleteMoved(reader, entries, watched);
    this.#tally.add("deleted", deleted.length);
    for (const key of changed) {
      this.#tally.trouble({
        kind: "changed",
        database: place.from,
        key,
        why: "written to at the source while it was copied",
      });
    }
  }

  /** A key that was written to at the source since cannot be compared any more. */
  async #lookAgain(): Promise<void> {
    if (this.#run.plan.move) return this.#lookForMoved();
    for (const [place, entries] of this.#sample.byPlace()) {
      const reader = await this.#lanes[0]!.to(place.server, place.from);
      const now = valuesOf(reader, await reader.read(entries.map(({ key }) => key)));
      const unchanged = entries.filter((entry, i) => isUnchanged(entry, now[i]));
      await this.#compare(place, unchanged, reader);
      // Of a full verification each was compared before.
      if (this.#run.verification === "sample") this.#tally.add("verified", unchanged.length);
    }
  }

  /** Of these there is nothing left to compare with. */
  async #lookForMoved(): Promise<void> {
    for (const [place, entries] of this.#sample.byPlace()) {
      const found = await this.#writer.read(entries);
      const missing = entries.filter((entry, i) => found[i]!.outcome === undefined && entry.expiresAt === undefined);
      for (const { key } of missing) {
        this.#tally.trouble({ kind: "different", database: place.from, key, why: "it is not in the cluster" });
      }
    }
  }

  async #sameContent(entry: Entry, side: Parameters<typeof sameContent>[1]): Promise<boolean> {
    const { plan } = this.#run;
    const from = plan.databases.find(({ to }) => to === entry.database)?.from ?? entry.database;
    for (const server of plan.source.servers) {
      const { node } = await this.#scanning.to(server, from);
      const [there] = await node.sendAllBinary([["EXISTS", entry.key]]);
      if (there === 1) return sameContent(entry.key, { node, asking: false }, side);
    }
    return false;
  }

  /** False when the run was stopped while it waited. */
  async #keepRate(keys: number): Promise<boolean> {
    const { signal } = this.#run;
    const delay = this.#rate.delayFor(keys, performance.now());
    if (delay <= 0) return true;
    const until = performance.now() + delay;
    await waitUntil(async () => (performance.now() >= until ? true : undefined), { timeout: delay, signal }).catch(
      () => undefined,
    );
    return !signal.aborted;
  }

  /** With a pattern nobody knows how many keys there will be. */
  #tell(ended: boolean): void {
    const { plan, emit } = this.#run;
    const { found } = this.#tally.counts;
    const total = plan.match === undefined ? { total: Math.max(keysToImport(plan), found) } : {};
    const lane = formatAddress(plan.source.address);
    emit({ type: "work-progress", what: "Importing keys", lane, done: found, ...total, unit: "keys", ended });
  }

  #explain(error: unknown): unknown {
    const { copied, equal, deleted } = this.#tally.counts;
    const arrived = `${copied} keys were copied${equal === 0 ? "" : `, ${equal} were there already`}${deleted === 0 ? "" : `, ${deleted} were deleted at the source`}`;
    if (this.#run.signal.aborted) return importInterrupted(this.#changed, arrived);
    if (!(error instanceof SlotctlError) || !this.#changed) return error;
    return importStopped(error, arrived);
  }

  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
    this.#scanning[Symbol.dispose]();
    for (const lane of this.#lanes) lane[Symbol.dispose]();
  }
}

function entriesOf({ place, keys }: Batch, values: readonly (Value | undefined)[]): readonly Entry[] {
  return keys.flatMap((key, i) => {
    const value = values[i];
    return value === undefined ? [] : [{ database: place.to, key, payload: value.payload, expiresAt: value.expiresAt }];
  });
}

function valuesOf({ node }: KeyReader, outcomes: readonly ReadOutcome[]): readonly (Value | undefined)[] {
  const isElsewhere = (outcome: ReadOutcome) =>
    outcome instanceof ServerError && /^(MOVED|ASK|TRYAGAIN)$/.test(outcome.word);
  if (outcomes.some(isElsewhere)) throw sourceSlotsMoved();
  return valuesOrThrow(node, outcomes);
}

function isUnchanged(entry: Entry, now: Value | undefined): boolean {
  return now?.payload.equals(entry.payload) === true && expireTogether(entry.expiresAt, now.expiresAt);
}
