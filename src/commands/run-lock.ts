import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { ExitCode, SlotctlError } from "../errors.ts";
import type { Cluster, NodeId } from "../model/cluster.ts";
import { waitUntil } from "../node/wait-until.ts";
import { identityOf, isAlive } from "../sandbox/process-identity.ts";
import { reasonOf, writeWhole } from "./plan-file.ts";
import { stateDirectory } from "./state-directory.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A run that changes a cluster, as its file in the state directory tells of it. */
interface Run {
  readonly pid: number;
  /** With the pid it names one process for certain: see ProcessIdentity. */
  readonly startedAt?: number | undefined;
  /** A pid means nothing on another machine that shares the directory. */
  readonly host: string;
  readonly begun: string;
  readonly members: readonly NodeId[];
  /** False while it still looks whether somebody else was first. */
  readonly holds: boolean;
}

/** How long a run that came a moment later may take to notice, in milliseconds. */
const PATIENCE_MS = 5_000;

/**
 * Keeps every other slotctl of this machine and user from changing the cluster until it is disposed of. What a process
 * that has died left behind counts for nothing.
 * @throws SlotctlError, exit code 3, when another one is at it; STATE_UNWRITABLE when the directory cannot be written to
 */
export async function lockCluster(
  cluster: Cluster,
  environment: Environment,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  const directory = runsDirectory(environment);
  const { pid, startedAt } = identityOf(process.pid);
  const members = cluster.nodes.map(({ id }) => id);
  const run: Run = { pid, startedAt, host: hostname(), begun: new Date().toISOString(), members, holds: false };
  const name = `${pid}-${randomBytes(6).toString("hex")}.json`;
  const release = () => rm(join(directory, name), { force: true });
  await write(directory, name, run);
  try {
    await waitForTurn(name, members, directory, signal);
    await write(directory, name, { ...run, holds: true });
  } catch (error) {
    await release();
    throw error;
  }
  return { [Symbol.asyncDispose]: release };
}

/**
 * Of two that announce themselves at the same time, each sees the other or comes after it has decided: the one with the
 * greater name gives way, and the one with the lesser waits until it has, or finds that it was too late itself.
 */
async function waitForTurn(
  name: string,
  members: readonly NodeId[],
  directory: string,
  signal: AbortSignal,
): Promise<void> {
  let last: Run | undefined;
  const free = await waitUntil(
    async () => {
      const others = (await runsIn(directory)).filter((other) => other.name !== name && touches(other.run, members));
      const first = others.find((other) => other.run.holds || other.name < name);
      if (first !== undefined) throw locked(first.run);
      last = others[0]?.run;
      return others.length === 0 ? true : undefined;
    },
    { timeout: PATIENCE_MS, signal },
  );
  if (free === undefined && last !== undefined) throw locked(last);
}

/** @throws SlotctlError, exit code 3, when another slotctl of this machine and user is changing this cluster */
export async function refuseLocked(cluster: Cluster, environment: Environment): Promise<void> {
  const members = cluster.nodes.map(({ id }) => id);
  const runs = await runsIn(runsDirectory(environment));
  const other = runs.find(({ run }) => run.holds && touches(run, members));
  if (other !== undefined) throw locked(other.run);
}

function touches({ members }: Run, others: readonly NodeId[]): boolean {
  return members.some((id) => others.includes(id));
}

function locked({ pid, begun }: Run): SlotctlError {
  return new SlotctlError(`Another slotctl (pid ${pid}) is changing this cluster since ${begun}`, {
    code: "CLUSTER_LOCKED",
    exitCode: ExitCode.Unhealthy,
    hint: "Nothing was changed. Wait until it is done, or stop it with Ctrl-C or SIGINT; then run this again",
  });
}

function runsDirectory(environment: Environment): string {
  return join(stateDirectory(environment), "runs");
}

async function write(directory: string, name: string, run: Run): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // It means nothing any more when the machine goes down.
    await writeWhole(join(directory, name), `${JSON.stringify(run)}\n`, false);
  } catch (cause) {
    throw new SlotctlError(`Cannot write to ${directory}: ${reasonOf(cause)}`, {
      code: "STATE_UNWRITABLE",
      exitCode: ExitCode.Failed,
      hint: "Nothing was changed. Set XDG_STATE_HOME to a directory that can be written to",
      cause,
    });
  }
}

interface NamedRun {
  readonly name: string;
  readonly run: Run;
}

/** Those that still go on. The files of others of this machine are removed. */
async function runsIn(directory: string): Promise<readonly NamedRun[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const found: NamedRun[] = [];
  for (const entry of entries) {
    if (!entry.isFile() || !/^\d+-[0-9a-f]{12}\.json$/.test(entry.name)) continue;
    const path = join(directory, entry.name);
    const run = await readRun(path);
    if (run === undefined || run.host !== hostname()) continue;
    if (isAlive({ pid: run.pid, startedAt: run.startedAt })) found.push({ name: entry.name, run });
    else await rm(path, { force: true }).catch(() => undefined);
  }
  return found;
}

/** Undefined when it is gone by now, or is no such file. */
async function readRun(path: string): Promise<Run | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return isRun(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRun(value: unknown): value is Run {
  if (typeof value !== "object" || value === null) return false;
  const { pid, startedAt, host, begun, members, holds } = value as Partial<Record<keyof Run, unknown>>;
  return (
    Number.isSafeInteger(pid) &&
    (startedAt === undefined || Number.isSafeInteger(startedAt)) &&
    typeof host === "string" &&
    typeof begun === "string" &&
    Array.isArray(members) &&
    members.every((id) => typeof id === "string") &&
    typeof holds === "boolean"
  );
}
