import { resolve } from "node:path";
import type { VerifiedBackup } from "../archive/verify-backup.ts";
import { ExitCode, SlotctlError } from "../errors.ts";
import type { ImportLimits } from "../execute/transfer/import-keys.ts";
import type { Verification } from "../execute/transfer/import-proof.ts";
import type { RestoreReport } from "../execute/transfer/restore-functions.ts";
import { formatAddress } from "../model/address.ts";
import { type Cluster, primariesOf } from "../model/cluster.ts";
import { rdbVersionOf } from "../model/dump-payload.ts";
import { keyCountOf } from "../model/facts.ts";
import { formatRanges } from "../model/slot.ts";
import { Connections } from "../node/connections.ts";
import {
  keysToRestore,
  type RestorePlan,
  type RestoreProblem,
  type RestoreRequest,
  restoreProblems,
} from "../plan/restore.ts";
import { findServer, type ServerBinary } from "../sandbox/find-server.ts";
import { startThrowAway } from "../sandbox/throw-away-server.ts";
import { surveyTargets } from "../survey/import-ends.ts";
import { survey } from "../survey/survey.ts";
import { damageLines } from "../view/backup-text.ts";
import { restoreCountsText, restoreProblemHint, restoreProblemText } from "../view/restore-text.ts";
import { verify } from "./backup.ts";
import type { Context } from "./context.ts";
import { declined } from "./declined.ts";
import { refuseUnserved } from "./import.ts";
import { restoreFiles } from "./restore-files.ts";

export interface RestoreOptions extends RestoreRequest {
  readonly directory: string;
  /** The server program that loads the files. */
  readonly server: string | undefined;
  readonly verification: Verification;
  readonly limits: ImportLimits;
  readonly dryRun: boolean;
  readonly detailedExitCode: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Writes the keys and functions of a backup to whoever owns their slots now, whatever the shape of the cluster was. */
export async function restore(options: RestoreOptions, context: Context): Promise<ExitCode> {
  const { view, connections, seeds, signal, timeout } = context;
  const verified = await verify(resolve(options.directory), context);
  if (!verified.ok) throw damaged(verified);
  if (verified.found.manifest === undefined) {
    view.warning(
      "the backup has no manifest: it was made by redis-cli or valkey-cli, and only the files themselves tell that they are whole",
    );
  }
  const cluster = await survey(seeds, connections);
  refuseUnserved(cluster);
  const server = await findServer({ server: options.server, env: options.environment });
  const format = await formatOf(server, context);
  const plan = planOf(options, verified, cluster, server);
  await refuseWhatFails(plan, options, { verified, cluster, format }, context);
  view.plan({ kind: "restore", plan });
  const tell = (outcome: "done" | "nothing" | "dry-run", report?: RestoreReport, seconds = 0) =>
    view.result({ kind: "restore", outcome, plan, report, seconds });
  if (options.dryRun) {
    tell("dry-run");
    return options.detailedExitCode && keysToRestore(plan) !== 0 ? ExitCode.ChangesPending : ExitCode.Ok;
  }
  if (!(await context.confirm("Restore this backup?"))) throw declined();
  const started = performance.now();
  const { limits, verification } = options;
  let done: RestoreReport | undefined;
  try {
    const report = await restoreFiles(
      { plan, cluster, connections, server, format, limits, verification, timeout, signal, emit: view.event },
      (sofar) => {
        done = sofar;
      },
    );
    tell(hasWritten(report) ? "done" : "nothing", report, (performance.now() - started) / 1000);
    return isWhole(report) ? ExitCode.Ok : ExitCode.Partial;
  } catch (error) {
    throw stopped(error, done, signal);
  }
}

function hasWritten({ counts, functions }: RestoreReport): boolean {
  return counts.copied > 0 || functions.some(({ kind }) => kind === "loaded");
}

function isWhole({ troubles, functions }: RestoreReport): boolean {
  return troubles.length === 0 && functions.every(({ kind }) => kind !== "conflict" && kind !== "refused");
}

function damaged(verified: VerifiedBackup): SlotctlError {
  return new SlotctlError(`The backup in ${verified.found.directory} is damaged and was not restored`, {
    code: "BACKUP_DAMAGED",
    exitCode: ExitCode.Unhealthy,
    details: damageLines(verified),
    hint: "Nothing was changed. Restore another backup",
  });
}

/** The RDB version that a server writes, seen from a key of its own. */
async function formatOf(server: ServerBinary, { timeout, signal }: Context): Promise<number> {
  await using empty = await startThrowAway({ server, rdbFile: undefined, timeout, signal, onLoading: () => undefined });
  using connections = new Connections(empty.settings);
  const node = await connections.to(empty.address);
  const [, payload] = await node.sendAllBinary([
    ["SET", "a", "b"],
    ["DUMP", "a"],
  ]);
  return (Buffer.isBuffer(payload) ? rdbVersionOf(payload) : undefined) ?? 0;
}

function planOf(
  { existing }: RestoreOptions,
  { found, files, missing }: VerifiedBackup,
  cluster: Cluster,
  { path, engine }: ServerBinary,
): RestorePlan {
  const owners = primariesOf(cluster).filter(({ slots }) => slots.length > 0);
  return {
    directory: found.directory,
    created: found.manifest?.created,
    files: files.map(({ file, bytes, slots, keys, rdbVersion }) => ({
      file,
      bytes,
      slots: formatRanges(slots),
      keys,
      rdbVersion: rdbVersion!,
    })),
    functions: found.manifest?.functions ?? [],
    existing: existing === "refuse" ? "keep" : existing,
    missing: formatRanges(missing),
    server: { path, engine: engine.name, version: engine.version },
    primaries: owners.length,
    present: owners.reduce((sum, { facts }) => sum + (facts === undefined ? 0 : keyCountOf(facts)), 0),
  };
}

interface Ends {
  readonly verified: VerifiedBackup;
  readonly cluster: Cluster;
  readonly format: number;
}

/** @throws SlotctlError that lists every reason why it cannot be done */
async function refuseWhatFails(
  plan: RestorePlan,
  request: RestoreRequest,
  { verified, cluster, format }: Ends,
  { connections }: Context,
): Promise<void> {
  const shards = verified.found.manifest?.shards ?? [];
  const databases = [...new Set(shards.flatMap(({ keys }) => Object.keys(keys).map(Number)))].filter((one) => one > 0);
  const answers = await surveyTargets(cluster, { format, databases }, connections);
  const targets = answers.map(({ node, ...answer }) => ({ ...answer, name: formatAddress(node.address) }));
  const problems = restoreProblems(plan, request, { format, madeBy: shards[0]?.engine, targets });
  if (problems.length > 0) throw refused(problems, plan);
}

function refused(problems: readonly RestoreProblem[], plan: RestorePlan): SlotctlError {
  const texts = problems.map((problem) => restoreProblemText(problem, plan));
  const isFormat = problems.some(({ kind }) => kind === "target-too-old");
  const isFilled = problems[0]?.kind === "not-empty";
  return new SlotctlError(`Cannot restore: ${texts[0]}`, {
    code: isFormat ? "FORMAT_TOO_NEW" : isFilled ? "CLUSTER_NOT_EMPTY" : "RESTORE_REFUSED",
    exitCode: ExitCode.Unhealthy,
    details: texts.slice(1),
    hint: `Nothing was changed. ${restoreProblemHint(problems[0]!)}`,
  });
}

const RERUN = "Run the same command again with --resume: keys that are there already are compared and passed over";

/** Says what had been done before, and how to go on. */
function stopped(error: unknown, done: RestoreReport | undefined, signal: AbortSignal): unknown {
  const isKnown = error instanceof SlotctlError;
  if (!isKnown && !signal.aborted) return error;
  const changed = done?.changed === true || (isKnown && error.exitCode === ExitCode.Partial);
  const details = [...(isKnown ? error.details : []), ...(done === undefined ? [] : [restoreCountsText(done)])];
  if (signal.aborted) {
    return new SlotctlError(changed ? "Interrupted before everything was restored" : "Interrupted before any change", {
      code: "INTERRUPTED",
      exitCode: changed ? ExitCode.Partial : ExitCode.Declined,
      ...(changed ? { details, hint: RERUN } : {}),
    });
  }
  if (!isKnown || !changed) return error;
  return new SlotctlError(error.message, {
    code: error.code,
    exitCode: ExitCode.Partial,
    details,
    hint: RERUN,
    cause: error,
  });
}
