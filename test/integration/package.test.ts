import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { loadDataSet, openClient } from "../helpers/data-set.ts";
import { BOTH_ENDS } from "../helpers/engines.ts";
import { type PackedSlotctl, packSlotctl } from "../helpers/packed.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { type Environment, slotctlEnvironment } from "../helpers/slotctl-program.ts";
import { startCluster } from "../helpers/start-cluster.ts";

const run = promisify(execFile);

let packed: PackedSlotctl;

beforeAll(async () => {
  packed = await packSlotctl();
});

function node(file: string, ...args: readonly string[]) {
  return run(process.execPath, [file, ...args], { cwd: packed.project, env: slotctlEnvironment() });
}

describe("the package", () => {
  test("holds the program, its manual pages and its types, and nothing else", () => {
    const expected = [
      /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
      /^bin\/slotctl\.cjs$/,
      /^docs\/redis-cli-differences\.md$/,
      /^dist\/[\w-]+\.cjs$/,
      /^dist\/[\w-]+\.js$/,
      /^dist\/types\/([\w-]+\/)*[\w-]+\.d\.ts$/,
      /^man\/slotctl(-[a-z-]+)?\.1$/,
    ];
    expect(packed.files.filter((file) => !expected.some((pattern) => pattern.test(file)))).toEqual([]);
    for (const pattern of expected) expect(packed.files.some((file) => pattern.test(file))).toBe(true);
    const { man } = JSON.parse(readFileSync("package.json", "utf8")) as { man: string[] };
    expect(packed.files).toEqual(expect.arrayContaining(man));
  });

  test("runs as it is", async () => {
    const program = join(packed.project, "node_modules", "slotctl", "bin", "slotctl.cjs");
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect((await node(program, "--version")).stdout).toBe(`${version}\n`);
    expect((await node(program, "keyslot", "foo")).stdout).toContain("12182");
  });
});

describe("the library", () => {
  test.each(BOTH_ENDS)("evens out a cluster as the example shows, on $name", async (engine) => {
    await using cluster = await startCluster(engine, { a: [0, 9999], b: [10_000, 16_383], c: [] });
    const client = openClient(cluster.seeds);
    try {
      await loadDataSet(client, 500);
    } finally {
      client.disconnect();
    }
    const seed = formatAddress(cluster.nodes.a.address);
    const first = await node("rebalance.mjs", seed);
    expect(first.stdout).toMatch(/^(127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+: [\d,-]+\n)+done\n$/);
    expect(first.stderr).toMatch(/\d+ of \d+ slots/);
    expect((await node("rebalance.mjs", seed)).stdout).toBe("nothing to do\n");
    const check = await runSlotctl(["check", seed, "-o", "json"]);
    expect(check).toMatchObject({ code: 0 });
    const info = await runSlotctl(["info", seed, "-o", "json"]);
    const { shards } = JSON.parse(info.stdout) as { shards: { slotCount: number }[] };
    expect(shards.map(({ slotCount }) => slotCount).sort()).toEqual([5461, 5461, 5462]);
  });

  test("fails with the errors and exit codes of slotctl", async () => {
    await expect(node("rebalance.mjs", "127.0.0.1:1")).rejects.toMatchObject({
      code: 4,
      stderr: "NODE_UNREACHABLE: Could not connect to 127.0.0.1:1: connection refused\n",
    });
  });

  test("has types that TypeScript understands without its sources", async () => {
    const wrong = 'import { planRebalance } from "slotctl";\nplanRebalance("no cluster");\n';
    writeFileSync(join(packed.project, "wrong.mts"), wrong);
    const check = (file: string) =>
      run(
        process.execPath,
        [
          resolve("node_modules/typescript/bin/tsc"),
          ...["--noEmit", "--allowJs", "--checkJs", "--strict", "--exactOptionalPropertyTypes", "--module", "nodenext"],
          ...["--target", "es2022", "--lib", "es2023,esnext.disposable", "--types", "node", file],
        ],
        { cwd: packed.project },
      );
    await check("rebalance.mjs");
    await expect(check("wrong.mts")).rejects.toMatchObject({ stdout: expect.stringContaining("wrong.mts(2,15)") });
  });
});

describe("what is loaded", () => {
  const TRACE = `
    import { appendFileSync } from "node:fs";
    import { createRequire, register } from "node:module";
    process.on("exit", () => {
      const required = Object.keys(createRequire(import.meta.url).cache);
      appendFileSync(process.env.LOADED, required.join(" "));
    });
    register("data:text/javascript," + encodeURIComponent(\`
      import { appendFileSync } from "node:fs";
      export async function load(url, context, next) {
        if (url.startsWith("file:")) appendFileSync(process.env.LOADED, url + "\\\\n");
        return next(url, context);
      }\`));`;

  /** The packages that a run loads, those only that slotctl depends on itself. */
  async function packagesOf(line: string, more: Environment = {}): Promise<readonly string[]> {
    const directory = scratchDirectory("trace").path;
    writeFileSync(join(directory, "trace.mjs"), TRACE);
    const loaded = join(directory, "loaded");
    writeFileSync(loaded, "");
    const program = resolve("bin/slotctl.cjs");
    const env = slotctlEnvironment({ ...more, LOADED: loaded });
    const args = ["--import", join(directory, "trace.mjs"), program, ...line.split(" ")];
    await run(process.execPath, args, { env }).catch(() => 0);
    const urls = readFileSync(loaded, "utf8");
    expect(urls).toContain("bin/slotctl.cjs");
    const ours = ["chalk", "commander", "inquirer", "ioredis", "ora", "yaml"];
    return ours.filter((name) => urls.includes(`/node_modules/${name}/`));
  }

  test.each([
    ["--version", []],
    ["--help", ["commander"]],
    ["check --help", ["commander"]],
    ["keyslot foo", ["commander"]],
    ["schema check", ["commander"]],
    ["__complete line slotctl", ["commander"]],
    ["check 127.0.0.1:1", ["commander"]],
    ["call 127.0.0.1:1 PING", ["commander", "ioredis"]],
  ])("slotctl %s loads %j", async (line, packages) => {
    expect(await packagesOf(line)).toEqual(packages);
  });

  test("what paints is loaded where there is colour", async () => {
    expect(await packagesOf("keyslot foo", { FORCE_COLOR: "1" })).toEqual(["chalk", "commander"]);
  });
});
