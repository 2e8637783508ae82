import { spawn } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory of the test's own. Everything in it goes with it. */
export interface ScratchDirectory extends Disposable {
  readonly path: string;
}

export function scratchDirectory(name = "files"): ScratchDirectory {
  root ??= makeRoot();
  const path = mkdtempSync(join(root, `${name}-`));
  return { path, [Symbol.dispose]: () => removeTree(path) };
}

/** A killed server may still finish writing a file, so one more look is needed now and then. */
export function removeTree(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

/** One for each test process, with a guard. */
let root: string | undefined;

function makeRoot(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "slotctl-test-")));
  guard(path);
  return path;
}

/**
 * Whatever way this process ends, kill -9 included, its end of the pipe is closed: then every process that works in
 * the directory is killed (our servers all do, and whatever slotctl starts), and the directory removed.
 */
const GUARD = `
cat >/dev/null
for process in /proc/[0-9]*; do
  case $(readlink "$process/cwd") in "$1"/*) kill -KILL "\${process#/proc/}" ;; esac
done
rm -rf "$1" || { sleep 1 && rm -rf "$1"; }
`;

function guard(path: string): void {
  const child = spawn("/bin/sh", ["-c", GUARD, "guard", path], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
}
