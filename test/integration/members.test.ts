import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { parseNodes } from "../../src/model/parse-nodes.ts";
import { differencesOf, loadDataSet, openClient, readDataSet, Writer } from "../helpers/data-set.ts";
import { BOTH_ENDS, ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { type RunResult, runSlotctl, type SlotctlProcess, startSlotctl } from "../helpers/run-slotctl.ts";
import { removeTree } from "../helpers/scratch.ts";
import { startCluster } from "../helpers/start-cluster.ts";
import { startServers } from "../helpers/start-servers.ts";
import type { TestServer } from "../helpers/test-server.ts";

const THIRDS = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;
const LIBRARY = "#!lua name=mylib\nredis.register_function('one', function() return 1 end)";
const OTHER_LIBRARY = "#!lua name=otherlib\nredis.register_function('two', function() return 2 end)";

function nameOf({ address }: TestServer): string {
  return formatAddress(address);
}

async function viewOf(server: TestServer) {
  return parseNodes(String(await server.call("CLUSTER", "NODES")));
}

async function idsKnownTo(server: TestServer): Promise<readonly string[]> {
  return (await viewOf(server)).lines.map(({ id }) => id);
}

async function runOk(...args: readonly string[]): Promise<RunResult> {
  const run = await runSlotctl([...args, "--yes"]);
  expect(run, `${args.join(" ")}\n${run.stderr}`).toMatchObject({ code: 0 });
  return run;
}

async function changedBy(...args: readonly string[]): Promise<unknown> {
  return (JSON.parse((await runOk(...args, "-o", "json")).stdout) as { changed: boolean }).changed;
}

async function expectHealthy(seed: TestServer): Promise<void> {
  const run = await runSlotctl(["check", nameOf(seed), "--search-multiple-owners"]);
  expect(run, run.stdout).toMatchObject({ code: 0 });
}

describe.each(ENGINES)("members on $name", (engine: TestEngine) => {
  test("the addresses the wrong way round, as redis-cli has them, are told so, and nothing is changed", async () => {
    await using cluster = await startCluster(engine, THIRDS, { spares: 1 });
    const [member, blank] = [nameOf(cluster.nodes.b), nameOf(cluster.spares[0]!)];
    const run = await runSlotctl(["add-node", blank, member, "--yes"]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(`${blank} is no member of a cluster, but ${member} is`);
    expect(run.stderr).toContain(`slotctl add-node ${member} ${blank}`);
    expect(await idsKnownTo(cluster.spares[0]!)).toHaveLength(1);
  });

  test("the walk of a textbook needs no sleep", async () => {
    await using servers = await startServers(engine, { count: 8 });
    const [a, , , , , , d, d1] = servers;
    const [seed, primary, replica] = [nameOf(a!), nameOf(d!), nameOf(d1!)];
    await runOk("create", ...servers.slice(0, 6).map(nameOf), "--replicas", "1");
    for (const server of servers.slice(0, 3)) await server.call("FUNCTION", "LOAD", LIBRARY);
    const client = openClient(servers.slice(0, 6).map(({ address }) => address));
    const keys = await loadDataSet(client, 500);
    const before = await readDataSet(client, keys);

    await runOk("add-node", seed, primary);
    await runOk("add-node", seed, replica, "--replica-of", primary);
    await runOk("reshard", seed, "--from", "all", "--to", primary, "--slots", "4096");
    expect(await d!.call("FUNCTION", "LIST")).toEqual(await a!.call("FUNCTION", "LIST"));
    await expectHealthy(d1!);
    // Once more is nothing, whatever was meant by it.
    expect(await changedBy("add-node", seed, primary, replica, "--if-not-exists")).toBe(false);

    const shown = await runSlotctl(["del-node", seed, primary, "--drain", "--dry-run", "--detailed-exitcode"]);
    expect(shown).toMatchObject({ code: 10 });
    await runOk("rebalance", seed, "--weight", `${primary}=0`);
    await runOk("del-node", seed, replica);
    await runOk("del-node", seed, primary);
    await expectHealthy(a!);
    for (const gone of [d!, d1!]) expect((await viewOf(gone)).lines).toHaveLength(1);
    expect(await idsKnownTo(a!)).toHaveLength(6);
    expect(differencesOf(before, await readDataSet(client, keys))).toEqual([]);
    client.disconnect();

    // The node that was removed has the cluster's libraries, and is welcome with them.
    expect(await changedBy("add-node", seed, primary, replica)).toBe(true);
    await runOk("del-node", seed, primary, "--no-reset");
    expect(await idsKnownTo(d!)).toHaveLength(8);
    await runOk("del-node", seed, replica, "--shutdown");
    await eventually(() => expect(d1!.isRunning).toBe(false));
    expect(await idsKnownTo(a!)).toHaveLength(6);
    expect((await runSlotctl(["del-node", seed, "127.0.0.1:1"])).code).toBe(2);
    expect(await changedBy("del-node", seed, "127.0.0.1:1", "--if-exists")).toBe(false);
  });

  test("several join at once, take their share and leave again with their slots; replicas find new primaries", async () => {
    await using cluster = await startCluster(engine, THIRDS, { replicas: 1, spares: 3 });
    const { a, c, a1, c1 } = cluster.nodes;
    const [d, e, e1] = cluster.spares;
    const client = openClient(cluster.seeds);
    const keys = await loadDataSet(client, 3000);
    const before = await readDataSet(client, keys);
    const writer = new Writer(client);

    await runOk("add-node", nameOf(a), nameOf(d!), nameOf(e!), "--rebalance");
    await runOk("add-node", nameOf(a), nameOf(e1!), "--replica");
    expect((await viewOf(e1!)).myself.primaryId).toBeDefined();
    await runOk("del-node", nameOf(a), c.id.slice(0, 10), nameOf(e!), "--drain");
    expect(await writer.lost()).toEqual([]);
    expect(differencesOf(before, await readDataSet(client, keys))).toEqual([]);
    client.disconnect();
    await expectHealthy(a1);
    const { primaryId } = (await viewOf(c1)).myself;
    expect((await idsKnownTo(a)).includes(c.id)).toBe(false);
    expect(await idsKnownTo(a)).toContain(primaryId);
  });

  test("a dead node is removed, and only a primary that owns slots has to wait for somebody to take over", async () => {
    await using cluster = await startCluster(engine, THIRDS, {
      replicas: { a: 1 },
      settings: { "cluster-node-timeout": "1000" },
    });
    const { a, b, c, a1 } = cluster.nodes;
    await a1.kill();
    const removed = await runOk("del-node", nameOf(a), nameOf(a1));
    expect(removed.stderr).toContain("cannot be reset");
    for (const node of [a, b, c]) expect(await idsKnownTo(node)).not.toContain(a1.id);
    await expectHealthy(a);

    await c.kill();
    const refused = await runSlotctl(["del-node", nameOf(a), nameOf(c), "--drain", "--yes"]);
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.stderr).toContain("slotctl failover --from");
    expect((await runSlotctl(["forget", nameOf(a), c.id, "--yes"])).stderr).toContain("slots 10923-16383 are owned by");
    expect(await idsKnownTo(b)).toContain(c.id);
  });
});

describe.each(BOTH_ENDS)("refused on $name", (engine: TestEngine) => {
  test("what cannot be is refused with all reasons, before anything is touched", async () => {
    await using cluster = await startCluster(engine, THIRDS, { replicas: { a: 1 }, spares: 2 });
    await using foreign = await startCluster(engine, { x: [0, 8191], y: [8192, 16_383] });
    const { a, b, c, a1 } = cluster.nodes;
    const [full, odd] = cluster.spares;
    await full!.call("CLUSTER", "ADDSLOTS", 7);
    await odd!.call("FUNCTION", "LOAD", OTHER_LIBRARY);
    const add = ["add-node", nameOf(a)];
    const del = ["del-node", nameOf(a)];
    const refusals: [string[], RegExp, number][] = [
      [[...add, nameOf(foreign.nodes.x)], /already knows 1 other node/, 3],
      [
        [...add, nameOf(full!), nameOf(odd!)],
        /owns slots 7[\s\S]*libraries that the cluster does not have so: otherlib/,
        3,
      ],
      [[...add, "127.0.0.1:1"], /connection refused/, 4],
      [[...add, nameOf(full!), "--replica-of", "ffff"], /names no node of this cluster/, 2],
      [[...add, nameOf(full!), "--replica-of", nameOf(a1)], /is a replica, and only a primary/, 3],
      [[...add, nameOf(b), "--replica"], /is the primary of slots 5461-10922, where the plan makes it a replica/, 3],
      [[...del, nameOf(b)], /owns slots 5461-10922[\s\S]*--drain/, 3],
      [[...del, a.id, b.id, c.id, "--drain"], /no primary would be left/, 3],
      [["forget", nameOf(a), nameOf(b)], /answers[\s\S]*del-node/, 3],
      [["forget", nameOf(a)], /No node to start from[\s\S]+ was taken for the node that is meant/, 2],
    ];
    for (const [args, text, code] of refusals) {
      const run = await runSlotctl([...args, "--yes"]);
      expect(run.stderr, args.join(" ")).toMatch(text);
      expect(run.code, args.join(" ")).toBe(code);
    }
    expect(await idsKnownTo(a)).toHaveLength(4);
    expect(await idsKnownTo(foreign.nodes.x)).toHaveLength(2);
    expect(await changedBy("forget", nameOf(a), "--ghosts", "--failed")).toBe(false);
  });
});

/** Whether it came so far; false when it ended without. */
async function hasBegun(run: SlotctlProcess, moment: RegExp): Promise<boolean> {
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
  };
  run.result.then(end, end);
  await eventually(() => expect(hasEnded || moment.test(run.stderr)).toBe(true), { within: 30_000 });
  return moment.test(run.stderr);
}

describe.each(BOTH_ENDS)("gone for good on $name", (engine: TestEngine) => {
  test("the failed and the handshakes that never end are forgotten by all, also after SIGKILL", async () => {
    await using cluster = await startCluster(engine, THIRDS, { replicas: { a: 1 }, spares: 1 });
    const { a, b, c, a1 } = cluster.nodes;
    const staying = [a, b, c];
    await a1.kill();
    await eventually(async () => expect(String(await a.call("CLUSTER", "NODES"))).toMatch(/,fail[ ,]/));
    using killed = startSlotctl(["forget", nameOf(a), "--failed", "--yes", "--progress", "json"]);
    expect(await killed.killAt(/"step-started"/), killed.stderr).toBe(true);
    await runOk("forget", nameOf(b), "--failed");
    for (const node of staying) expect(await idsKnownTo(node)).not.toContain(a1.id);
    expect((await runSlotctl(["resume", nameOf(a), "--yes"])).stderr).toContain("There is no unfinished plan");

    // Somebody tells the nodes to meet one that is not there. Each gives up after a node timeout, and is told again.
    const nobody = cluster.spares[0]!;
    await nobody.kill();
    const tell = (node: TestServer) => node.call("CLUSTER", "MEET", nobody.host, nobody.port).catch(() => undefined);
    let told: Promise<unknown> = Promise.resolve();
    const pest = setInterval(() => {
      told = Promise.all([told, ...staying.map(tell)]);
    }, 50);
    try {
      await eventually(async () => expect(String(await a.call("CLUSTER", "NODES"))).toContain("handshake"));
      const begin = () => startSlotctl(["forget", nameOf(b), "--ghosts", "--yes", "--progress", "json"]);
      let run = begin();
      // Nobody may happen to be in a handshake while the nodes are asked.
      while (!(await hasBegun(run, /"kind":"forget"/))) run = begin();
      clearInterval(pest);
      const { code, stderr } = await run.result;
      expect(code, stderr).toBe(0);
    } finally {
      clearInterval(pest);
    }
    // That run may have been over before the last of them was told.
    await told;
    expect(await runSlotctl(["forget", nameOf(b), "--ghosts", "--yes"])).toMatchObject({ code: 0 });
    for (const node of staying) expect(String(await node.call("CLUSTER", "NODES"))).not.toContain("handshake");
    expect(await changedBy("forget", nameOf(a), "--ghosts", "--failed")).toBe(false);
  });
});

/** One engine: each round costs seconds, and the steps are the same everywhere. */
describe.each([ENGINES.at(-1)!])("interrupted on $name", (engine: TestEngine) => {
  test("killed at any moment, the same command finishes what was begun, and no key is lost", async () => {
    await using cluster = await startCluster(engine, THIRDS, { replicas: { a: 1 }, spares: 1 });
    const { a, b } = cluster.nodes;
    const d = cluster.spares[0]!;
    const client = openClient(cluster.seeds);
    const keys = await loadDataSet(client, 3000);
    const before = await readDataSet(client, keys);
    const slowly = ["--method", "keys", "--rate", "6000"];
    const add = ["add-node", nameOf(a), nameOf(d), "--rebalance", ...slowly];
    const remove = ["del-node", nameOf(b), nameOf(d), "--drain", "--if-exists", ...slowly];
    const moments = [
      [add, /"on":"join"/, 5],
      [remove, /"slotsDone":\d{2}/, 1],
      [add, /"move-progress"/, 5],
      [remove, /"kind":"reset"/, 1],
    ] as const;
    for (const [command, moment, known] of moments) {
      using run = startSlotctl([...command, "--yes", "--progress", "json"]);
      await eventually(() => expect(run.stderr).toMatch(moment), { within: 20_000 });
      run.kill("SIGKILL");
      await run.result;
      await runOk(...command);
      await expectHealthy(a);
      expect((await viewOf(d)).lines, String(moment)).toHaveLength(known);
      expect((await runSlotctl(["resume", nameOf(a), "--yes"])).stderr).toContain("There is no unfinished plan");
    }
    expect(differencesOf(before, await readDataSet(client, keys))).toEqual([]);
    client.disconnect();
  });
});

/** One engine: it takes more than a minute, which is what FORGET is for. */
describe("a minute later", () => {
  test("17.9.120 a ghost stays away, and who was frozen when a node was forgotten is told in the end and does not bring it back", async () => {
    const layout = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_283], d: [16_284, 16_383] } as const;
    await using cluster = await startCluster(ENGINES[0]!, layout, { replicas: { a: 1, b: 1 } });
    const { a, a1, b1, d } = cluster.nodes;
    const client = openClient(cluster.seeds);
    await loadDataSet(client, 3000);
    client.disconnect();

    // It comes back without its files and with another name: nobody can reach the old one any more.
    await a1.kill();
    removeTree(a1.directory);
    await a1.start();
    const staying = cluster.members.filter((member) => member !== a1 && member !== d);
    await eventually(async () => expect(String(await a.call("CLUSTER", "NODES"))).toMatch(/noaddr/));
    expect((await runSlotctl(["check", nameOf(a)])).stdout).toContain(a1.id.slice(0, 8));
    await runOk("forget", nameOf(a), "--ghosts");

    const args = ["del-node", nameOf(a), nameOf(d), "--drain", "--method", "keys", "--rate", "4"];
    using run = startSlotctl([...args, "--yes", "--timeout", "100s", "--progress", "json"], { timeout: 150_000 });
    // The slots are on their way for seconds, and the nodes have been looked at.
    await eventually(() => expect(run.stderr).toContain('"kind":"move-slots"'));
    await b1.pause();
    const waitedMs = () => {
      const times = run.stderr
        .split("\n")
        .filter((line) => line.includes('"on":"forgotten"'))
        .map((line) => Date.parse((JSON.parse(line) as { time: string }).time));
      return times.length === 0 ? 0 : times.at(-1)! - times[0]!;
    };
    await eventually(() => expect(waitedMs()).toBeGreaterThan(65_000), { within: 100_000 });
    b1.resume();
    expect(await run.result).toMatchObject({ code: 0 });
    await expectHealthy(a);
    for (const member of staying) {
      expect([...(await idsKnownTo(member))].sort()).toEqual(staying.map(({ id }) => id).sort());
    }
    expect((await viewOf(d)).lines).toHaveLength(1);
  }, 180_000);
});
