import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { loadDataSet, openClient } from "../helpers/data-set.ts";
import { ENGINES } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { runSlotctl, startSlotctl } from "../helpers/run-slotctl.ts";
import { slotctlCommand, slotctlEnvironment } from "../helpers/slotctl-program.ts";
import { type Member, startCluster, type TestCluster } from "../helpers/start-cluster.ts";

const engine = ENGINES[0]!;

/** Runs slotctl in bash, as "$@". */
async function inShell(script: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  const [file, fileArgs] = slotctlCommand(args);
  return promisify(execFile)("/bin/bash", ["-c", script, "bash", file, ...fileArgs], { env: slotctlEnvironment() });
}

describe("a reader that goes away", () => {
  test("is no failure, and nothing is said about it", async () => {
    const { stdout, stderr } = await inShell('"$@" | head -n 1; echo $PIPESTATUS', ["schema", "check"]);
    expect(stdout).toBe("{\n0\n");
    expect(stderr).toBe("");
  });

  test.each([
    ["the result", ["keyslot", "x"], 0],
    ["the help", ["--help"], 0],
    ["the version", ["--version"], 0],
    ["an error as JSON", ["check", "127.0.0.1:1", "-o", "json"], 4],
    ["the words of redis-cli", ["--cluster", "help"], 1],
  ])("before %s was written changes no exit code", async (_, args, code) => {
    // `true` is gone long before the first word comes.
    const { stdout, stderr } = await inShell('"$@" | true; echo $PIPESTATUS', args);
    expect(stdout).toBe(`${code}\n`);
    expect(stderr).toBe("");
  });

  test("of stderr, too", async () => {
    const { stdout } = await inShell('"$@" 2> >(true) >/dev/null; echo $?', ["check", "127.0.0.1:1"]);
    expect(stdout).toBe("4\n");
  });
});

describe("a result that cannot be written", () => {
  test("is a failure that is told of", async () => {
    const { stdout, stderr } = await inShell('"$@" 2>&1 >/dev/full; echo $?', ["keyslot", "x", "-o", "json"]);
    expect(stdout).toBe(
      "error: The result could not be written: ENOSPC: no space left on device, write\n" +
        "hint: The command itself ended with exit code 0\n1\n",
    );
    expect(stderr).toBe("");
  });

  test("leaves the exit code of a failure as it is", async () => {
    const { stdout } = await inShell('"$@" 2>/dev/null >/dev/full; echo $?', ["check", "127.0.0.1:1", "-o", "json"]);
    expect(stdout).toBe("4\n");
  });
});

const HALVES = { a: [0, 8191], b: [8192, 16_383] } as const;

async function startFilled(): Promise<TestCluster<"a" | "b">> {
  const cluster = await startCluster(engine, HALVES);
  const client = openClient(cluster.seeds);
  try {
    await loadDataSet(client, 2000);
  } finally {
    client.disconnect();
  }
  return cluster;
}

function moveAll({ nodes }: TestCluster<"a" | "b">): string[] {
  const { a, b } = nodes;
  return ["reshard", formatAddress(a.address), "--slots", "0-8191", "--to", b.id, "--keep-empty", "--yes"];
}

/** Slow enough to be caught at it. */
const SLOWLY = ["--method", "keys", "--rate", "1500", "--pipeline", "20", "--progress", "json"];

async function slotsOf(node: Member): Promise<string> {
  const lines = String(await node.call("CLUSTER", "NODES")).split("\n");
  return lines
    .find((line) => line.includes("myself"))!
    .split(" ")
    .slice(8)
    .join(" ");
}

describe("while slots move", () => {
  test("nobody has to listen: with both readers gone all of them arrive", async () => {
    await using cluster = await startFilled();
    using run = startSlotctl([...moveAll(cluster), ...SLOWLY]);
    await eventually(() => expect(run.stderr).toContain('"move-progress"'));
    run.stopReading("stderr");
    run.stopReading("stdout");
    expect(await run.result).toMatchObject({ code: 0, signal: null });
    expect(await slotsOf(cluster.nodes.a)).toBe("");
    expect(await slotsOf(cluster.nodes.b)).toBe("0-16383");
  });

  test("a full disk takes the progress and nothing else", async () => {
    await using cluster = await startFilled();
    const { stdout } = await inShell('"$@" 2>/dev/full; echo $?', [...moveAll(cluster), "--progress", "json"]);
    expect(stdout).toMatch(/^done: moved 8,192 slots .*\n0\n$/);
    expect(await slotsOf(cluster.nodes.b)).toBe("0-16383");
  });

  test("a hang-up that comes twice stops the run in good order, and resume goes on", async () => {
    await using cluster = await startFilled();
    using run = startSlotctl([...moveAll(cluster), ...SLOWLY]);
    await eventually(() => expect(run.stderr).toContain('"move-progress"'));
    // A closed terminal sends it twice: once from the system, once from the shell. Much later Node is taking its leave
    // already, and hears nothing any more.
    run.kill("SIGHUP");
    setTimeout(() => run.kill("SIGHUP"), 2);
    const ended = await run.result;
    expect(ended).toMatchObject({ code: 6, signal: null });
    expect(ended.stderr).toMatch(/Interrupted: \d+ of 8192 slots have arrived/);
    for (const node of cluster.members) expect(await slotsOf(node)).not.toContain("[");
    const again = await runSlotctl(["resume", formatAddress(cluster.nodes.b.address), "--yes"]);
    expect(again).toMatchObject({ code: 0 });
    expect(await slotsOf(cluster.nodes.b)).toBe("0-16383");
  });
});
