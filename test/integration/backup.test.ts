import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { redisCliAddress } from "../../src/view/redis-cli/style.ts";
import { differencesOf, loadDataSet, openClient, readDataSet } from "../helpers/data-set.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { runOriginal } from "../helpers/original-cli.ts";
import { runSlotctl, startSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { slotctlCommand, slotctlEnvironment } from "../helpers/slotctl-program.ts";
import { startCluster } from "../helpers/start-cluster.ts";
import type { TestServer } from "../helpers/test-server.ts";
import { testCertificates } from "../helpers/tls.ts";

const THIRDS = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;
const FIFTHS = {
  a: [0, 3000],
  b: [3001, 6000],
  c: [6001, 9000],
  d: [9001, 12_000],
  e: [12_001, 16_383],
} as const;
const QUICK = ["--progress", "none", "-o", "json"];
const LIBRARY = "#!lua name=lib\nredis.register_function('one', function() return 1 end)";

function nameOf({ address }: TestServer): string {
  return formatAddress(address);
}

interface Document {
  readonly ok: boolean;
  readonly changed: boolean;
  readonly shards: readonly { readonly file: string; readonly source: { readonly role: string } }[];
  readonly counts: Readonly<Record<string, number>>;
  readonly files: readonly {
    readonly file: string;
    readonly ok: boolean;
    readonly problem?: { readonly kind: string };
  }[];
  readonly error: { readonly code: string; readonly message: string; readonly details: readonly string[] };
}

async function run(args: readonly string[], options: Parameters<typeof runSlotctl>[1] = {}) {
  const result = await runSlotctl([...args, ...QUICK], { timeout: 60_000, ...options });
  return { ...result, document: JSON.parse(result.stdout) as Document };
}

/** One transfer whose length is known beforehand, and others whose length is not. */
const BOTH_TRANSFERS = (index: number) => ({ "repl-diskless-sync": index === 0 ? "no" : "yes" });

describe.each(ENGINES)("backup of $name", (engine: TestEngine) => {
  const restoreArgs = ["--server", engine.server, "--yes"];

  test("restores into the same three shards and into five, key by key; what is damaged is refused", async () => {
    using scratch = scratchDirectory();
    const directory = join(scratch.path, "set");
    await using cluster = await startCluster(engine, THIRDS, { settings: BOTH_TRANSFERS });
    const { a } = cluster.nodes;
    const client = openClient(cluster.seeds);
    const keys = await loadDataSet(client, 800);
    for (const member of cluster.members) await member.call("FUNCTION", "LOAD", LIBRARY);
    const before = await readDataSet(client, keys);
    expect(before).toHaveLength(keys.length);

    expect(await run(["backup", nameOf(a), directory, "--verify"])).toMatchObject({
      code: 0,
      document: { ok: true, changed: false, verified: true, functions: ["lib"], partial: false },
    });
    expect(await run(["backup", "verify", directory])).toMatchObject({ code: 0, document: { ok: true, missing: "" } });

    const full = await run(["restore", nameOf(a), directory, ...restoreArgs]);
    expect(full).toMatchObject({ code: 3, document: { error: { code: "CLUSTER_NOT_EMPTY" } } });
    for (const member of cluster.members) await member.callAll([["FLUSHALL"], ["FUNCTION", "FLUSH"]]);
    expect(await runSlotctl(["restore", nameOf(a), directory, "--server", engine.server])).toMatchObject({ code: 2 });
    await refusesDamaged(nameOf(a), directory, scratch.path, restoreArgs);
    expect(await cluster.nodes.a.call("DBSIZE")).toBe(0);

    const same = await run(["restore", nameOf(a), directory, ...restoreArgs, "--verify", "full"]);
    expect(same).toMatchObject({ code: 0, document: { ok: true, changed: true, counts: { copied: keys.length, different: 0 } } }); // biome-ignore format: one line
    expect(differencesOf(before, await readDataSet(client, keys))).toEqual([]);
    for (const member of cluster.members) expect(JSON.stringify(await member.call("FUNCTION", "LIST"))).toContain("one"); // biome-ignore format: one line
    client.disconnect();
    const again = await run(["restore", nameOf(a), directory, ...restoreArgs, "--resume"]);
    expect(again).toMatchObject({ code: 0, document: { ok: true, changed: false, counts: { copied: 0, equal: keys.length } } }); // biome-ignore format: one line

    await using five = await startCluster(engine, FIFTHS);
    const seed = nameOf(five.nodes.c);
    const dry = await run(["restore", seed, directory, "--server", engine.server, "--dry-run", "--detailed-exitcode"]);
    expect(dry).toMatchObject({ code: 10, document: { changed: false, dryRun: true } });
    expect(await run(["restore", seed, directory, ...restoreArgs])).toMatchObject({ code: 0, document: { counts: { copied: keys.length } } }); // biome-ignore format: one line
    const other = openClient(five.seeds);
    expect(differencesOf(before, await readDataSet(other, keys))).toEqual([]);
    other.disconnect();
  });

  test.skipIf(engine.cli === undefined)("17.10.130, 17.10.131, 17.10.132 the files of the original tool", async () => {
    using scratch = scratchDirectory();
    const [ours, theirs] = ["ours", "theirs"].map((name) => join(scratch.path, name));
    mkdirSync(ours!);
    mkdirSync(theirs!);
    await using cluster = await startCluster(engine, THIRDS, { replicas: { a: 1 } });
    const { a, b } = cluster.nodes;
    const client = openClient(cluster.seeds);
    const keys = await loadDataSet(client, 100);
    const before = await readDataSet(client, keys);
    const args = (directory: string) => ["--cluster", "backup", redisCliAddress(b.address), directory];
    // A backup over a larger file is no larger than it has to be.
    const file = `${engine.kind}-node-${b.host}-${b.port}-${b.id}.rdb`;
    writeFileSync(join(ours!, file), Buffer.alloc(1_000_000, "x"));
    const compare = async () => {
      const mine = await runSlotctl(args(ours!));
      const real = await runOriginal(engine, args(theirs!));
      expect({ code: mine.code, stderr: mine.stderr }).toEqual({ code: real.code, stderr: "" });
      expect(mine.stdout.replaceAll(ours!, theirs!)).toBe(real.stdout);
      expect(readFileSync(join(ours!, "nodes.json"), "utf8")).toBe(readFileSync(join(theirs!, "nodes.json"), "utf8"));
      expect(readdirSync(ours!).sort()).toEqual(["manifest.json", ...readdirSync(theirs!)].sort());
    };
    await compare();
    for (const directory of [ours!, theirs!])
      expect(await run(["backup", "verify", directory])).toMatchObject({ code: 0 });
    for (const member of [a, b, cluster.nodes.c]) await member.call("FLUSHALL");
    const restored = await runSlotctl(["restore", nameOf(a), theirs!, ...restoreArgs]);
    expect(restored).toMatchObject({ code: 0, stderr: expect.stringContaining("warning: the backup has no manifest") });
    expect(differencesOf(before, await readDataSet(client, keys))).toEqual([]);
    client.disconnect();

    const missing = await runSlotctl(args(join(scratch.path, "none")));
    expect(missing).toMatchObject({ code: 1, stdout: expect.stringMatching(/\n\[ERR\] \S+ is not a valid directory\n$/) }); // biome-ignore format: one line
    expect(missing.stdout).not.toContain("Saving RDB");

    await b.callAll([["CLUSTER", "SETSLOT", 6000, "MIGRATING", a.id]]);
    await compare();
    expect(readFileSync(join(ours!, "nodes.json"), "utf8")).toContain('"cluster_errors": 1');
    expect(await run(["backup", nameOf(a), join(scratch.path, "open")])).toMatchObject({ code: 3, document: { error: { code: "BACKUP_INCOMPLETE" } } }); // biome-ignore format: one line
  });
});

/** Cut short, with one bit flipped, or without one of its files: verify says so, and restore does nothing. */
async function refusesDamaged(seed: string, directory: string, scratch: string, restoreArgs: readonly string[]) {
  const damages: Readonly<Record<string, (path: string) => void>> = {
    size: (path) => truncateSync(path, readFileSync(path).length - 1),
    digest: (path) => {
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1]! ^= 4;
      writeFileSync(path, bytes);
    },
  };
  for (const [kind, damage] of Object.entries(damages)) {
    const copy = join(scratch, kind);
    cpSync(directory, copy, { recursive: true });
    const file = readdirSync(copy).find((name) => name.endsWith(".rdb"))!;
    damage(join(copy, file));
    const verified = await run(["backup", "verify", copy]);
    expect(verified).toMatchObject({ code: 3, document: { ok: false } });
    expect(verified.document.files.filter(({ ok }) => !ok)).toMatchObject([{ file, problem: { kind } }]);
    const restored = await run(["restore", seed, copy, ...restoreArgs]);
    expect(restored).toMatchObject({ code: 3, document: { error: { code: "BACKUP_DAMAGED" } } });
  }
}

/** Expensive, and hardly a matter of the engine: one of them each, or the only one there is. */
const only = (name: string) => [ENGINES.find((engine) => engine.name === name) ?? ENGINES[0]!];

describe.each(only("valkey-9.1"))("backup of $name, disturbed", (engine: TestEngine) => {
  test("a node that dies or falls silent, a full disk, a kill: no new backup, and the old one as it was", async () => {
    using scratch = scratchDirectory();
    const [old, fresh] = ["old", "fresh"].map((name) => join(scratch.path, name));
    await using cluster = await startCluster(engine, THIRDS, { settings: { appendonly: "yes" } });
    const { a, c } = cluster.nodes;
    const client = openClient(cluster.seeds);
    await loadDataSet(client, 600);
    client.disconnect();
    expect(await run(["backup", nameOf(a), old!])).toMatchObject({ code: 0 });
    const filesOf = (directory: string) => readdirSync(directory).map((name) => [name, readFileSync(join(directory, name)).toString("hex")]); // biome-ignore format: one line
    const kept = filesOf(old!);
    expect(await run(["backup", nameOf(a), old!])).toMatchObject({ code: 1, document: { error: { code: "BACKUP_EXISTS" } } }); // biome-ignore format: one line
    expect(await run(["backup", nameOf(a), join(scratch.path, "x", "y")])).toMatchObject({ code: 1, document: { error: { code: "DIRECTORY_UNUSABLE" } } }); // biome-ignore format: one line

    // Slow enough to be met on its way: 20 ms a key.
    await c.call("CONFIG", "SET", "rdb-key-save-delay", 20_000);
    const WATCHED = ["--overwrite", "--progress", "json", "-o", "json"];
    const underWay = ({ stderr }: { readonly stderr: string }) => expect(stderr).toContain(`"lane":"${nameOf(c)}"`);
    for (const directory of [old!, fresh!]) {
      using silent = startSlotctl(["backup", nameOf(a), directory, "--timeout", "1500ms", ...WATCHED]);
      await eventually(() => underWay(silent));
      await c.pause();
      const { code, stdout } = await silent.result;
      c.resume();
      expect({ code, document: JSON.parse(stdout) }).toMatchObject({ code: 4, document: { error: { code: "NODE_SILENT" } } }); // biome-ignore format: one line
    }
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGKILL", null],
    ] as const) {
      using stopped = startSlotctl(["backup", nameOf(a), old!, ...WATCHED]);
      await eventually(() => underWay(stopped));
      expect(await run(["backup", nameOf(a), old!, "--overwrite"])).toMatchObject({ code: 1, document: { error: { code: "DIRECTORY_IN_USE" } } }); // biome-ignore format: one line
      stopped.kill(signal);
      expect(await stopped.result).toMatchObject({ code });
    }
    // What the killed one left is taken away by the next.
    using dying = startSlotctl(["backup", nameOf(a), old!, ...WATCHED]);
    await eventually(() => underWay(dying));
    await c.kill();
    const { code, stdout } = await dying.result;
    expect({ code, document: JSON.parse(stdout) }).toMatchObject({ code: 4, document: { ok: false } });
    expect(filesOf(old!)).toEqual(kept);
    expect(existsSync(fresh!)).toBe(false);
    expect(await run(["backup", nameOf(a), fresh!])).toMatchObject({ code: 3, document: { error: { code: "BACKUP_INCOMPLETE" } } }); // biome-ignore format: one line
    expect(await run(["backup", nameOf(a), fresh!, "--partial"])).toMatchObject({
      code: 0,
      document: { partial: true },
    });
    await c.start();
    await cluster.waitUntilAgreed();

    const full = await runWithLimit(8, ["backup", nameOf(a), old!, "--overwrite", ...QUICK]);
    expect({ ...full, document: JSON.parse(full.stdout) }).toMatchObject({ code: 1, document: { error: { code: "DISK_FULL" } } }); // biome-ignore format: one line
    expect(filesOf(old!)).toEqual(kept);

    const second = await run(["backup", nameOf(a), old!, "--overwrite", "--acl", "--verify"]);
    expect(second).toMatchObject({ code: 0, document: { ok: true } });
    const names = [...second.document.shards.map(({ file }) => file), "manifest.json", "nodes.json", "users.acl"];
    expect(readdirSync(old!).sort()).toEqual(names.sort());
    expect(readFileSync(join(old!, "users.acl"), "utf8")).toMatch(/^user default on /);
  });
});

describe.each(only("redis-7.0"))("backup of $name, elsewhere", (engine: TestEngine) => {
  test("from replicas, by an ACL user over TLS; restored by two runs, the first of them killed", async () => {
    using scratch = scratchDirectory();
    const directory = join(scratch.path, "set");
    const { ca, client: certificate } = await testCertificates();
    const acl = ["user default on nopass ~* &* +@all", "user saver on >s3c%t -@all +info +cluster +config +function|list +sync +psync +replconf +latency"]; // biome-ignore format: one line
    await using secure = await startCluster(engine, { a: [0, 16_383] }, { tls: "client-certificate", acl, replicas: { a: 1 } }); // biome-ignore format: one line
    const { a } = secure.nodes;
    await a.callAll(Array.from({ length: 4000 }, (_, i) => ["SET", `key ${i}`, `value ${i}`]));
    const tls = ["--tls", "--cacert", ca.certFile, "--cert", certificate.certFile, "--key", certificate.keyFile];
    const login = { env: { SLOTCTL_AUTH: "s3c%t" } };
    await eventually(async () => expect(await secure.nodes.a1.call("DBSIZE")).toBe(4000));
    const saved = await run(["backup", nameOf(a), directory, "--from-replicas", "--user", "saver", ...tls], login);
    expect(saved).toMatchObject({ code: 0, document: { shards: [{ source: { role: "replica" } }] } });

    await using cluster = await startCluster(engine, { a: [0, 8000], b: [8001, 16_383] });
    const args = ["restore", nameOf(cluster.nodes.b), directory, "--server", engine.server, "--yes"];
    const env = { TMPDIR: scratch.path };
    using killed = startSlotctl([...args, "--rate", "3000", ...QUICK], { env });
    const size = async () =>
      Number(await cluster.nodes.a.call("DBSIZE")) + Number(await cluster.nodes.b.call("DBSIZE"));
    await eventually(async () => expect(await size()).toBeGreaterThan(500));
    killed.kill("SIGKILL");
    await killed.result;
    const half = await size();
    expect(half).toBeLessThan(4000);
    await eventually(() => expect(readdirSync(scratch.path)).toEqual(["set"]));
    const resumed = await run([...args, "--resume", "--verify", "full"], { env });
    expect(resumed).toMatchObject({
      code: 0,
      document: { counts: { equal: half, copied: 4000 - half, different: 0 } },
    });
    expect(readdirSync(scratch.path)).toEqual(["set"]);
  });
});

/** Runs slotctl where no file may be larger than so many kB: a write fails in the middle of one. */
function runWithLimit(kilobytes: number, args: readonly string[]): Promise<{ code: number; stdout: string }> {
  const [file, fileArgs] = slotctlCommand(args);
  const script = `ulimit -f ${kilobytes}; exec "$0" "$@"`;
  return new Promise((resolve) => {
    execFile("bash", ["-c", script, file, ...fileArgs], { env: slotctlEnvironment({}) }, (error, stdout) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout });
    });
  });
}
