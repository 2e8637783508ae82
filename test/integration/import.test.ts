import { describe, expect, test } from "vitest";
import { deleteMoved, watch } from "../../src/execute/transfer/delete-moved.ts";
import { KeyReader } from "../../src/execute/transfer/key-reader.ts";
import { formatAddress } from "../../src/model/address.ts";
import { keySlot } from "../../src/model/key-slot.ts";
import { connectPipelined } from "../../src/node/pipelined-node.ts";
import { redisCliAddress } from "../../src/view/redis-cli/style.ts";
import { bulkKey, contentsOf, differingKeys, fillServer } from "../helpers/bulk-data.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { runOriginal } from "../helpers/original-cli.ts";
import { runSlotctl, startSlotctl } from "../helpers/run-slotctl.ts";
import { startCluster } from "../helpers/start-cluster.ts";
import { startServers } from "../helpers/start-servers.ts";
import type { TestServer } from "../helpers/test-server.ts";
import { testCertificates } from "../helpers/tls.ts";

const THIRDS = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;
const QUICK = ["--progress", "none", "--yes", "-o", "json"];

function nameOf({ address }: TestServer): string {
  return formatAddress(address);
}

function startSource(engine: TestEngine, options: Parameters<typeof startServers>[1] = {}) {
  return startServers(engine, { count: 1, mode: "standalone", ...options });
}

interface Document {
  readonly ok: boolean;
  readonly changed: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly troubles: readonly { readonly kind: string; readonly key: string }[];
  readonly error: {
    readonly hint: string;
    readonly code: string;
    readonly message: string;
    readonly details: readonly string[];
  };
}

async function runImport(args: readonly string[], options: Parameters<typeof runSlotctl>[1] = {}) {
  const run = await runSlotctl(["import", ...args, ...QUICK], { timeout: 120_000, ...options });
  return { ...run, document: JSON.parse(run.stdout) as Document };
}

describe.each(ENGINES)("import into $name", (engine: TestEngine) => {
  const count = engine.name === "redis-7.0" ? 100_000 : 5000;

  test(`${count} keys of every type arrive with their names, values and expiries, and a rerun changes nothing`, async () => {
    await using cluster = await startCluster(engine, THIRDS);
    await using sources = await startSource(engine);
    const [source] = sources;
    await fillServer(source!, count);
    const before = await contentsOf([source!]);
    expect(before.size).toBe(count);

    const args = [nameOf(cluster.nodes.a), "--from", nameOf(source!)];
    expect(await runSlotctl(["import", ...args])).toMatchObject({ code: 2, stdout: "" });
    const dry = await runSlotctl(["import", ...args, "--dry-run", "--detailed-exitcode"]);
    expect(dry).toMatchObject({ code: 10, stdout: expect.stringContaining("would be copied") });
    expect((await contentsOf(cluster.members)).size).toBe(0);

    const first = await runImport(args);
    expect(first).toMatchObject({ code: 0, document: { ok: true, changed: true } });
    expect(first.document.counts).toMatchObject({ copied: count, equal: 0, conflicts: 0, different: 0 });
    expect(first.document.counts.verified).toBeGreaterThanOrEqual(Math.min(count, 1000));
    expect(differingKeys(before, await contentsOf(cluster.members))).toEqual([]);
    expect(differingKeys(before, await contentsOf([source!]))).toEqual([]);

    const again = await runImport([...args, "--verify", count > 5000 ? "none" : "full"]);
    expect(again).toMatchObject({ code: 0, document: { ok: true, changed: false } });
    expect(again.document.counts).toMatchObject({ copied: 0, equal: count, different: 0 });
  });

  test("what the cluster has already is equal, in conflict, passed over or replaced", async () => {
    await using cluster = await startCluster(engine, { a: [0, 16_383] });
    await using sources = await startSource(engine);
    const [source] = sources;
    const { a } = cluster.nodes;
    const nul = Buffer.from("a\0b");
    const members = Array.from({ length: 300 }, (_, i) => `member ${(i * 7919) % 1009}`);
    await source!.callAll([
      ["SET", nul, "mine"],
      ["SET", "same", "1", "PXAT", 4_000_000_000_000],
      ["SET", "other expiry", "1", "PXAT", 4_000_000_000_000],
      ["SET", "new", "1"],
      ["SADD", "a set in another order", ...members],
      ["HSET", "a hash", "f", "mine"],
      ["SELECT", 2],
      ["SET", "elsewhere", "1"],
      ["SELECT", 0],
    ]);
    await a.callAll([
      ["SET", nul, "theirs"],
      ["SET", "a", "untouched"],
      ["SET", "same", "1", "PXAT", 4_000_000_000_000],
      ["SET", "other expiry", "1"],
      ["SADD", "a set in another order", ...members.toReversed()],
      ["HSET", "a hash", "f", "theirs"],
    ]);
    const args = [nameOf(a), "--from", nameOf(source!)];
    const kept = await runImport(args);
    expect(kept).toMatchObject({ code: 6, document: { ok: false, changed: true } });
    expect(kept.document.counts).toMatchObject({ copied: 1, equal: 2, conflicts: 3 });
    const names = kept.document.troubles.map(({ kind, key }) => `${kind} ${key}`);
    expect(names.sort()).toEqual(["conflict a\0b", "conflict a hash", "conflict other expiry"]);
    expect(await a.callAll([["GET", nul], ["GET", "a"], ["HGET", "a hash", "f"]])).toEqual(["theirs", "untouched", "theirs"]); // biome-ignore format: a table

    const human = await runSlotctl(["import", ...args, "--skip-existing", "--yes"]);
    expect(human).toMatchObject({ code: 0, stdout: expect.stringContaining("6 passed over") });
    expect(human.stderr).toContain("warning: database 2 holds 1 key that will not be copied; see --db");

    const replaced = await runImport([...args, "--replace", "--verify", "full"]);
    expect(replaced).toMatchObject({ code: 0, document: { ok: true, counts: { copied: 6, verified: 6 } } });
    expect(differingKeys(await contentsOf([source!]), await contentsOf([a]))).toEqual(["a"]); // biome-ignore format: one assertion
    expect(await a.call("PEXPIRETIME", "other expiry")).toBe(4_000_000_000_000);

    const moved = await runImport([...args, "--move", "--match", "a*", "--verify", "full"]);
    expect(moved).toMatchObject({ code: 0, document: { counts: { equal: 3, deleted: 3, changed: 0 } } });
    expect(await source!.call("DBSIZE")).toBe(3);
  });

  test("a key that is written to after it was read is not deleted at the source", async () => {
    await using sources = await startSource(engine);
    const [source] = sources;
    const keys = ["quiet", "busy", "gone"].map((name) => Buffer.from(name));
    for (const watched of [true, false]) {
      await source!.callAll(keys.map((key) => ["SET", key, "1"]));
      const reader = await KeyReader.on(await connectPipelined(source!.address, source!.connectSettings));
      if (watched) await watch(reader, keys);
      const values = await reader.read(keys);
      await source!.callAll([
        ["SET", "busy", "2"],
        ["DEL", "gone"],
      ]);
      const { deleted, changed } = await deleteMoved(reader, values, values.present(), watched);
      expect([deleted, changed.map(String)]).toEqual([1, ["busy"]]);
      expect(await source!.callAll([["GET", "busy"], ["DBSIZE"]])).toEqual(["2", 1]);
      reader.node.close();
    }
  });

  test("the slot of a key is what the server says", async () => {
    await using cluster = await startCluster(engine, { a: [0, 16_383] });
    const names = ["", "{", "{}", "a{b}c{d}", "{}{x}", "}{a}", "{a}{b", "123456789", "{{a}}"].map((name) =>
      Buffer.from(name),
    );
    const keys = [...names, ...Array.from({ length: 500 }, (_, i) => bulkKey(i))];
    const slots = await cluster.nodes.a.callAll(keys.map((key) => ["CLUSTER", "KEYSLOT", key]));
    expect(keys.map(keySlot)).toEqual(slots);
  });

  test.skipIf(engine.cli === undefined)(
    "17.10.127, 17.10.128, 17.10.129 the drop-in form moves, copies, stops and says what redis-cli says",
    async () => {
      await using cluster = await startCluster(engine, THIRDS);
      await using sources = await startSource(engine, { count: 2, settings: { requirepass: '"a b%s\\"c"' }, credentials: { password: 'a b%s"c' } }); // biome-ignore format: one line
      const [ours, theirs] = sources;
      const seed = redisCliAddress(cluster.nodes.b.address);
      for (const source of sources) {
        await source.callAll(Array.from({ length: 300 }, (_, i) => ["SET", `key ${i}`, i]));
      }
      const lines = (text: string) => text.replaceAll(redisCliAddress(ours!.address), "SOURCE").replaceAll(redisCliAddress(theirs!.address), "SOURCE"); // biome-ignore format: one line
      const password = ["--cluster-from-pass", 'a b%s"c'];
      const args = (source: TestServer) => [
        "--cluster",
        "import",
        seed,
        "--cluster-from",
        redisCliAddress(source.address),
      ];
      const copied = await runSlotctl([...args(ours!), ...password, "--cluster-copy"]);
      expect(copied).toMatchObject({ code: 0, stderr: "" });
      expect(await ours!.call("DBSIZE")).toBe(300);
      const before = await contentsOf(cluster.members);
      for (const member of cluster.members) await member.call("FLUSHALL");
      const original = await runOriginal(engine, [...args(theirs!), ...password, "--cluster-copy"]);
      expect(original.code).toBe(0);
      expect(differingKeys(before, await contentsOf(cluster.members))).toEqual([]);
      // SCAN goes through two servers in two orders.
      const sorted = (text: string) => lines(text).split("\n").sort();
      expect(sorted(copied.stdout)).toEqual(sorted(original.stdout));
      expect(lines(copied.stdout).slice(0, 400)).toBe(lines(original.stdout).slice(0, 400));

      const busy = await Promise.all([runSlotctl([...args(ours!), ...password]), runOriginal(engine, [...args(theirs!), ...password])]); // biome-ignore format: one line
      for (const { code, stdout, stderr } of busy) {
        expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
        expect(lines(stdout)).toMatch(/\nMigrating key \d+ to \S+: Source SOURCE replied with error:\nERR Target instance replied with error: BUSYKEY Target key name already exists\.\n$/); // biome-ignore format: one line
      }
      expect(await ours!.call("DBSIZE")).toBe(300);
      const moved = await runSlotctl([...args(ours!), "--cluster-from-askpass", "--cluster-replace"], {
        input: 'a b%s"c\n',
      });
      expect(moved).toMatchObject({ code: 0, stderr: "" });
      expect(await ours!.call("DBSIZE")).toBe(0);
      expect(differingKeys(before, await contentsOf(cluster.members))).toEqual([]);

      const none = ["--cluster", "import", seed, "--cluster-from", redisCliAddress(cluster.nodes.c.address)];
      for (const refused of [none, args(ours!), ["--cluster", "import", seed, "--cluster-from", "127.0.0.1:1"]]) {
        const [mine, real] = await Promise.all([runSlotctl(refused), runOriginal(engine, refused)]);
        expect(mine.code).toBe(1);
        if (refused !== args(ours!)) expect(mine.stdout).toBe(real.stdout);
      }
    },
  );
});

const RACY = ENGINES.filter(({ name }) => name === "redis-7.0" || name === "valkey-9.1");

describe.each(RACY)("import into $name, disturbed", (engine: TestEngine) => {
  test.each(["SIGKILL", "SIGINT"] as const)(
    "after %s half-way the same command goes on, and nothing is missing",
    async (signal) => {
      await using cluster = await startCluster(engine, THIRDS);
      await using sources = await startSource(engine);
      const [source] = sources;
      await fillServer(source!, 6000);
      const before = await contentsOf([source!]);
      const args = [nameOf(cluster.nodes.a), "--from", nameOf(source!)];
      using run = startSlotctl(["import", ...args, "--rate", "4000", "--progress", "json", "--yes"]);
      await eventually(() => expect(doneIn(run.stderr)).toBeGreaterThan(1500));
      run.kill(signal);
      const stopped = await run.result;
      if (signal === "SIGINT") {
        expect(stopped).toMatchObject({
          code: 6,
          stderr: expect.stringMatching(/Interrupted: [\d,]+ keys were copied/),
        });
      }
      const half = (await contentsOf(cluster.members)).size;
      expect(half).toBeGreaterThan(1000);
      expect(half).toBeLessThan(6000);
      const again = await runImport([...args, "--verify", "full", "--move"]);
      expect(again).toMatchObject({
        code: 0,
        document: { counts: { copied: 6000 - half, deleted: 6000 } },
      });
      // SCAN may name a key twice while others are deleted; then it is equal the second time.
      expect(again.document.counts.equal).toBeGreaterThanOrEqual(half);
      expect(differingKeys(before, await contentsOf(cluster.members))).toEqual([]);
      expect(await source!.call("DBSIZE")).toBe(0);
    },
  );

  test("the source dies half-way, comes back, and the same command goes on; likewise a primary", async () => {
    const kept = { settings: { appendonly: "yes" } };
    await using cluster = await startCluster(engine, THIRDS, kept);
    await using sources = await startSource(engine, kept);
    const [source] = sources;
    await fillServer(source!, 6000);
    const before = await contentsOf([source!]);
    const args = [nameOf(cluster.nodes.a), "--from", nameOf(source!)];
    for (const victim of [source!, cluster.nodes.c]) {
      using run = startSlotctl(["import", ...args, "--rate", "4000", "--progress", "json", "--yes", "-o", "json"]);
      await eventually(() => expect(doneIn(run.stderr)).toBeGreaterThan(1500));
      await victim.kill();
      const { code, stdout } = await run.result;
      expect(code).toBe(6);
      const { error } = JSON.parse(stdout) as Document;
      expect(error.message).toContain(nameOf(victim));
      expect(error.details.join()).toMatch(/keys were copied/);
      await victim.start();
      if (victim !== source) await cluster.waitUntilAgreed();
    }
    expect(await runImport(args)).toMatchObject({ code: 0, document: { ok: true } });
    expect(differingKeys(before, await contentsOf(cluster.members))).toEqual([]);
  });

  test.each(["keys", "auto"])("slots that move meanwhile (%s) are followed", async (method) => {
    await using cluster = await startCluster(engine, THIRDS);
    await using sources = await startSource(engine);
    const [source] = sources;
    const { a, b } = cluster.nodes;
    await fillServer(source!, 8000);
    const before = await contentsOf([source!]);
    using run = startSlotctl([
      "import",
      nameOf(a),
      "--from",
      nameOf(source!),
      "--rate",
      "4000",
      "--progress",
      "json",
      "--yes",
      "-o",
      "json",
    ]);
    await eventually(() => expect(doneIn(run.stderr)).toBeGreaterThan(500));
    const move = [
      "reshard",
      nameOf(a),
      "--from",
      nameOf(a),
      "--to",
      nameOf(b),
      "--slots",
      "5000",
      "--method",
      method,
      "--yes",
    ];
    expect(await runSlotctl(move)).toMatchObject({ code: 0 });
    const { code, stdout, stderr } = await run.result;
    expect({ code, document: JSON.parse(stdout) }).toMatchObject({
      code: 0,
      document: { counts: { copied: 8000, different: 0 } },
    });
    expect(doneIn(stderr)).toBe(8000);
    expect(differingKeys(before, await contentsOf(cluster.members), 500)).toEqual([]);
  });

  test("a source behind TLS, with an ACL user, in database 3", async () => {
    const { ca, client } = await testCertificates();
    await using cluster = await startCluster(engine, { a: [0, 16_383] });
    const acl = [
      "user default off",
      "user reader on >s3cr&t%s ~* -@all +@read +info +select +randomkey +dump +scan +pexpiretime +command +exists +type",
    ];
    await using sources = await startSource(engine, {
      tls: "client-certificate",
      acl: [...acl, "user admin on >x ~* +@all"],
      credentials: { user: "admin", password: "x" },
    });
    const [source] = sources;
    await fillServer(source!, 500, 3);
    const tls = [
      "--from-tls",
      "--from-cacert",
      ca.certFile,
      "--from-cert",
      client.certFile,
      "--from-key",
      client.keyFile,
    ];
    const args = [nameOf(cluster.nodes.a), "--from", nameOf(source!), ...tls, "--from-user", "reader"];
    const password = { env: { SLOTCTL_FROM_AUTH: "s3cr&t%s", SLOTCTL_AUTH: undefined } };
    const wrong = await runImport([...args, "--from-pass", "nope"], password);
    expect(wrong).toMatchObject({ code: 4, document: { error: { code: "AUTH_FAILED" } } });
    expect(wrong.document.error.hint).toContain("Check --from-user, and the password in SLOTCTL_FROM_AUTH");
    const empty = await runSlotctl(["import", ...args, "--yes"], password);
    expect(empty).toMatchObject({ code: 0, stdout: expect.stringContaining("there are 500 keys in database 3") });
    const asked = await runImport([...args, "--from-askpass", "--db", "3"], { input: "s3cr&t%s\n" });
    expect(asked).toMatchObject({ code: 0, document: { counts: { copied: 500, verified: 500 } } });
    expect(differingKeys(await contentsOf([source!], 3), await contentsOf(cluster.members))).toEqual([]);
    const move = await runImport([...args, "--db", "3", "--move"], password);
    expect(move).toMatchObject({ code: 4, document: { error: { code: "NO_PERMISSION" } } });
    expect((await contentsOf([source!], 3)).size).toBe(500);
  });

  test("all databases at once, another cluster, and a replica", async () => {
    const many = engine.name === "valkey-9.1";
    const settings = many ? { "cluster-databases": 16 } : {};
    await using cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16_383] }, { settings });
    await using other = await startCluster(engine, { x: [0, 100], y: [101, 16_383] }, { replicas: { x: 1 } });
    await using sources = await startSource(engine);
    const [source] = sources;
    const { a } = cluster.nodes;
    await fillServer(source!, 300, 2);
    await fillServer(source!, 200, 5);
    const all = await runImport([nameOf(a), "--from", nameOf(source!), "--db", "all", "--verify", "full"]);
    if (many) {
      expect(all).toMatchObject({ code: 0, document: { counts: { copied: 500, verified: 500 } } });
      for (const database of [2, 5]) {
        const copies = await contentsOf(cluster.members, database);
        expect(differingKeys(await contentsOf([source!], database), copies)).toEqual([]);
      }
    } else {
      expect(all).toMatchObject({ code: 2, document: { error: { code: "IMPORT_REFUSED" } } });
      expect(all.document.error.message).toContain("databases 2 and 5 hold keys, and the cluster has database 0 only");
    }

    await runImport([nameOf(other.nodes.x), "--from", nameOf(source!), "--db", "2"]);
    const { x1 } = other.nodes;
    const across = await runImport([nameOf(a), "--from", nameOf(x1), "--move"]);
    expect(across).toMatchObject({ code: 0, document: { counts: { copied: 300, deleted: 300 } } });
    expect(differingKeys(await contentsOf([source!], 2), await contentsOf(cluster.members))).toEqual([]);
    expect((await contentsOf(other.members)).size).toBe(0);
    const self = await runImport([nameOf(a), "--from", nameOf(cluster.nodes.b)]);
    expect(self).toMatchObject({ code: 3, document: { error: { code: "IMPORT_REFUSED" } } });

    await source!.call("REPLICAOF", sources[0]!.host, "1");
    const replica = await runImport([nameOf(a), "--from", nameOf(source!), "--db", "2", "--move"]);
    expect(replica).toMatchObject({ code: 2, document: { error: { code: "IMPORT_REFUSED" } } });
    const read = await runImport([nameOf(a), "--from", nameOf(source!), "--db", "2"]);
    expect(read).toMatchObject({ code: 0, document: { counts: { equal: 300 } } });
  });
});

const byName = (name: string) => ENGINES.find((engine) => engine.name === name);

/** Valkey 9 refuses the dumps of Redis after 7.2, and all others what is newer than they are. */
const REFUSED = [
  ["redis-8.0", "redis-7.0", 12],
  ["valkey-8.1", "redis-7.0", 11],
  ["redis-8.0", "valkey-9.1", 12],
  ["valkey-9.1", "redis-8.0", 80],
] as const;

describe.each(REFUSED)("import from %s into %s", (from, to, rdbVersion) => {
  const [source, target] = [byName(from), byName(to)];
  test.skipIf(source === undefined || target === undefined)("is refused before anything is written", async () => {
    await using cluster = await startCluster(target!, { a: [0, 16_383] });
    await using sources = await startSource(source!);
    await fillServer(sources[0]!, 20);
    for (const extra of [[], ["--move"], ["--dry-run"]]) {
      const run = await runImport([nameOf(cluster.nodes.a), "--from", nameOf(sources[0]!), ...extra]);
      expect(run).toMatchObject({ code: 3, document: { error: { code: "FORMAT_TOO_NEW" } } });
      expect(run.document.error.message).toContain(
        `(${target!.kind} ${target!.version}) cannot read what ${source!.kind} ${source!.version} dumps (RDB version ${rdbVersion})`,
      );
    }
    expect(await cluster.nodes.a.call("DBSIZE")).toBe(0);
    expect(await sources[0]!.call("DBSIZE")).toBe(20);
  });
});

const READ = [
  ["redis-7.0", "redis-8.0"],
  ["redis-7.0", "valkey-9.1"],
] as const;

describe.each(READ)("import from %s into %s", (from, to) => {
  const [source, target] = [byName(from), byName(to)];
  test.skipIf(source === undefined || target === undefined)("is compared by content where bytes differ", async () => {
    await using cluster = await startCluster(target!, { a: [0, 16_383] });
    await using sources = await startSource(source!);
    await fillServer(sources[0]!, 300);
    const args = [nameOf(cluster.nodes.a), "--from", nameOf(sources[0]!), "--verify", "full"];
    expect(await runImport(args)).toMatchObject({ code: 0, document: { counts: { copied: 300, different: 0 } } });
    expect(await runImport(args)).toMatchObject({ code: 0, document: { changed: false, counts: { equal: 300 } } });
  });
});

test("a source before 7.0 tells how long its keys live still, not until when", async () => {
  const [engine] = ENGINES;
  await using cluster = await startCluster(engine!, { a: [0, 16_383] });
  await using sources = await startSource(engine!, { settings: { "rename-command": "PEXPIRETIME no-such-command" } });
  const [source] = sources;
  await source!.callAll([["SET", "lasting", "1"], ["SET", "expiring", "1", "PXAT", 4_000_000_000_000]]); // biome-ignore format: one line
  const args = [nameOf(cluster.nodes.a), "--from", nameOf(source!), "--verify", "full"];
  expect(await runImport(args)).toMatchObject({ code: 0, document: { counts: { copied: 2, verified: 2 } } });
  expect(await cluster.nodes.a.call("PEXPIRETIME", "lasting")).toBe(-1);
  const moment = Number(await cluster.nodes.a.call("PEXPIRETIME", "expiring"));
  expect(Math.abs(moment - 4_000_000_000_000)).toBeLessThan(1000);
});

test("a key that gets an expiry while no other has one is copied with it", async () => {
  const [engine] = ENGINES;
  await using sources = await startSource(engine!);
  const [source] = sources;
  const reader = await KeyReader.on(await connectPipelined(source!.address, source!.connectSettings));
  const keys = ["a", "b", "none"].map((name) => Buffer.from(name));
  await source!.callAll([
    ["SET", "a", "1"],
    ["SET", "b", "2"],
  ]);
  const moments = async () => {
    const values = await reader.read(keys);
    return { present: values.present(), moments: values.present().map((index) => values.expiresAt(index)) };
  };
  expect(await moments()).toEqual({ present: [0, 1], moments: [undefined, undefined] });
  await source!.call("PEXPIREAT", "b", 4_000_000_000_000);
  expect(await moments()).toEqual({ present: [0, 1], moments: [undefined, 4_000_000_000_000] });
  reader.node.close();
});

/** How many keys a run has got through. */
function doneIn(stderr: string): number {
  const counts = [...stderr.matchAll(/"type":"work-progress"[^\n]*?"done":(\d+)/g)].map(([, count]) => Number(count));
  return Math.max(0, ...counts);
}
