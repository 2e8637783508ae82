import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { identityOf, isAlive, isOver, parseStat } from "../../../src/sandbox/process-identity.ts";

const FIELDS = "1 42 42 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 5 0 987654 1000";

test.each(["redis-server", "a b", "a) S 1 (b", "("])("a process named %j is read", (name) => {
  expect(parseStat(`42 (${name}) R ${FIELDS}\n`)).toEqual({ state: "R", startedAt: 987_654 });
});

test.each(["", "42 (redis-server) S 1 2", "nonsense"])("%j is no process", (text) => {
  expect(parseStat(text)).toBeUndefined();
});

test("a process is alive until it ends, and another one with its pid is not it", async () => {
  const child = spawn("sleep", ["30"]);
  const identity = identityOf(child.pid!);
  expect(isAlive(identity)).toBe(true);
  expect(isAlive({ ...identity, startedAt: identity.startedAt! - 1 })).toBe(false);

  child.kill("SIGKILL");
  await once(child, "exit");
  expect(isAlive(identity)).toBe(false);
  expect(isAlive({ ...identity, startedAt: undefined })).toBe(false);
});

test("a process that nobody has reaped yet is dead", async () => {
  // The shell becomes a program that knows nothing of the child that the shell had.
  const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 30"]);
  const [output] = await once(parent.stdout, "data");
  const identity = identityOf(Number(output));
  await expect.poll(() => isAlive(identity)).toBe(false);
  parent.kill("SIGKILL");
});

test.each([
  [["S", "S"], false],
  [["Z"], true],
  // Its first thread has ended; another one still waits for the disk, and the port is still taken.
  [["Z", "D"], false],
  [["Z", "X"], true],
  [[], true],
])("a process whose threads are %j has ended: %s", (states, expected) => {
  expect(isOver(states)).toBe(expected);
});
