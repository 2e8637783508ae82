import { describe, expect, test } from "vitest";
import { redisCliAddress } from "../../src/view/redis-cli/style.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { runOriginal } from "../helpers/original-cli.ts";
import { type RunOptions, runSlotctl } from "../helpers/run-slotctl.ts";
import { startCluster } from "../helpers/start-cluster.ts";
import { startServers } from "../helpers/start-servers.ts";
import type { TestServer } from "../helpers/test-server.ts";

function dropIn(args: readonly string[], options: RunOptions = {}) {
  return runSlotctl(["--cluster", ...args], options);
}

function nameOf({ address }: TestServer): string {
  return redisCliAddress(address);
}

/** "The following slots are open" lists them as redis-cli's hash table happens to. */
async function expectSame(engine: TestEngine, args: readonly string[]) {
  const [ours, theirs] = await Promise.all([dropIn(args), runOriginal(engine, ["--cluster", ...args])]);
  expect(ours.stdout).toBe(theirs.stdout);
  expect(ours.code).toBe(theirs.code);
  return ours;
}

describe.each(ENGINES.filter(({ cli }) => cli !== undefined))("drop-in on $name", (engine: TestEngine) => {
  const valkey = engine.kind === "valkey";

  test("17.3-40 to 45: info and check of a healthy cluster are the same line by line", async () => {
    await using cluster = await startCluster(
      engine,
      { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] },
      { replicas: 1 },
    );
    const { a, b } = cluster.nodes;
    await a
      .call("SET", "{06S}x", "1")
      .catch(() => b.call("SET", "{06S}x", "1"))
      .catch(() => undefined);
    for (const { address } of [cluster.members[0]!, cluster.members[4]!]) {
      const checked = await expectSame(engine, ["check", redisCliAddress(address)]);
      expect(checked).toMatchObject({ code: 0, stderr: "" });
      expect(checked.stdout).toContain("[OK] All 16384 slots covered.\n");
      expect(await expectSame(engine, ["info", address.host, String(address.port)])).toMatchObject({
        code: 0,
        stderr: "",
      });
    }
    await expectSame(engine, ["check", `localhost:${a.port}`]);
    const terminal = await dropIn(["check", nameOf(a)], { env: { TERM: "xterm-256color" } });
    expect(terminal.stdout).not.toContain("\u001b");
  });

  test("17.3-46 to 51: open and uncovered slots, disagreement and a dead replica are the same line by line", async () => {
    await using cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16_383] }, { replicas: { a: 1 } });
    const { a, b, a1 } = cluster.nodes;
    await b.call("CLUSTER", "SETSLOT", 77, "IMPORTING", a.id);
    await a.call("CLUSTER", "SETSLOT", 77, "MIGRATING", b.id);
    const open = await expectSame(engine, ["check", nameOf(a)]);
    expect(open.stdout).toContain("[WARNING] The following slots are open: 77.\n");
    expect(open.code).toBe(1);
    await a.call("CLUSTER", "SETSLOT", 77, "STABLE");
    await b.call("CLUSTER", "SETSLOT", 77, "STABLE");
    await a1!.kill();
    expect((await expectSame(engine, ["check", nameOf(a)])).code).toBe(0);
    await a.call("CLUSTER", "DELSLOTS", 5);
    const uncovered = await expectSame(engine, ["check", nameOf(a)]);
    expect(uncovered.stdout).toContain("[ERR] Not all 16384 slots are covered by nodes.\n\n");
    expect(uncovered.code).toBe(1);
  });

  test("17.2-30 to 32: a node that cannot be used ends it with the words of redis-cli", async () => {
    await using standalone = await startServers(engine, { mode: "standalone" });
    await using locked = await startServers(engine, {
      settings: { requirepass: "pw" },
      credentials: { password: "pw" },
    });
    await expectSame(engine, ["check", nameOf(standalone[0]!)]);
    await expectSame(engine, ["info", nameOf(locked[0]!)]);
    const refused = await dropIn(["check", "127.0.0.1:1"]);
    expect(refused).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "Could not connect to Redis at 127.0.0.1:1: Connection refused\n",
    });
  });

  test("17.4-54 to 72: create proposes, asks, builds and checks", async () => {
    await using servers = await startServers(engine, { count: 6 });
    const nodes = servers.map(nameOf);
    const args = ["create", ...nodes, "--cluster-replicas", "1"];
    for (const input of ["no\n", "", "YES\n"]) {
      expect(await dropIn(args, { input })).toMatchObject({ code: 0, stderr: "" });
      expect(String(await servers[0]!.call("CLUSTER", "INFO"))).toContain("cluster_known_nodes:1");
    }
    const theirs = await runOriginal(engine, ["--cluster", ...args]);
    const ours = await dropIn(args);
    // Its allocation is random; all before it is not, and neither is what the blocks of the primaries say.
    const head = (text: string) => text.split("\n").slice(0, 7);
    const primaries = (text: string) => text.split("\n").filter((line) => /^M: |slots:/.test(line));
    expect(head(ours.stdout)).toEqual(head(theirs.stdout));
    expect(primaries(ours.stdout)).toEqual(primaries(theirs.stdout));

    const made = await dropIn(args, { input: "yes\n" });
    expect(made).toMatchObject({ code: 0, stderr: "" });
    expect(made.stdout).toContain(
      ">>> Nodes configuration updated\n>>> Assign a different config epoch to each node\n>>> Sending CLUSTER MEET",
    );
    expect(made.stdout).toMatch(/\[OK\] All 16384 slots covered\.\n$/);
    await eventually(async () => expect((await runOriginal(engine, ["--cluster", "check", nodes[5]!])).code).toBe(0));

    const again = await dropIn([...args, "--cluster-yes"]);
    expect(again.code).toBe(1);
    expect(again.stdout).toContain(`[ERR] Node ${nodes[0]} is not empty. Either the node already knows other nodes`);
  });

  test("17.4-55: fewer than three primaries are refused, or asked about by Valkey", async () => {
    await using servers = await startServers(engine, { count: 2 });
    const args = ["create", ...servers.map(nameOf)];
    const bare = await dropIn(args);
    expect(bare.code).toBe(1);
    expect(bare.stdout).toContain(
      valkey ? "Valkey cluster requires at least 3 primary nodes" : "*** At least 3 nodes are required.",
    );
    const env = { [valkey ? "VALKEYCLI_CLUSTER_YES" : "REDISCLI_CLUSTER_YES"]: "1" };
    expect((await dropIn(args, { env })).code).toBe(valkey ? 0 : 1);
  });

  test("17.4-54: the first server in the way is named, and nothing is changed", async () => {
    await using servers = await startServers(engine, { count: 3 });
    await using standalone = await startServers(engine, { mode: "standalone" });
    const refused = await dropIn([
      "create",
      ...servers.slice(0, 2).map(nameOf),
      nameOf(standalone[0]!),
      "--cluster-yes",
    ]);
    expect(refused).toMatchObject({
      code: 1,
      stdout: `[ERR] Node ${nameOf(standalone[0]!)} is not configured as a cluster node.\n`,
    });
    const lost = await dropIn(["create", nameOf(servers[0]!), "127.0.0.1:1", nameOf(servers[1]!), "--cluster-yes"]);
    expect(lost).toMatchObject({ code: 1, stderr: "Could not connect to Redis at 127.0.0.1:1: Connection refused\n" });
    for (const server of servers)
      expect(String(await server.call("CLUSTER", "INFO"))).toContain("cluster_known_nodes:1");
  });
});
