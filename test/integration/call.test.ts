import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { keySlot } from "../../src/model/key-slot.ts";
import { redisCliAddress } from "../../src/view/redis-cli/style.ts";
import { ENGINES } from "../helpers/engines.ts";
import { runOriginal } from "../helpers/original-cli.ts";
import { type RunOptions, runSlotctl } from "../helpers/run-slotctl.ts";
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
      expect(stderr).toContain("there is no terminal to ask for consent");
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

  test("call fails when any node did, and says which", async () => {
    await using cluster = await startCluster(engine, LAYOUT);
    const { a, b, c } = cluster.nodes;
    const seed = formatAddress(a.address);
    await b.call("ACL", "SETUSER", "default", "-dbsize");
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
