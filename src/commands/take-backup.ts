import { BackupDraft, type ExistingBackup } from "../archive/backup-draft.ts";
import { receivedBroken } from "../archive/failures.ts";
import { ExitCode, SlotctlError } from "../errors.ts";
import type { Emit } from "../execute/events.ts";
import { formatAddress } from "../model/address.ts";
import type { Cluster, ClusterNode } from "../model/cluster.ts";
import { type FileDigest, MANIFEST_VERSION, type Manifest, type ShardFile } from "../model/manifest.ts";
import { rdbFileName } from "../model/redis-cli-backup.ts";
import { formatRanges } from "../model/slot.ts";
import type { Connections } from "../node/connections.ts";
import { serverRefused } from "../node/failures.ts";
import { ServerError } from "../node/node.ts";
import { openRdbStream } from "../node/rdb-stream.ts";
import { type BackupPlan, type BackupSource, slotMapOf } from "../plan/backup.ts";
import { mapConcurrently } from "../survey/map-concurrently.ts";
import { survey } from "../survey/survey.ts";
import { nodesFileText, type PlaceOf } from "../view/redis-cli/nodes-file.ts";
import { throttled } from "./throttled.ts";

export interface BackupRun {
  readonly cluster: Cluster;
  readonly plan: BackupPlan;
  readonly connections: Connections;
  readonly directory: string;
  readonly existing: ExistingBackup;
  readonly mode: { readonly directory: number; readonly files: number };
  /** Shards at a time. */
  readonly concurrency: number;
  /** Milliseconds that a server may be silent. */
  readonly silence: number;
  readonly acl: boolean;
  /** Go on where slots are missing, or moved on the way. */
  readonly partial: boolean;
  /** The version of slotctl. */
  readonly version: string;
  /** How redis-cli names the files and nodes, and how many errors it would have found. */
  readonly tool: "redis" | "valkey";
  readonly placeOf: PlaceOf;
  readonly errors: number;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

export interface TakenBackup {
  readonly manifest: Manifest;
  /** Slots moved, or changed hands, while the files were taken. */
  readonly moved: boolean;
}

/**
 * Takes the data set of every shard, all side by side, and makes a backup of them once all of them are whole.
 * @throws SlotctlError; then there is no new backup, and an earlier one is as it was
 */
export async function takeBackup(run: BackupRun): Promise<TakenBackup> {
  using draft = new BackupDraft(run);
  const created = new Date().toISOString();
  const shards = await saveShards(draft, run);
  const acl = run.acl ? await saveUsers(draft, run) : undefined;
  const moved = await hasMoved(run);
  if (moved && !run.partial) throw clusterMoved();
  const manifest: Manifest = {
    schemaVersion: MANIFEST_VERSION,
    slotctl: run.version,
    created,
    currentEpoch: Math.max(0, ...run.cluster.nodes.map(({ facts }) => facts?.currentEpoch ?? 0)),
    partial: moved || run.plan.problems.length > 0,
    shards,
    functions: functionsOf(run.cluster),
    ...(acl === undefined ? {} : { acl }),
  };
  await draft.commit(
    `${JSON.stringify(manifest, undefined, 2)}\n`,
    nodesFileText(run.cluster, run.errors, run.placeOf),
  );
  return { manifest, moved };
}

/** The first failure ends the others, but only when nothing is being written any more. */
async function saveShards(draft: BackupDraft, run: BackupRun): Promise<readonly ShardFile[]> {
  const failure = new AbortController();
  const signal = AbortSignal.any([run.signal, failure.signal]);
  const shards = await mapConcurrently(run.plan.sources, run.concurrency, async (source) => {
    try {
      signal.throwIfAborted();
      return await saveShard(draft, source, { ...run, signal });
    } catch (error) {
      failure.abort(error);
      return undefined;
    }
  });
  if (run.signal.aborted) throw interrupted();
  failure.signal.throwIfAborted();
  return shards.filter((shard) => shard !== undefined);
}

async function saveShard(
  draft: BackupDraft,
  { primary, node }: BackupSource,
  { connections, silence, signal, emit, tool, placeOf }: BackupRun,
): Promise<ShardFile> {
  const { host, port } = placeOf(primary);
  const file = draft.nameFor(rdbFileName(tool, host, port, primary.id));
  const lane = formatAddress(node.address);
  const tell = throttled((done: number, ended: boolean) => {
    const total = stream.expected === undefined ? {} : { total: stream.expected };
    emit({ type: "work-progress", what: "Saving data sets", lane, done, ...total, unit: "bytes", ended });
  });
  using stream = await openRdbStream(node.dial, connections.settings, { silence, signal });
  tell.now(0, false);
  const { bytes, sha256, rdb } = await draft.save(file, stream.parts(), (done) => tell(done, false));
  tell.now(bytes, true);
  if (rdb.kind === "broken") throw receivedBroken(lane, rdb.why);
  return {
    file,
    bytes,
    sha256,
    slots: formatRanges(primary.slots),
    primary: { id: primary.id, address: formatAddress(primary.address) },
    configEpoch: primary.configEpoch,
    source: { id: node.id, address: lane, role: node.role },
    engine: node.facts?.engine ?? "redis",
    version: node.facts?.version ?? "unknown",
    rdbVersion: rdb.version,
    keys: Object.fromEntries(node.facts?.keysByDatabase ?? []),
  };
}

/** Users with their password hashes, in the form of an ACL file. */
async function saveUsers(draft: BackupDraft, { plan, connections, emit }: BackupRun): Promise<FileDigest> {
  const lists = await mapConcurrently(plan.sources, 16, ({ node }) => usersOf(node, connections));
  const [text = ""] = lists;
  if (lists.some((other) => other !== text)) {
    emit({ type: "notice", text: "the nodes do not have the same users; those of the first are kept" });
  }
  const file = draft.nameFor("users.acl");
  const { bytes, sha256 } = await draft.saveText(file, text);
  return { file, bytes, sha256 };
}

async function usersOf({ dial }: ClusterNode, connections: Connections): Promise<string> {
  const node = await connections.to(dial);
  const [users] = await node.sendAll([["ACL", "LIST"]]);
  if (users instanceof ServerError) throw serverRefused(node.address, users);
  return `${[users].flat().map(String).sort().join("\n")}\n`;
}

function functionsOf({ nodes }: Cluster): readonly string[] {
  return [...new Set(nodes.flatMap(({ facts }) => [...(facts?.functions?.keys() ?? [])]))].sort();
}

async function hasMoved({ cluster, connections }: BackupRun): Promise<boolean> {
  const seeds = cluster.nodes.filter(({ view }) => view !== undefined).map(({ dial }) => dial);
  return slotMapOf(await survey(seeds, connections)) !== slotMapOf(cluster);
}

function clusterMoved(): SlotctlError {
  return new SlotctlError("Slots moved or changed hands while the backup was made: it would have lacked keys", {
    code: "SOURCE_CHANGED",
    exitCode: ExitCode.Stale,
    hint: "No backup was made. Wait until nothing moves any more, and make it again",
  });
}

function interrupted(): SlotctlError {
  return new SlotctlError("Interrupted: no backup was made", { code: "INTERRUPTED", exitCode: ExitCode.Declined });
}
