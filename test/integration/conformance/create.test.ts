import { describe, expect, test } from "vitest";
import { parseNodes } from "../../../src/model/parse-nodes.ts";
import { formatRanges } from "../../../src/model/slot.ts";
import { eventually } from "../../helpers/eventually.ts";
import { freePorts } from "../../helpers/free-ports.ts";
import { runOriginal } from "../../helpers/original-cli.ts";
import { dropIn, expectSame, nameOf, WITH_CLI } from "../../helpers/side-by-side.ts";
import { startServers } from "../../helpers/start-servers.ts";
import type { TestServer } from "../../helpers/test-server.ts";

async function expectBlank(servers: readonly TestServer[]): Promise<void> {
  for (const server of servers) {
    const info = String(await server.call("CLUSTER", "INFO"));
    expect(info).toContain("cluster_known_nodes:1");
    expect(info).toContain("cluster_slots_assigned:0");
  }
}

async function viewOf(server: TestServer) {
  return parseNodes(String(await server.call("CLUSTER", "NODES"))).myself;
}

describe.each(WITH_CLI)("drop-in create on $name", (engine) => {
  const valkey = engine.kind === "valkey";

  test("17.4.62, 17.4.63, 17.4.65 it proposes what the original does, and any answer but yes changes nothing", async () => {
    await using servers = await startServers(engine, { count: 6 });
    const args = ["create", ...servers.map(nameOf), "--cluster-replicas", "1"];
    for (const input of ["no\n", "", "YES\n", "y\n"]) {
      expect(await dropIn(args, { input })).toMatchObject({ code: 0, stderr: "" });
    }
    await expectBlank(servers);
    const [ours, theirs] = [await dropIn(args), await runOriginal(engine, ["--cluster", ...args])];
    expect(theirs).toMatchObject({ code: 0, stderr: "" });
    // Its allocation of replicas on one host is random. All before it is not, and neither are the blocks of primaries.
    const head = (text: string) => text.split("\n").slice(0, 9);
    const primaries = (text: string) => text.split("\n").filter((line) => /^M: |slots:/.test(line));
    expect(head(ours.stdout)).toEqual(head(theirs.stdout));
    expect(primaries(ours.stdout)).toEqual(primaries(theirs.stdout));
    expect(ours.stdout).toMatch(/\nS: [0-9a-f]{40} \S+\n {3}replicates [0-9a-f]{40}\nS: /);
    expect(ours.stdout).toMatch(/\nCan I set the above configuration\? \(type 'yes' to accept\): $/);
  });

  test("17.4.64, 17.4.66, 17.4.69, 17.4.72 with --cluster-yes it builds what it proposed, and check passes from every node", async () => {
    await using servers = await startServers(engine, { count: 6 });
    const args = ["create", ...servers.map(nameOf), "--cluster-replicas", "1"];
    const made = await dropIn([...args, "--cluster-yes"]);
    expect(made).toMatchObject({ code: 0, stderr: "" });
    expect(made.stdout).toContain(BUILDING);
    expect(made.stdout).toMatch(/\[OK\] All 16384 slots covered\.\n$/);
    const views = await Promise.all(servers.map(viewOf));
    const proposed = [...made.stdout.matchAll(/^S: ([0-9a-f]{40}) .*\n {3}replicates ([0-9a-f]{40})$/gm)];
    expect(proposed.map(([, id, primary]) => [id, primary])).toEqual(
      views.slice(3).map(({ id, primaryId }) => [id, primaryId]),
    );
    const shares = views.slice(0, 3).map(({ slots, configEpoch }) => [configEpoch, formatRanges(slots)]);
    expect(shares).toEqual([
      [1, "0-5460"],
      [2, "5461-10922"],
      [3, "10923-16383"],
    ]);
    for (const server of servers) expect((await dropIn(["check", nameOf(server)])).code).toBe(0);
    await eventually(async () =>
      expect((await runOriginal(engine, ["--cluster", "check", nameOf(servers[5]!)])).code).toBe(0),
    );

    const again = await expectSame(engine, [...args, "--cluster-yes"]);
    expect(again.code).toBe(1);
    expect(again.stdout).toContain(`[ERR] Node ${nameOf(servers[0]!)} is not empty. Either the node already knows`);
  });

  test("17.4.63, 17.4.67, 17.4.68 `yes` from a pipe builds it; names and bus ports of their own are no trouble", async () => {
    const ports = await freePorts("127.0.0.1", 3);
    const settings = (index: number) => ({ "cluster-port": ports[index]! });
    await using servers = await startServers(engine, { count: 3, settings });
    const names = servers.map(({ port }) => `localhost:${port}`);
    const made = await dropIn(["create", ...names, "-4"], { input: "yes, please\n" });
    expect(made).toMatchObject({ code: 0, stderr: "" });
    for (const server of servers) {
      const { lines } = parseNodes(String(await server.call("CLUSTER", "NODES")));
      expect(lines.map(({ host }) => host)).toEqual(["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
    }
  });

  test("17.4.55 fewer than three primaries are refused with Redis and asked about with Valkey", async () => {
    await using servers = await startServers(engine, { count: 2 });
    const args = ["create", ...servers.map(nameOf)];
    const bare = await expectSame(engine, args);
    expect(bare.code).toBe(1);
    expect(bare.stdout).toContain(
      valkey ? "Valkey cluster requires at least 3 primary nodes" : "*** At least 3 nodes are required.",
    );
    await expectBlank(servers);
    const env = { [valkey ? "VALKEYCLI_CLUSTER_YES" : "REDISCLI_CLUSTER_YES"]: "1" };
    expect((await dropIn(args, { env })).code).toBe(valkey ? 0 : 1);
  });

  test("17.4.54, 17.4.71 what is in the way is named as the original names it, and nothing is changed", async () => {
    await using servers = await startServers(engine, { count: 3 });
    await using standalone = await startServers(engine, { mode: "standalone" });
    await using locked = await startServers(engine, {
      settings: { requirepass: "pw" },
      credentials: { password: "pw" },
    });
    const [a, b, c] = servers.map(nameOf) as [string, string, string];
    for (const inTheWay of [nameOf(standalone[0]!), nameOf(locked[0]!), "127.0.0.1:1"]) {
      const args = ["create", a, inTheWay, b, "--cluster-yes"];
      const [ours, theirs] = [await dropIn(args), await runOriginal(engine, ["--cluster", ...args])];
      expect(ours).toMatchObject({ code: 1, stdout: theirs.stdout, stderr: theirs.stderr });
    }
    expect(await dropIn(["create", a, b, c, a, "--cluster-yes"])).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^\[ERR\] .*twice|^\[ERR\] .*same/m),
    });
    await expectBlank(servers);
    await servers[2]!.call("CLUSTER", "ADDSLOTS", 0);
    const owning = await dropIn(["create", a, b, c, "--cluster-yes"]);
    expect(owning).toMatchObject({ code: 1, stdout: expect.stringMatching(/^\[ERR\] .*slot/m) });
    await expectBlank(servers.slice(0, 2));
  });
});

const BUILDING =
  ">>> Nodes configuration updated\n>>> Assign a different config epoch to each node\n" +
  ">>> Sending CLUSTER MEET messages to join the cluster\nWaiting for the cluster to join\n";
