import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { identityOf, isAlive } from "../sandbox/process-identity.ts";
import { codeOf, directoryBusy, notWritten } from "./failures.ts";

const LOCK_FILE = ".slotctl-backup.lock";

/**
 * Claims a directory for this process. What a process that no longer runs on this host has left is taken over.
 * @throws SlotctlError when somebody else has it, or it cannot be written to
 */
export function lockDirectory(directory: string): Disposable {
  const path = join(directory, LOCK_FILE);
  if (!take(path)) {
    const holder = holderOf(path);
    if (holder !== undefined) throw directoryBusy(directory, path, holder);
    rmSync(path, { force: true });
    if (!take(path)) throw directoryBusy(directory, path, holderOf(path) ?? "another process");
  }
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

function take(path: string): boolean {
  try {
    const file = openSync(path, "wx", 0o600);
    try {
      writeFileSync(file, JSON.stringify({ host: hostname(), ...identityOf(process.pid) }));
    } finally {
      closeSync(file);
    }
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw notWritten(path, error);
  }
}

/** Who has it, in words; undefined when that process is gone. Of another host nobody can tell here. */
function holderOf(path: string): string | undefined {
  try {
    const { host, pid, startedAt } = JSON.parse(readFileSync(path, "utf8"));
    if (host !== hostname()) return `process ${pid} on ${host}`;
    return isAlive({ pid, startedAt }) ? `process ${pid}` : undefined;
  } catch (error) {
    // Gone meanwhile; or not a word in it yet, from one that was killed, or that writes it just now.
    return codeOf(error) === "ENOENT" ? undefined : "another process";
  }
}
