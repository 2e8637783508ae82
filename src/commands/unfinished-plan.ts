import { createHash, randomBytes } from "node:crypto";
import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ExitCode, SlotctlError } from "../errors.ts";
import { membersBefore, type Plan } from "../plan/plan.ts";
import { namesAny } from "../plan/plan-nodes.ts";
import { formatPlan, loadPlan, reasonOf, writeWhole } from "./plan-file.ts";
import { stateDirectory } from "./state-directory.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** A plan whose run has begun and did not come to its end. */
export interface UnfinishedPlan {
  readonly path: string;
  readonly plan: Plan;
  /** When its run began. */
  readonly begun: Date;
}

/**
 * Remembers a plan until removeUnfinished: to be called before the first change. Says where it is kept.
 * @throws SlotctlError when it cannot be written
 */
export async function keepUnfinished(plan: Plan, environment: Environment, now: Date): Promise<string> {
  const directory = plansDirectory(environment);
  const path = join(directory, fileNameFor(plan, now));
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // It may have been there before, open to others.
    await chmod(directory, 0o700);
    await writeWhole(path, formatPlan(plan));
  } catch (cause) {
    throw new SlotctlError(`Cannot keep the plan in ${directory}: ${reasonOf(cause)}`, {
      code: "STATE_UNWRITABLE",
      exitCode: ExitCode.Failed,
      hint: "Nothing was changed. Set XDG_STATE_HOME to a directory that can be written to",
      cause,
    });
  }
  return path;
}

/**
 * Forgets a plan: it is carried out, or nothing of it is left to do. That it is gone already is no failure.
 * @throws SlotctlError when it cannot be removed
 */
export async function removeUnfinished(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (cause) {
    throw new SlotctlError(`Cannot remove the finished plan ${path}: ${reasonOf(cause)}`, {
      code: "STATE_UNWRITABLE",
      exitCode: ExitCode.Failed,
      hint: "The plan itself is carried out. Remove the file, and set XDG_STATE_HOME to a directory that can be written to",
      cause,
    });
  }
}

/** The plans with a step that names one of these nodes, newest first. Files that cannot be read are passed over. */
export async function findUnfinished(
  clusterNodeIds: readonly string[],
  environment: Environment,
): Promise<readonly UnfinishedPlan[]> {
  const members = new Set(clusterNodeIds);
  return (await allUnfinished(environment)).filter(({ plan }) => namesAny(plan, members));
}

/** All plans, of whatever cluster, newest first. Files that cannot be read are passed over. */
export async function allUnfinished(environment: Environment): Promise<readonly UnfinishedPlan[]> {
  const found: UnfinishedPlan[] = [];
  // One by one: there are few, and nobody tidies up, so some day there may be more than files can be open.
  for (const unfinished of await filesIn(plansDirectory(environment))) {
    const plan = await loadPlan(unfinished.path).catch(() => undefined);
    if (plan !== undefined) found.push({ ...unfinished, plan });
  }
  return found.sort((a, b) => b.begun.getTime() - a.begun.getTime() || (a.path < b.path ? -1 : 1));
}

function plansDirectory(environment: Environment): string {
  return join(stateDirectory(environment), "plans");
}

/**
 * "<hash>-20250102T030405678Z-<chance>.json". The hash is that of the command and the members, not of their slots: they
 * change while the plan is carried out. Chance keeps two runs that begin at once apart.
 */
function fileNameFor(plan: Plan, now: Date): string {
  const hash = createHash("sha256").update([plan.command, ...[...membersBefore(plan)].sort()].join("\n"));
  const time = now.toISOString().replace(/[-:.]/g, "");
  return `${hash.digest("hex").slice(0, 16)}-${time}-${randomBytes(3).toString("hex")}.json`;
}

async function filesIn(directory: string): Promise<readonly Omit<UnfinishedPlan, "plan">[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.flatMap((entry) => {
    const begun = timeIn(entry.name);
    // Opening a pipe would wait for ever.
    return entry.isFile() && begun !== undefined ? [{ path: join(directory, entry.name), begun }] : [];
  });
}

function timeIn(fileName: string): Date | undefined {
  const match = /^[0-9a-f]{16}-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{6}\.json$/.exec(fileName);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, millisecond] = match;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${millisecond}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
