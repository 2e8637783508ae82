import { resolve } from "node:path";
import { readBackup } from "../archive/read-backup.ts";
import { type VerifiedBackup, verifyBackup } from "../archive/verify-backup.ts";
import { ExitCode, SlotctlError } from "../errors.ts";
import { formatAddress } from "../model/address.ts";
import type { Cluster } from "../model/cluster.ts";
import { type BackupPlan, planBackup } from "../plan/backup.ts";
import { survey } from "../survey/survey.ts";
import { backupProblemText } from "../view/backup-text.ts";
import { checkText } from "../view/redis-cli/check-text.ts";
import type { Context } from "./context.ts";
import { wordingFor } from "./drop-in-context.ts";
import { takeBackup } from "./take-backup.ts";
import { throttled } from "./throttled.ts";

export interface BackupOptions {
  readonly directory: string;
  readonly fromReplicas: boolean;
  readonly overwrite: boolean;
  readonly partial: boolean;
  readonly acl: boolean;
  /** Read everything back from the disk afterwards. */
  readonly verify: boolean;
  readonly concurrency: number;
  /** The version of slotctl. */
  readonly version: string;
}

/** Saves the data set of every shard. Nothing in the cluster changes, so nothing is asked. */
export async function backup(options: BackupOptions, context: Context): Promise<ExitCode> {
  const { view, connections, seeds, signal, timeout } = context;
  const directory = resolve(options.directory);
  const cluster = await survey(seeds, connections, { depth: "health" });
  const plan = planBackup(cluster, options);
  refuseIncomplete(plan, cluster, options);
  for (const primary of plan.withoutReplica) {
    view.warning(`${formatAddress(primary.address)} has no replica in sync; it is asked itself`);
  }
  const started = performance.now();
  const { manifest, moved } = await takeBackup({
    ...options,
    directory,
    cluster,
    plan,
    connections,
    existing: options.overwrite ? "replace" : "refuse",
    mode: PRIVATE,
    silence: timeout,
    tool: wordingFor(cluster),
    placeOf: ({ address }) => address,
    errors: errorsIn(cluster),
    signal,
    emit: view.event,
  });
  if (moved) view.warning("slots moved while the backup was made: keys may be missing in it");
  const seconds = (performance.now() - started) / 1000;
  const verified = options.verify ? await verify(directory, context) : undefined;
  const isOk = verified?.ok !== false;
  view.result({ kind: "backup", directory, manifest, seconds, verified: verified !== undefined, ok: isOk });
  return isOk ? ExitCode.Ok : ExitCode.Unhealthy;
}

/** All data of the cluster, and perhaps its users. */
const PRIVATE = { directory: 0o700, files: 0o600 };

/** @throws SlotctlError, exit code 3, that lists what would be missing */
function refuseIncomplete(
  { problems, sources }: BackupPlan,
  cluster: Cluster,
  { partial, fromReplicas }: BackupOptions,
): void {
  if (problems.length === 0 || (partial && sources.length > 0)) return;
  const rescue = problems.some((problem) => problem.kind === "unreadable-shard" && problem.replicas > 0);
  throw new SlotctlError("A backup of this cluster would not be complete", {
    code: "BACKUP_INCOMPLETE",
    exitCode: ExitCode.Unhealthy,
    details: problems.map((problem) => backupProblemText(problem, cluster)),
    hint:
      rescue && !fromReplicas
        ? "A replica has the data: take it with --from-replicas. No backup was made"
        : "slotctl check tells what helps; --partial saves what there is. No backup was made",
  });
}

/** How many errors redis-cli would write into nodes.json. */
export function errorsIn(cluster: Cluster): number {
  const style = { wording: wordingFor(cluster), colour: false, seedLabel: "" };
  return checkText(cluster, { ...style, searchMultipleOwners: false }).errors;
}

/** Reads a backup from beginning to end and says whether it is whole. Asks no server. */
export async function backupVerify(directory: string, context: Context): Promise<ExitCode> {
  const { view } = context;
  const verified = await verify(resolve(directory), context);
  view.result({ kind: "backup-verify", verified });
  return verified.ok ? ExitCode.Ok : ExitCode.Unhealthy;
}

/** @throws SlotctlError, exit code 3, when there is no backup */
export async function verify(
  directory: string,
  { view, signal }: Pick<Context, "view" | "signal">,
): Promise<VerifiedBackup> {
  const tell = throttled((lane: string, done: number, total: number) =>
    view.event({ type: "work-progress", what: "Verifying files", lane, done, total, unit: "bytes" }),
  );
  try {
    return await verifyBackup(readBackup(directory), {
      signal,
      onBytes: (file, done, total) => (done === total ? tell.now(file, done, total) : tell(file, done, total)),
    });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new SlotctlError("Interrupted: not everything was verified", {
      code: "INTERRUPTED",
      exitCode: ExitCode.Declined,
    });
  }
}
