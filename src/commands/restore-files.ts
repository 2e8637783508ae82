import { join } from "node:path";
import type { Emit } from "../execute/events.ts";
import { type ImportLimits, type ImportReport, importKeys } from "../execute/transfer/import-keys.ts";
import type { Verification } from "../execute/transfer/import-proof.ts";
import { type FunctionOutcome, type RestoreReport, restoreFunctions } from "../execute/transfer/restore-functions.ts";
import type { Counts } from "../execute/transfer/tally.ts";
import { type Cluster, primariesOf } from "../model/cluster.ts";
import { Connections } from "../node/connections.ts";
import type { ImportPlan } from "../plan/import.ts";
import type { RestoreFile, RestorePlan } from "../plan/restore.ts";
import type { ServerBinary } from "../sandbox/find-server.ts";
import { startThrowAway, type ThrowAwayServer } from "../sandbox/throw-away-server.ts";
import { surveySource } from "../survey/import-ends.ts";
import { throttled } from "./throttled.ts";

export interface RestoreRun {
  readonly plan: RestorePlan;
  readonly cluster: Cluster;
  readonly connections: Connections;
  readonly server: ServerBinary;
  readonly format: number;
  readonly limits: ImportLimits;
  readonly verification: Verification;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/**
 * Restores file by file, so that the data set of one shard at a time is in the memory of this machine: a throw-away
 * server loads it, and its keys go to whoever owns them now. The server's own loader reads what it wrote, whatever the
 * types and encodings of its version; a parser of ours would have to follow every one of them.
 * @throws SlotctlError; `onReport` was told what had been done before
 */
export async function restoreFiles(run: RestoreRun, onReport: (report: RestoreReport) => void): Promise<RestoreReport> {
  let report: RestoreReport = { counts: NO_COUNTS, troubles: [], changed: false, functions: [] };
  for (const file of run.plan.files) {
    const next = await restoreFile(file, run, () => onReport({ ...report, changed: true }));
    report = {
      counts: sum(report.counts, next.counts),
      troubles: [...report.troubles, ...next.troubles],
      changed: report.changed || next.changed,
      functions: merge(report.functions, next.functions),
    };
    onReport(report);
  }
  return report;
}

async function restoreFile(file: RestoreFile, run: RestoreRun, onChange: () => void): Promise<RestoreReport> {
  const { plan, server, signal, emit, timeout } = run;
  const tell = throttled((done: number, total: number) =>
    emit({ type: "work-progress", what: "Loading files", lane: file.file, done, total, unit: "bytes" }),
  );
  const rdbFile = join(plan.directory, file.file);
  await using loaded = await startThrowAway({ server, rdbFile, timeout, signal, onLoading: tell });
  tell.now(file.bytes, file.bytes);
  using source = new Connections(loaded.settings);
  const report = await copyKeys(file, loaded, source, run);
  return { ...report, functions: await copyFunctions(loaded, source, run, onChange) };
}

async function copyKeys(
  { file }: RestoreFile,
  { address }: ThrowAwayServer,
  source: Connections,
  { plan, cluster, connections, format, limits, verification, timeout, signal, emit }: RestoreRun,
): Promise<ImportReport> {
  const { facts, keysByDatabase } = await surveySource(address, source);
  const { engine, version } = facts;
  const copy: ImportPlan = {
    database: "all",
    move: false,
    existing: plan.existing,
    match: undefined,
    source: { address, kind: "standalone", engine, version, servers: [address], rdbVersion: format },
    databases: [...keysByDatabase].map(([number, keys]) => ({ from: number, to: number, keys })),
    left: [],
    primaries: plan.primaries,
  };
  return importKeys({
    plan: copy,
    cluster,
    target: connections,
    source,
    limits,
    verification,
    timeout,
    signal,
    // The server is ours, and nothing that anybody knows by its address.
    emit: (event) => emit(event.type === "work-progress" ? { ...event, what: "Restoring keys", lane: file } : event),
  });
}

async function copyFunctions(
  { address }: ThrowAwayServer,
  source: Connections,
  { plan, cluster, connections }: RestoreRun,
  onChange: () => void,
): Promise<readonly FunctionOutcome[]> {
  const owners = primariesOf(cluster).filter(({ slots }) => slots.length > 0);
  const targets = await Promise.all(owners.map(({ dial }) => connections.to(dial)));
  return restoreFunctions(await source.to(address), targets, { existing: plan.existing, onChange });
}

/** Every file holds the libraries of its shard, mostly the same: what became of one at a node is told once. */
function merge(before: readonly FunctionOutcome[], next: readonly FunctionOutcome[]): readonly FunctionOutcome[] {
  const isTold = ({ library, node, kind }: FunctionOutcome) =>
    before.some(
      (other) => other.library === library && other.node === node && (kind === "equal" || other.kind === kind),
    );
  return [...before, ...next.filter((outcome) => !isTold(outcome))];
}

const NO_COUNTS: Counts = {
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

function sum(left: Counts, right: Counts): Counts {
  const names = Object.keys(left) as (keyof Counts)[];
  return { ...left, ...Object.fromEntries(names.map((name) => [name, left[name] + right[name]])) };
}
