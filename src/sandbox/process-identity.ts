import { readdirSync, readFileSync } from "node:fs";

/** One process for certain: the kernel gives a pid anew to another process, but that one starts at another time. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since boot; undefined on systems that do not tell in /proc. */
  readonly startedAt: number | undefined;
}

/** The identity of a process that runs now. */
export function identityOf(pid: number): ProcessIdentity {
  return { pid, startedAt: readStat(pid)?.startedAt };
}

/** Whether this very process still runs. Without a start time, any process with that pid will do. */
export function isAlive({ pid, startedAt }: ProcessIdentity): boolean {
  if (startedAt === undefined) return hasPid(pid);
  return readStat(pid)?.startedAt === startedAt && !isOver(statesOf(pid));
}

/** Whether it runs but does nothing, because of SIGSTOP. Always false on systems without /proc. */
export function isPaused({ pid }: ProcessIdentity): boolean {
  return readStat(pid)?.state === "T";
}

interface Stat {
  readonly state: string;
  readonly startedAt: number;
}

/**
 * Whether a process with threads in these states has ended. One whose parent does not care stays as a zombie, and in a
 * container perhaps for ever. While one of its threads still waits for a disk, the first is a zombie already, but the
 * ports and files are still held.
 */
export function isOver(states: readonly string[]): boolean {
  return states.every((state) => state === "Z" || state === "X");
}

/** Of all its threads; of those that end meanwhile nothing is told. */
function statesOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => readStat(`${pid}/task/${thread}`)?.state ?? []);
  } catch {
    return [];
  }
}

/** Of a process, by its pid, or of one of its threads: "42/task/43". */
function readStat(pid: number | string): Stat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** "42 (the name) S 1 42 …": the name may hold anything, blanks and brackets too; the state and field 22 come after. */
export function parseStat(text: string): Stat | undefined {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const startedAt = Number(fields[19]);
  return fields.length < 20 || !Number.isSafeInteger(startedAt) ? undefined : { state: fields[0]!, startedAt };
}

function hasPid(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, but somebody else's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
