import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { keySlot } from "../../src/model/key-slot.ts";
import { connect } from "../../src/node/connect.ts";
import { CONFIG_FILE } from "../../src/sandbox/server-config.ts";
import { redisCliAddress } from "../../src/view/redis-cli/style.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { freePorts } from "../helpers/free-ports.ts";
import { runOriginal } from "../helpers/original-cli.ts";
import { type RunOptions, runSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { startCluster } from "../helpers/start-cluster.ts";

const LAYOUT = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;

async function json(args: readonly string[], options: RunOptions = {}) {
  const { code, stdout, stderr } = await runSlotctl(["-o", "json", ...args], options);
  return { code, stderr, document: JSON.parse(stdout) };
}

describe.each(ENGINES)("commands for every node on $name", (engine) => {
  test("call shows equal answers once, and every difference", async () => {
    await using cluster = await startCluster(engine, LAYOUT, { replicas: { a: 1 } });
    const { a, b } = cluster.nodes;
    const seed = formatAddress(a.address);
    await b.call("CONFIG", "SET", "slowlog-max-len", "7");
    const { code, stdout } = await runSlotctl(["call", seed, "config", "get", "slowlog-max-len"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^3 nodes: /);
    expect(stdout).toContain(`${formatAddress(b.address)} (${b.id.slice(0, 8)})\n  slowlog-max-len\n  7\n`);

    const replicas = await json(["call", seed, "ROLE", "--only", "replicas"]);
    expect(replicas.document.answers).toHaveLength(1);
    expect(replicas.document.answers[0].reply[0]).toBe("slave");
    const one = await json(["call", seed, "--node", b.id.slice(0, 12), "PING"]);
    expect(one.document.answers).toMatchObject([{ id: b.id, reply: "PONG" }]);
    expect((await runSlotctl(["call", "-h", a.host, "-p", String(a.port), "PING"])).code).toBe(0);
  });

  test("call takes any bytes, and words that begin with a dash", async () => {
    await using cluster = await startCluster(engine, { a: [0, 16_383] });
    const seed = formatAddress(cluster.nodes.a.address);
    const dash = await json(["call", seed, "--", "ECHO", "--yes"]);
    expect(dash.document.answers[0].reply).toBe("--yes");
    const quoted = await json(["call", seed, "--quoted", "ECHO", '"\\x00\\xff"']);
    expect(quoted.document.answers[0].reply).toEqual({ base64: "AP8=" });
    expect((await runSlotctl(["call", seed, "--quoted", "ECHO", '"\\x00\\xff"'])).stdout).toContain('"\\x00\\xff"');
    const stdin = await json(["call", seed, "-x", "ECHO"], { input: "two\nlines" });
    expect(stdin.document.answers[0].reply).toBe("two\nlines");
  });

  test("what writes, blocks or is dangerous is asked about first; without a terminal it is refused", async () => {
    await using cluster = await startCluster(engine, { a: [0, 16_383] });
    const { a } = cluster.nodes;
    const seed = formatAddress(a.address);
    await a.call("SET", "key", "value");
    for (const command of [["FLUSHALL"], ["SHUTDOWN"], ["KEYS", "*"], ["DEBUG", "SLEEP", "0"], ["BLPOP", "x", "0"]]) {
      const { code, stderr } = await runSlotctl(["call", seed, ...command]);
      expect([command[0], code]).toEqual([command[0], 2]);
      expect(stderr).toMatch(/needs consent, and there is no terminal to ask for it\nhint: Nothing was sent/);
    }
    expect(await a.call("DBSIZE")).toBe(1);
    for (const harmless of [
      ["INFO"],
      ["CONFIG", "GET", "save"],
      ["CLIENT", "LIST"],
      ["CLUSTER", "NODES"],
      ["GET", "key"],
    ]) {
      expect([harmless[0], (await runSlotctl(["call", seed, ...harmless])).code]).toEqual([harmless[0], 0]);
    }
    expect((await runSlotctl(["call", seed, "MONITOR"])).code).toBe(2);
    expect((await runSlotctl(["call", seed, "FLUSHALL", "--yes"])).code).toBe(0);
    expect(await a.call("DBSIZE")).toBe(0);
  });

  test("what a command does that nobody may ask about is asked about, too", async () => {
    await using cluster = await startCluster(engine, { a: [0, 16_383] });
    const { a } = cluster.nodes;
    await a.call("ACL", "SETUSER", "deploy", "on", ">x", "~*", "+@all", "-command");
    const login = ["--user", "deploy"];
    const env = { SLOTCTL_AUTH: "x" };
    await a.call("SET", "key", "value");
    const seed = formatAddress(a.address);
    const { code, stderr } = await runSlotctl(["call", seed, ...login, "FLUSHALL"], { env });
    expect(code).toBe(2);
    expect(stderr).toContain("warning: FLUSHALL may do anything: this user is not allowed to ask what it does");
    expect(await a.call("DBSIZE")).toBe(1);
    expect((await runSlotctl(["call", seed, ...login, "PING", "--yes"], { env })).code).toBe(0);
  });

  test("call fails when any node did, and says which", async () => {
    await using cluster = await startCluster(engine, LAYOUT);
    const { a, b, c } = cluster.nodes;
    const seed = formatAddress(a.address);
    await b.call("ACL", "SETUSER", "default", "-dbsize");
    const unknown = await json(["call", seed, "NO-SUCH-COMMAND"]);
    expect(unknown.code).toBe(1);
    expect(unknown.document.answers[0].error.message).toMatch(/unknown command/);
    const refused = await json(["call", seed, "DBSIZE"]);
    expect(refused.code).toBe(1);
    expect(refused.document.ok).toBe(false);
    const byId = new Map(refused.document.answers.map((answer: { id: string }) => [answer.id, answer]));
    expect(byId.get(a.id)).toMatchObject({ reply: 0 });
    expect(byId.get(b.id)).toMatchObject({ error: { kind: "refused", message: expect.stringContaining("NOPERM") } });
    await c.kill();
    const { code, stdout } = await runSlotctl(["call", seed, "PING"]);
    expect(code).toBe(1);
    expect(stdout).toContain("no answer");
  });

  test("config get shows drift, and set sets and writes everywhere, or says where not", async () => {
    await using cluster = await startCluster(engine, LAYOUT);
    const { a, b } = cluster.nodes;
    const seed = formatAddress(a.address);
    await b.call("CONFIG", "SET", "maxmemory", "100mb");
    const drift = await runSlotctl(["config", "get", seed, "maxmemory"]);
    expect(drift.stdout).toMatch(/maxmemory\s+0\s+\S+, \S+\n\s+104857600\s+\S+\n/);

    const dry = await json(["config", "set", seed, "maxmemory", "200mb", "--dry-run", "--detailed-exitcode"]);
    expect(dry).toMatchObject({ code: 10, document: { changed: false, dryRun: true } });
    const set = await json(["config", "set", seed, "maxmemory", "200mb", "--yes"]);
    expect(set).toMatchObject({ code: 0, document: { ok: true, changed: true } });
    expect(await b.call("CONFIG", "GET", "maxmemory")).toEqual(["maxmemory", "209715200"]);
    const again = await json(["config", "set", seed, "maxmemory", "209715200", "--yes"]);
    expect(again).toMatchObject({ code: 0, document: { changed: false } });

    expect((await runSlotctl(["config", "set", seed, "no-such-thing", "1", "--yes"])).code).toBe(2);
    await b.call("ACL", "SETUSER", "default", "-config|set");
    const partly = await json(["config", "set", seed, "maxmemory", "300mb", "--yes"]);
    expect(partly).toMatchObject({ code: 6, document: { ok: false, changed: true } });
    expect(partly.document.changes.find(({ id }: { id: string }) => id === b.id)).toMatchObject({ outcome: "failed" });
  });

  test("a value that is set and a file that is not written are told apart", async () => {
    await using cluster = await startCluster(engine, LAYOUT);
    const { a, b } = cluster.nodes;
    const seed = formatAddress(a.address);
    // Where a directory has the name of the file, it cannot be replaced, whoever tries.
    rmSync(join(b.directory, CONFIG_FILE));
    mkdirSync(join(b.directory, CONFIG_FILE));
    const { code, document } = await json(["set-timeout", seed, "7s", "--yes"]);
    expect({ code, document }).toMatchObject({ code: 6, document: { ok: false, changed: true } });
    const ofNode = (id: string) => document.changes.find((change: { id: string }) => change.id === id);
    expect(ofNode(a.id)).toMatchObject({ outcome: "set", value: "7000", configFile: "written" });
    expect(ofNode(b.id)).toMatchObject({ outcome: "set", value: "7000", configFile: "failed" });
    expect(await b.call("CONFIG", "GET", "cluster-node-timeout")).toEqual(["cluster-node-timeout", "7000"]);
    const human = await runSlotctl(["set-timeout", seed, "8s", "--yes"]);
    expect(human.code).toBe(6);
    expect(human.stdout).toMatch(
      /incomplete: set on 3 nodes in \S+ \w+, but 1 node could not write the configuration file/,
    );
    expect((await runSlotctl(["set-timeout", seed, "9s", "--yes", "--no-rewrite"])).code).toBe(0);
    expect((await runSlotctl(["set-timeout", seed, "50ms", "--yes"])).code).toBe(2);
    // 15000 would be milliseconds for one and seconds for another.
    const bare = await runSlotctl(["set-timeout", seed, "15000", "--yes"]);
    expect(bare).toMatchObject({ code: 2, stderr: expect.stringContaining("needs its unit: 15000ms or 15000s") });
  });

  test("a server without a configuration file has the value, and is said to forget it", async () => {
    await using bare = await startWithoutFile(engine);
    const args = ["set-timeout", bare.seed];
    const set = await runSlotctl([...args, "7s", "--yes"]);
    expect(set).toMatchObject({ code: 0, stdout: expect.stringContaining("1 node without a configuration file will forget it") }); // biome-ignore format: one line
    const insisting = await json([...args, "8s", "--yes", "--rewrite"]);
    expect(insisting).toMatchObject({ code: 6, document: { changes: [{ outcome: "set", value: "8000", configFile: "failed" }] } }); // biome-ignore format: one line
    // redis-cli exits 0 here.
    const dropIn = await runSlotctl(["--cluster", "set-timeout", bare.seed, "9000"]);
    expect(dropIn).toMatchObject({ code: 1, stdout: expect.stringContaining("0 OK, 1 ERR.") });
  });

  test("secrets are set and compared, and never shown", async () => {
    await using cluster = await startCluster(engine, { a: [0, 16_383] });
    const seed = formatAddress(cluster.nodes.a.address);
    const set = await runSlotctl(["config", "set", seed, "masterauth", "geheim", "--yes", "--no-rewrite"]);
    expect(set.code).toBe(0);
    expect(set.stdout + set.stderr).not.toContain("geheim");
    const got = await runSlotctl(["config", "get", seed, "masterauth"]);
    expect(got.stdout).toContain("(secret)");
    expect(got.stdout).not.toContain("geheim");
    expect(await cluster.nodes.a.call("CONFIG", "GET", "masterauth")).toEqual(["masterauth", "geheim"]);
  });

  test("keyslot knows the slot of any key as the server does, and the shard", async () => {
    await using cluster = await startCluster(engine, LAYOUT);
    const { a, b } = cluster.nodes;
    const keys = Array.from({ length: 300 }, (_, i) => createHash("sha1").update(String(i)).digest());
    const tagged = ["{a}b", "a{b}c", "{}x", "a{}{b}", "{{a}}", "}{a}"].map((key) => Buffer.from(key));
    const theirs = await a.callAll([...keys, ...tagged].map((key) => ["CLUSTER", "KEYSLOT", key]));
    expect([...keys, ...tagged].map(keySlot)).toEqual(theirs);

    expect((await runSlotctl(["keyslot", "foo", "{user}x"])).stdout).toMatch(
      /^KEY +SLOT\nfoo +12182\n\{user\}x +5474\n$/,
    );
    const { document } = await json(["keyslot", "-h", a.host, "-p", String(a.port), "{user}x"]);
    expect(document.keys).toMatchObject([{ slot: 5474, shard: { primary: { id: b.id }, slots: "5461-10922" } }]);
  });

  test("17.10.124, 17.10.125, 17.10.126 drop-in call and set-timeout say what the original says", async () => {
    await using cluster = await startCluster(engine, LAYOUT, { replicas: { a: 1 } });
    const { a, b } = cluster.nodes;
    const seed = redisCliAddress(a.address);
    const both = async (...args: readonly string[]) => {
      const theirs = await runOriginal(engine, ["--cluster", ...args]);
      const ours = await runSlotctl(["--cluster", ...args]);
      expect(ours.stdout).toBe(theirs.stdout);
      expect(ours.stderr).toBe("");
      return ours;
    };
    expect((await both("call", seed, "config", "get", "cluster-node-timeout")).code).toBe(0);
    expect((await both("call", seed, "dbsize", "--cluster-only-masters")).code).toBe(0);
    expect((await both("call", seed, "get", "nowhere", "--cluster-only-replicas")).code).toBe(1);
    expect((await both("set-timeout", seed, "3000")).code).toBe(0);
    expect(await b.call("CONFIG", "GET", "cluster-node-timeout")).toEqual(["cluster-node-timeout", "3000"]);
  });
});

/** A cluster of one node that was started by its arguments only. */
async function startWithoutFile(engine: TestEngine) {
  const scratch = scratchDirectory();
  const [port] = await freePorts("127.0.0.1", 1);
  const args = ["--port", port, "--bind", "127.0.0.1", "--cluster-enabled", "yes", "--dir", scratch.path, "--save", ""];
  const server = spawn(engine.server, args.map(String), { stdio: "ignore" });
  const address = { host: "127.0.0.1", port: port! };
  const patience = { connectTimeout: 1000, commandTimeout: 1000 };
  await eventually(async () => {
    const node = await connect(address, patience);
    await node.send("CLUSTER", "ADDSLOTSRANGE", 0, 16_383);
    node.close();
  });
  return {
    seed: formatAddress(address),
    async [Symbol.asyncDispose]() {
      const gone = new Promise((resolve) => server.once("close", resolve));
      server.kill("SIGKILL");
      await gone;
      scratch[Symbol.dispose]();
    },
  };
}
