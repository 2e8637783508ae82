import { readdirSync, readlinkSync } from "node:fs";

/** The pids of the processes that work in a directory or below it; the servers all do, also when it was removed. */
export function processesIn(directory: string): readonly number[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => `${workingDirectory(pid)}/`.startsWith(`${directory}/`)).map(Number);
}

function workingDirectory(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It ended meanwhile, is a zombie, or somebody else's.
    return "";
  }
}
