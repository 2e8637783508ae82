import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { type RunOptions, runSlotctl, startSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { type Member, startCluster } from "../helpers/start-cluster.ts";
import { startServers } from "../helpers/start-servers.ts";
import type { TestServer } from "../helpers/test-server.ts";

const TWO_AND_ONE = { a: [0, 8191], b: [8192, 16_383], c: [] } as const;
const STAYS = { settings: { "cluster-allow-replica-migration": "no" } };

function nameOf({ address }: TestServer): string {
  return formatAddress(address);
}

function move(to: TestServer, from: Member, ...more: readonly string[]): readonly string[] {
  return ["reshard", nameOf(from), "--from", from.id, "--to", nameOf(to), "--slots", "4000", "--yes", ...more];
}

async function keysOf(node: TestServer): Promise<number> {
  return Number(await node.call("DBSIZE"));
}

/** Keys that belong to this node, of random bytes so that nothing can make them smaller. */
async function fill(node: Member, keys: number, bytes: number): Promise<void> {
  const value = randomBytes(bytes);
  // About half of them belong elsewhere and are refused.
  const sets = Array.from({ length: keys * 2 }, (_, i) => ["SET", `key:${i}`, value] as const);
  await node.callAll(sets).catch(() => undefined);
}

describe.each(ENGINES)("before slots are moved on $name", (engine: TestEngine) => {
  test("a target that would evict keys, or refuse them, is found out; the operator may insist", async () => {
    await using cluster = await startCluster(engine, TWO_AND_ONE, STAYS);
    const { a, c } = cluster.nodes;
    await fill(a, 2400, 4000);
    const before = await keysOf(a);
    const used = Number(/used_memory:(\d+)/.exec(String(await c.call("INFO", "memory")))![1]);
    await c.call("CONFIG", "SET", "maxmemory", used + 3_000_000);
    for (const [policy, what] of [
      ["allkeys-lru", "it would evict keys (maxmemory-policy allkeys-lru)"],
      ["noeviction", "it would refuse writes (maxmemory-policy noeviction)"],
    ] as const) {
      await c.call("CONFIG", "SET", "maxmemory-policy", policy);
      const run = await runSlotctl(move(c, a));
      expect(run.stderr).toContain(what);
      expect(run.stderr).toContain("--ignore-memory");
      expect(run.code).toBe(3);
    }
    const dropIn = await runSlotctl([
      ...["--cluster", "reshard", nameOf(a), "--cluster-from", a.id, "--cluster-to", c.id],
      ...["--cluster-slots", "4000", "--cluster-yes"],
    ]);
    expect(dropIn.stdout).toContain("[ERR] Cannot move the slots: about ");
    expect(dropIn.code).toBe(1);
    expect([await keysOf(a), await keysOf(c)]).toEqual([before, 0]);

    await c.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    // Small writes: what the target has read and not yet stored counts as well, and cannot be evicted.
    const insisted = await runSlotctl(move(c, a, "--ignore-memory", "--method", "keys", "--pipeline", "10"));
    expect(insisted.stderr).toMatch(/warning: about .* it would evict keys/);
    expect(insisted.code, insisted.stderr).toBe(0);
  });

  test("a user without a right on one node is found out before anything is touched", async () => {
    await using cluster = await startCluster(engine, TWO_AND_ONE, STAYS);
    const { a, b, c } = cluster.nodes;
    const rules = ["on", ">secret", "~*", "&*", "+@all"];
    for (const node of [a, c]) await node.call("ACL", "SETUSER", "mover", ...rules);
    await b.call("ACL", "SETUSER", "mover", ...rules, "-cluster|setslot");
    const asMover = { env: { SLOTCTL_AUTH: "secret" } };
    // Only a move key by key tells the others.
    const run = await runSlotctl(move(c, a, "--user", "mover", "--method", "keys"), asMover);
    expect(run.stderr).toContain("does not let this user run CLUSTER SETSLOT");
    expect(run.stderr).toContain(nameOf(b));
    expect(run.code).toBe(3);
    expect(String(await c.call("CLUSTER", "NODES"))).toMatch(new RegExp(`${c.id}.* connected$`, "m"));

    await b.call("ACL", "SETUSER", "mover", "+cluster|setslot");
    await c.call("ACL", "SETUSER", "mover", "-restore-asking");
    const other = await runSlotctl(move(c, a, "--user", "mover", "--method", "keys"), asMover);
    expect(other.stderr).toContain("RESTORE-ASKING");
    expect(other.code).toBe(3);
    await c.call("ACL", "SETUSER", "mover", "+restore-asking", "-acl|dryrun");
    await a.call("ACL", "SETUSER", "mover", "-acl");
    expect(await runSlotctl(move(c, a, "--user", "mover", "--method", "keys"), asMover)).toMatchObject({ code: 0 });
  });

  test("a node that was only just told to meet the others gets its slots", async () => {
    await using cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16_383] }, { ...STAYS, spares: 1 });
    const { a } = cluster.nodes;
    const [fresh] = cluster.spares as [TestServer];
    await a.call("CLUSTER", "MEET", fresh.host, fresh.port, fresh.busPort);
    const run = await runSlotctl(move(fresh, a));
    expect(run).toMatchObject({ code: 0 });
    expect(String(await fresh.call("CLUSTER", "NODES"))).toMatch(/myself.* 4192-8191$/m);
  });
});

test("a second slotctl is told of the first, and one that was killed blocks nobody", async () => {
  await using cluster = await startCluster(ENGINES[0]!, TWO_AND_ONE, STAYS);
  const { a, b, c } = cluster.nodes;
  await fill(a, 500, 10);
  using state = scratchDirectory("state");
  const options: RunOptions = { env: { XDG_STATE_HOME: state.path } };
  const slow = [...move(c, a, "--method", "keys", "--rate", "50", "--progress", "json")];
  using first = startSlotctl(slow, options);
  await eventually(() => expect(first.stderr).toContain("move-progress"), { within: 20_000 });
  for (const args of [move(c, b), ["resume", nameOf(b), "--yes"]]) {
    const second = await runSlotctl(args, options);
    expect(second.stderr).toContain(`Another slotctl (pid ${first.pid}) is changing this cluster since 20`);
    expect(second.code).toBe(3);
  }
  first.kill("SIGKILL");
  await first.result;
  expect(await runSlotctl(["resume", nameOf(b), "--yes"], options)).toMatchObject({ code: 0 });
  await cluster.waitUntilAgreed();
});

/** No server is asked: these are refused before anything is connected to. */
test.each([
  [["--weight", "a=-1"], /Expected node=weight/],
  [["--weight", "a=1e3"], /Expected node=weight/],
  [["--weight", "a=NaN"], /Expected node=weight/],
  [["--weight", "a"], /Expected node=weight/],
  [["--weight", "a=1", "--weight", "a=2"], /a was given a weight already/],
  [["--threshold", "2%"], /--threshold/],
  [["--rate", "0"], /--rate/],
  [["--pipeline", "10x"], /--pipeline/],
])("rebalance %j is a usage error", async (args, text) => {
  const run = await runSlotctl(["rebalance", "127.0.0.1:1", ...args, "--yes"]);
  expect(run.stderr).toMatch(text);
  expect(run.code).toBe(2);
});

test("any user and password that a server takes can move keys, and a user without a password is no login", async () => {
  await using cluster = await startCluster(ENGINES[0]!, TWO_AND_ONE, STAYS);
  const { a, c } = cluster.nodes;
  await fill(a, 200, 10);
  const password = "-p ss%20\"wörd'\\";
  for (const node of cluster.members) {
    await node.call("ACL", "SETUSER", "keys", "on", `>${password}`, "~*", "&*", "+@all");
  }
  const slots = (range: string) => ["reshard", nameOf(a), "--from", a.id, "--to", nameOf(c), "--slots", range, "--yes"];
  const env = { SLOTCTL_AUTH: password };
  expect(await runSlotctl([...slots("0-2000"), "--user", "keys"], { env })).toMatchObject({ code: 0 });
  expect(await runSlotctl([...slots("2001-4000"), "--user", "keys"])).toMatchObject({ code: 0 });
  expect(await keysOf(c)).toBeGreaterThan(0);
});

const [redis7, redis8] = ["redis-7.0", "redis-8.0"].map((name) => ENGINES.find((engine) => engine.name === name));

test.skipIf(redis7 === undefined || redis8 === undefined)(
  "keys do not go to a server that cannot read them, and come from it",
  async () => {
    await using older = await startCluster(redis7!, { a: [0, 16_383] }, STAYS);
    await using others = await startServers(redis8!, { count: 1, ...STAYS });
    const { a } = older.nodes;
    const [newer] = others as readonly TestServer[];
    await a.call("SET", "key", "value");
    await a.call("CLUSTER", "MEET", newer!.host, newer!.port, newer!.busPort);
    const there = await runSlotctl(["reshard", nameOf(a), "--to", nameOf(newer!), "--slots", "16384", "--yes"]);
    expect(there).toMatchObject({ code: 0 });
    const back = await runSlotctl(["reshard", nameOf(a), "--to", nameOf(a), "--slots", "16384", "--yes"]);
    expect(back.stderr).toMatch(/with Redis 7\.0\.\d+ cannot read keys of .* with Redis 8\.0/);
    expect(back.code).toBe(3);
    expect(await newer!.call("GET", "key")).toBe("value");
  },
);

const valkey9 = ENGINES.find(({ name }) => name === "valkey-9.1");

test.skipIf(valkey9 === undefined)(
  "an atomic move needs its replication user, and does not get in the way of another one",
  async () => {
    const settings = { ...STAYS.settings, "enable-debug-command": "local" };
    await using cluster = await startCluster(valkey9!, TWO_AND_ONE, { settings });
    const { a, b, c } = cluster.nodes;
    await fill(a, 100, 10);
    const rules = ["on", ">secret", "~*", "+psync", "+replconf", "+ping", "+cluster|syncslots"];
    await c.call("ACL", "SETUSER", "copier", ...rules);
    await a.call("CONFIG", "SET", "primaryuser", "copier", "primaryauth", "secret");
    const small = await runSlotctl(move(c, a));
    expect(small.stderr).toMatch(/does not let the replication user of .* 'select' command/);
    expect(small.code).toBe(3);
    await a.call("CONFIG", "SET", "primaryauth", "wrong");
    const wrong = await runSlotctl(move(c, a));
    expect(wrong.stderr).toContain("WRONGPASS");
    expect(wrong.code).toBe(3);
    await a.call("CONFIG", "SET", "primaryuser", "", "primaryauth", "");

    await a.call("DEBUG", "SLOTMIGRATION", "PREVENT-PAUSE", 1);
    await a.call("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", 0, 99, "NODE", b.id);
    const foreign = await runSlotctl(move(c, b));
    expect(foreign.stderr).toContain("slots 0-99 are being moved already");
    expect(foreign.stderr).toContain("CLUSTER CANCELSLOTMIGRATIONS");
    expect(foreign.code).toBe(3);
    await a.call("CLUSTER", "CANCELSLOTMIGRATIONS");
    await a.call("DEBUG", "SLOTMIGRATION", "PREVENT-PAUSE", 0);
    expect(await runSlotctl(move(c, a))).toMatchObject({ code: 0 });
  },
);
