import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockCluster, refuseLocked } from "../../../src/commands/run-lock.ts";
import { identityOf } from "../../../src/sandbox/process-identity.ts";
import { clusterOf, idOf } from "../../helpers/cluster-builder.ts";
import { scratchDirectory } from "../../helpers/scratch.ts";

const CLUSTER = clusterOf({ a: [0, 8191], b: [8192, 16_383] });
const GROWN = clusterOf({ b: [0, 8191], c: [8192, 16_383] });
const OTHER = clusterOf({ d: [0, 16_383] });
const { signal } = new AbortController();

function scratchState() {
  const folder = scratchDirectory("state");
  const runs = join(folder.path, "slotctl", "runs");
  mkdirSync(runs, { recursive: true });
  return {
    environment: { XDG_STATE_HOME: folder.path },
    files: () => readdirSync(runs),
    /** As another slotctl would leave it there. */
    write: (name: string, content: unknown) => writeFileSync(join(runs, name), JSON.stringify(content)),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** A run of a process that lives: this one's parent. */
function foreignRun(more: object = {}) {
  const begun = "2025-01-06T03:04:05.678Z";
  return { ...identityOf(process.ppid), host: hostname(), begun, members: [idOf("b")], holds: true, ...more };
}

const LEAST = "0-000000000000.json";
const GREATEST = "99999999-ffffffffffff.json";

test("one at a time changes a cluster that shares a node, and the next may when it is done", async () => {
  using state = scratchState();
  {
    await using _lock = await lockCluster(CLUSTER, state.environment, signal);
    const locked = { code: "CLUSTER_LOCKED", exitCode: 3, message: expect.stringContaining(`pid ${process.pid}`) };
    await expect(refuseLocked(GROWN, state.environment)).rejects.toMatchObject(locked);
    await expect(lockCluster(GROWN, state.environment, signal)).rejects.toMatchObject(locked);
    await refuseLocked(OTHER, state.environment);
    await using _other = await lockCluster(OTHER, state.environment, signal);
    expect(state.files()).toHaveLength(2);
  }
  expect(state.files()).toEqual([]);
  await using _again = await lockCluster(GROWN, state.environment, signal);
});

test("what a dead process left is removed and counts for nothing", async () => {
  using state = scratchState();
  const child = spawn("sleep", ["30"]);
  state.write(GREATEST, foreignRun(identityOf(child.pid!)));
  await expect(lockCluster(CLUSTER, state.environment, signal)).rejects.toMatchObject({ code: "CLUSTER_LOCKED" });
  child.kill("SIGKILL");
  await once(child, "exit");
  await using _lock = await lockCluster(CLUSTER, state.environment, signal);
  expect(state.files()).toHaveLength(1);
});

test.each([
  ["another process with that pid", { startedAt: 1 }],
  ["a run on another machine", { host: "elsewhere.example" }],
  ["a file that is none of ours", { members: 7 }],
])("%s does not count", async (_, more) => {
  using state = scratchState();
  state.write(LEAST, foreignRun(more));
  await using _lock = await lockCluster(CLUSTER, state.environment, signal);
  await refuseLocked(OTHER, state.environment);
});

test("of two that begin at once the one with the greater name gives way", async () => {
  using state = scratchState();
  state.write(LEAST, foreignRun({ holds: false }));
  await expect(lockCluster(CLUSTER, state.environment, signal)).rejects.toMatchObject({ code: "CLUSTER_LOCKED" });
  expect(state.files()).toEqual([LEAST]);
});

test("of two that begin at once the one with the lesser name waits until the other has given way, or was first", async () => {
  using state = scratchState();
  state.write(GREATEST, foreignRun({ holds: false }));
  const waiting = lockCluster(CLUSTER, state.environment, signal);
  const refused = expect(waiting).rejects.toMatchObject({ code: "CLUSTER_LOCKED" });
  await expect.poll(() => state.files().length).toBe(2);
  state.write(GREATEST, foreignRun({ holds: true }));
  await refused;

  state.write(GREATEST, foreignRun({ holds: false }));
  const second = lockCluster(CLUSTER, state.environment, signal);
  await expect.poll(() => state.files().length).toBe(2);
  state.write(GREATEST, foreignRun({ startedAt: 1 }));
  await using _lock = await second;
  expect(state.files()).toHaveLength(1);
});

test("many that begin at once never hold it together", async () => {
  using state = scratchState();
  let holding = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, async () => {
      await using _lock = await lockCluster(CLUSTER, state.environment, signal);
      holding++;
      expect(holding).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      holding--;
    }),
  );
  const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.code] : []));
  expect(new Set(reasons).size).toBeLessThanOrEqual(1);
  expect(reasons.every((code) => code === "CLUSTER_LOCKED")).toBe(true);
  expect(reasons.length).toBeLessThan(8);
});

test("a directory that cannot be written to is told of", async () => {
  using folder = scratchDirectory("state");
  writeFileSync(join(folder.path, "slotctl"), "a file");
  const environment = { XDG_STATE_HOME: folder.path };
  await expect(lockCluster(CLUSTER, environment, signal)).rejects.toMatchObject({ code: "STATE_UNWRITABLE" });
});
