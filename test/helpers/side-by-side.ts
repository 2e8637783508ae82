import { afterAll, beforeAll, expect } from "vitest";
import { keySlot } from "../../src/model/key-slot.ts";
import { redisCliAddress } from "../../src/view/redis-cli/style.ts";
import { ENGINES, type TestEngine } from "./engines.ts";
import { runOriginal } from "./original-cli.ts";
import { type RunOptions, type RunResult, runSlotctl } from "./run-slotctl.ts";
import { type ClusterOptions, type Layout, startCluster, type TestCluster } from "./start-cluster.ts";
import type { TestServer } from "./test-server.ts";

/** Those whose own redis-cli or valkey-cli can be asked how it does it. */
export const WITH_CLI: readonly TestEngine[] = ENGINES.filter(({ cli }) => cli !== undefined);

/** The oldest and the newest of them, for what is alike everywhere. */
export const OLDEST_AND_NEWEST: readonly TestEngine[] = WITH_CLI.filter(
  (engine) => engine === WITH_CLI[0] || engine === WITH_CLI.at(-1),
);

export const THIRDS = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;

export function dropIn(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return runSlotctl(["--cluster", ...args], options);
}

/** "127.0.0.1:7000", as both tools write it. */
export function nameOf({ address }: Pick<TestServer, "address">): string {
  return redisCliAddress(address);
}

type Outcome = Pick<RunResult, "code" | "stdout" | "stderr">;

/** Runs both, at once where nothing is changed by it, and wants the same lines, streams and exit code. */
export async function expectSame(
  engine: TestEngine,
  args: readonly string[],
  options: Pick<RunOptions, "input"> = {},
): Promise<Outcome> {
  const [ours, theirs] = await both(engine, args, options);
  expect(ours.stdout).toBe(theirs.stdout);
  expect(ours).toMatchObject({ code: theirs.code, stderr: theirs.stderr });
  return ours;
}

export function both(
  engine: TestEngine,
  args: readonly string[],
  options: Pick<RunOptions, "input"> = {},
): Promise<readonly [ours: Outcome, theirs: Outcome]> {
  return Promise.all([dropIn(args, options), runOriginal(engine, ["--cluster", ...args], options)]);
}

/** What the two say of different nodes can only be compared without their names; dots are seconds of waiting. */
export function withoutNames(text: string): string {
  return text
    .replace(/[0-9a-f]{40}/g, "ID")
    .replace(/\d+\.\d+\.\d+\.\d+:\d+/g, "ADDRESS")
    .replace(/join\n\.*\n/, "join\n\n");
}

/** One cluster for all tests of the block: each leaves it as it found it, or as the next one needs it. */
export function clusterForAll<Name extends string>(
  engine: TestEngine,
  layout: Layout<Name>,
  options: ClusterOptions<Name> = {},
): () => TestCluster<Name> {
  let cluster: TestCluster<Name> | undefined;
  beforeAll(async () => {
    cluster = await startCluster(engine, layout, options);
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });
  return () => {
    if (cluster === undefined) throw new Error("The cluster was not started");
    return cluster;
  };
}

/** A key of this slot. */
export function keyIn(slot: number): string {
  for (let i = 0; ; i++) if (keySlot(Buffer.from(`key${i}`)) === slot) return `key${i}`;
}
