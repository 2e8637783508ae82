import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { openClient } from "../helpers/data-set.ts";
import { ENGINES } from "../helpers/engines.ts";
import { screenAfter } from "../helpers/screen.ts";
import { startCluster, type TestCluster } from "../helpers/start-cluster.ts";
import { startServers } from "../helpers/start-servers.ts";
import { Key, openSlotctl, type TerminalOptions, type TerminalSession } from "../helpers/terminal.ts";

const engine = ENGINES[0]!;
const KEYS = 700;

/** Two primaries. Few keys, but in so many slots that they do not all go over in one chunk. */
async function startFilled(): Promise<TestCluster<"a" | "b">> {
  const cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16_383] });
  const client = openClient(cluster.seeds);
  try {
    await Promise.all(Array.from({ length: KEYS }, (_, i) => client.set(`key:${i}`, "v")));
  } finally {
    client.disconnect();
  }
  return cluster;
}

/** Slow enough to be looked at. */
function openReshard({ nodes }: TestCluster<"a" | "b">, options: TerminalOptions): TerminalSession {
  const args = [
    "--slots",
    "0-8191",
    "--to",
    nodes.b.id,
    "--method",
    "keys",
    "--rate",
    "60",
    "--pipeline",
    "5",
    "--yes",
  ];
  return openSlotctl(["reshard", formatAddress(nodes.a.address), ...args], options);
}

const LANE = /127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+ \[=*> *\] [\d,]+\/8,?192/;

test("what is waited for is said while it lasts, and is gone afterwards", async () => {
  await using servers = await startServers(engine, { count: 1 });
  const args = ["wait", formatAddress(servers[0]!.address), "--for", "nodes=2", "--timeout", "2s"];
  using session = openSlotctl(args, { columns: 80 });
  await session.waitFor("Waiting until the cluster has 2 nodes: 1 of 2 nodes are there");
  expect(await session.exitCode).toBe(7);
  const { lines, isCursorShown } = screenAfter(session.raw, 80);
  expect(lines[0]).toBe("error: Waited 2 s in vain until the cluster has 2 nodes");
  expect(isCursorShown).toBe(true);
});

describe("a long move in a terminal", () => {
  test("shows a bar and a total while it lasts, and only the summary afterwards", async () => {
    await using cluster = await startFilled();
    using session = openReshard(cluster, { columns: 80, env: { NO_COLOR: "1" } });
    await session.waitFor(LANE);
    await session.waitFor(/Moving slots: [\d,]+ of 8,192 slots, \d+ keys, \d+ keys\/s, ETA \d+:\d\d/);
    expect(await session.exitCode).toBe(0);
    const screen = screenAfter(session.raw, 80);
    expect(screen.lines.at(-1)).toMatch(/^done: moved 8,192 slots and \d+ keys in .* keys\/s\); all nodes ok$/);
    expect(screen.lines.filter((line) => /ETA|\[=*>/.test(line))).toEqual([]);
    expect(session.raw).not.toMatch(/\u001b\[[\d;]*m/);
  });

  test("breaks no line in 40 columns, also after a resize, and Ctrl-C leaves a clean screen with its cursor", async () => {
    await using cluster = await startFilled();
    using session = openReshard(cluster, { columns: 100 });
    await session.waitFor(LANE);
    session.resize(40, 20);
    await session.waitFor(/^[\d,]+ of 8,192 slots, .*ETA \d+:\d\d$/m);
    const start = session.raw.search(/\n[\d,]+ of 8,192 slots/);
    const narrow = () => session.raw.slice(start);
    expect(screenAfter(narrow(), 40).broken).toBe(0);
    session.type(Key.CtrlC);
    await session.waitFor("slotctl resume goes on from there");
    expect(await session.exitCode).toBe(6);
    const after = screenAfter(narrow(), 40);
    expect(after.isCursorShown).toBe(true);
    expect(after.lines.slice(-3).join("")).toMatch(
      /error: Interrupted: \d+ of 8192 slots have ?arrived ?hint: slotctl resume goes on from there$/,
    );
  });
});
