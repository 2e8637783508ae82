import { SlotctlError } from "../../errors.ts";
import { formatAddress } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { Connections } from "../../node/connections.ts";
import { waitUntil } from "../../node/wait-until.ts";
import { type ImportPlan, keysToImport } from "../../plan/import.ts";
import type { Emit } from "../events.ts";
import { Throttle } from "../move/pace.ts";
import { BatchSize } from "./batch-size.ts";
import { BulkConnections } from "./bulk-connections.ts";
import { ClusterWriter } from "./cluster-writer.ts";
import { deleteMoved, watch } from "./delete-moved.ts";
import type { Entry, WriteOutcome } from "./entry.ts";
import { ImportProof, type Verification } from "./import-proof.ts";
import type { KeyReader } from "./key-reader.ts";
import { type Batch, KeyScan, type Place } from "./key-scan.ts";
import { readSource } from "./read-source.ts";
import { Routes } from "./routes.ts";
import { sameContent } from "./same-value.ts";
import { type Counts, Tally, type Trouble } from "./tally.ts";
import { importInterrupted, importStopped } from "./transfer-failures.ts";
import type { Values } from "./values.ts";

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
  /** Told of every batch, key by key; with `false` no further one is begun. */
  readonly onBatch?: (keys: readonly Buffer[], outcomes: readonly (WriteOutcome | undefined)[]) => boolean;
}

export interface ImportReport {
  readonly counts: Counts;
  readonly troubles: readonly Trouble[];
  /** Whether anything was written or deleted anywhere. */
  readonly changed: boolean;
}

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
  readonly #size: BatchSize;
  readonly #rate: Throttle;
  readonly #scanning: BulkConnections;
  readonly #lanes: readonly BulkConnections[];
  readonly #routes: Routes;
  readonly #writer: ClusterWriter;
  readonly #scan: KeyScan;
  readonly #proof: ImportProof;
  #changed = false;
  #stopped = false;

  constructor(run: ImportRun) {
    this.#run = run;
    this.#size = new BatchSize(run.plan.move);
    this.#rate = new Throttle(run.limits.keysPerSecond);
    const settings = { ...run.source.settings, commandTimeout: run.timeout };
    this.#scanning = new BulkConnections(settings);
    this.#lanes = Array.from({ length: run.limits.concurrency }, () => new BulkConnections(settings));
    const { plan } = run;
    const places = plan.databases.flatMap(({ from, to }) =>
      plan.source.servers.map((server): Place => ({ server, from, to })),
    );
    this.#scan = new KeyScan(places, this.#scanning, plan.match, () => this.#size.keys);
    this.#routes = new Routes(run.cluster, run.target, run.timeout);
    this.#proof = new ImportProof({ ...run, tally: this.#tally, routes: this.#routes });
    this.#writer = new ClusterWriter({
      routes: this.#routes,
      existing: plan.existing,
      timeout: run.timeout,
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
        await this.#proof.lookAgain((place) => this.#lanes[0]!.to(place.server, place.from));
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
    const values = await readSource(reader, keys);
    const present = values.present();
    this.#learn(values, present);

    const outcomes = await this.#writer.write(values, place.to);
    const arrived: number[] = [];
    for (const index of present) {
      const outcome = outcomes[index]!;
      this.#tally.outcome(outcome, place.from, keys[index]!);
      if (outcome.kind !== "written" && outcome.kind !== "equal") continue;
      arrived.push(index);
      this.#proof.offer(place, values, index);
    }
    const proven = await this.#proof.readBack(place, reader, values, arrived);
    if (plan.move) await this.#delete(place, reader, { values, proven, watched });
    if (onBatch?.(keys, outcomes) === false) this.#stopped = true;
    this.#tell(false);
  }

  #learn(values: Values, present: readonly number[]): void {
    const found = values.keys.length;
    this.#tally.add("found", found);
    this.#tally.add("gone", found - present.length);
    const bytes = present.reduce((sum, index) => sum + values.bytes(index), 0);
    this.#tally.add("bytes", bytes);
    this.#size.learn(present.length, bytes);
  }

  async #delete(
    place: Place,
    reader: KeyReader,
    {
      values,
      proven,
      watched,
    }: { readonly values: Values; readonly proven: readonly number[]; readonly watched: boolean },
  ): Promise<void> {
    const { deleted, changed } = await deleteMoved(reader, values, proven, watched);
    this.#tally.add("deleted", deleted);
    for (const key of changed) {
      this.#tally.trouble({
        kind: "changed",
        database: place.from,
        key,
        why: "written to at the source while it was copied",
      });
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
    const arrived = [
      `${digits(copied)} keys were copied`,
      ...(equal === 0 ? [] : [`${digits(equal)} were there already`]),
      ...(deleted === 0 ? [] : [`${digits(deleted)} were deleted at the source`]),
    ].join(", ");
    if (this.#run.signal.aborted) return importInterrupted(this.#changed, arrived);
    if (!(error instanceof SlotctlError) || !this.#changed) return error;
    return importStopped(error, arrived);
  }

  [Symbol.dispose](): void {
    this.#routes[Symbol.dispose]();
    this.#scanning[Symbol.dispose]();
    for (const lane of this.#lanes) lane[Symbol.dispose]();
  }
}

/** As the views write numbers: 25,266. */
function digits(number: number): string {
  return number.toLocaleString("en-US");
}
