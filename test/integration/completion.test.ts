import { execFile, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SCRIPTS, SHELLS } from "../../src/cli/completion/scripts.ts";
import { formatAddress } from "../../src/model/address.ts";
import { ENGINES } from "../helpers/engines.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { startScriptedServer } from "../helpers/scripted-server.ts";
import { slotctlCommand, slotctlEnvironment } from "../helpers/slotctl-program.ts";
import { startCluster, type TestCluster } from "../helpers/start-cluster.ts";

const isThere = (shell: string) => spawnSync(shell, ["--version"]).error === undefined;

/** A shell in a directory with two files and a folder, with slotctl on its PATH. */
function world() {
  const home = scratchDirectory("home").path;
  const [file, args] = slotctlCommand([]);
  mkdirSync(join(home, "bin"));
  writeFileSync(join(home, "bin", "slotctl"), `#!/bin/sh\nexec '${file}' '${args[0]}' "$@"\n`);
  chmodSync(join(home, "bin", "slotctl"), 0o755);
  mkdirSync(join(home, "here", "a folder"), { recursive: true });
  writeFileSync(join(home, "here", "a plan.json"), "");
  const config = join(home, "config", "slotctl");
  mkdirSync(config, { recursive: true });
  const env = slotctlEnvironment({
    PATH: `${join(home, "bin")}:${process.env.PATH}`,
    HOME: home,
    XDG_CONFIG_HOME: join(home, "config"),
  });
  return {
    run: async (shell: string, script: string, ...words: readonly string[]) =>
      (await promisify(execFile)(shell, ["-c", script, shell, ...words], { env, cwd: join(home, "here") })).stdout,
    contexts: (yaml: string) => writeFileSync(join(config, "config.yaml"), yaml, { mode: 0o600 }),
  };
}

const bash = `
source <(slotctl completion bash)
compopt() { :; }
COMP_LINE=$1 COMP_POINT=\${#1}
_slotctl slotctl
[[ \${#COMPREPLY[@]} -eq 0 ]] || printf '%s\\n' "\${COMPREPLY[@]}"`;

const { run, contexts } = world();

/** What bash would offer; of a word with colons the part behind the last one. */
async function offered(line: string): Promise<readonly string[]> {
  return (await run("bash", bash, line)).split("\n").filter(Boolean).sort();
}

let cluster: TestCluster<"a" | "b">;

beforeAll(async () => {
  cluster = await startCluster(ENGINES[0]!, { a: [0, 8191], b: [8192, 16_383] }, { replicas: { a: 1 } });
  contexts(`contexts:\n  prod:\n    seeds: [${formatAddress(cluster.nodes.a.address)}]\n`);
});
afterAll(() => cluster?.[Symbol.asyncDispose]());

function ports(): string[] {
  return cluster.members.map(({ address }) => String(address.port)).sort();
}

describe("bash completes", () => {
  test("commands, options and their values", async () => {
    expect(await offered("slotctl reb")).toEqual(["rebalance", "rebalance-replicas"]);
    expect(await offered("slotctl check --qui")).toEqual(["--quick", "--quiet"]);
    expect(await offered("slotctl --output=j")).toEqual(["json"]);
    expect(await offered("slotctl frobnicate --n")).toEqual(["--no-color"]);
  });

  test("files and folders", async () => {
    expect(await offered("slotctl apply a")).toEqual(["a folder", "a plan.json"]);
    expect(await offered("slotctl check --cacert=a")).toEqual(["a folder", "a plan.json"]);
    expect(await offered("slotctl backup verify a")).toEqual(["a folder"]);
  });

  test("contexts and their seeds", async () => {
    const { port } = cluster.nodes.a.address;
    expect(await offered("slotctl --context ")).toEqual(["prod"]);
    expect(await offered("slotctl check ")).toEqual([`127.0.0.1:${port}`]);
    expect(await offered("slotctl check 127.0.0.1:")).toEqual([String(port)]);
  });

  test("nodes of the cluster that the command line names", async () => {
    const { a, b } = cluster.nodes;
    const seed = formatAddress(a.address);
    expect(await offered(`slotctl reshard ${seed} --to `)).toEqual(ports().map((port) => `127.0.0.1:${port}`));
    expect(await offered(`slotctl reshard ${seed} --from=127.0.0.1:${b.address.port},127.0.0.1:`)).toEqual(
      ports().filter((port) => port !== String(b.address.port)),
    );
    expect(await offered(`slotctl reshard -h 127.0.0.1 -p ${a.address.port} --to ${b.id.slice(0, 12)}`)).toEqual([
      b.id,
    ]);
    expect(await offered(`slotctl rebalance ${seed} --weight 127.0.0.1:${b.address.port}`)).toEqual([
      `${b.address.port}=`,
    ]);
  });

  test("nodes of the cluster that a context names", async () => {
    expect(await offered("slotctl failover --context prod 127.0.0.1:")).toEqual(ports());
    expect(await offered("slotctl failover --context nobody 127.0.0.1:")).toEqual([]);
  });
});

test("a server that does not answer, refuses or is not there leaves nothing to offer, and no word", async () => {
  await using silent = await startScriptedServer(() => "silence");
  for (const seed of [formatAddress(silent.address), "127.0.0.1:1"]) {
    const asked = await runSlotctl(["__complete", "line", `slotctl failover ${seed} `]);
    expect(asked).toMatchObject({ code: 0, stdout: "words\n", stderr: "" });
  }
  expect(silent.calls.length).toBeGreaterThan(0);
});

test("no program is run for a password, and nobody is asked for one", async () => {
  const seed = formatAddress(cluster.nodes.a.address);
  const { path } = scratchDirectory("trace");
  const other = world();
  other.contexts(`contexts:\n  prod:\n    seeds: ["${seed}"]\n    password-command: [touch, "${path}/run"]\n`);
  expect(await other.run("bash", bash, "slotctl failover --context prod ")).toBe(`${seed}\n`);
  expect(await other.run("bash", bash, "slotctl failover --askpass --context prod ")).toBe(`${seed}\n`);
  expect(spawnSync("ls", [path]).stdout.toString()).toBe("");
});

test.each(SHELLS)("the script for %s is the one that is printed, as JSON as well", async (shell) => {
  const printed = await runSlotctl(["completion", shell]);
  expect(printed).toMatchObject({ code: 0, stdout: SCRIPTS[shell], stderr: "" });
  const document = await runSlotctl(["completion", shell, "-o", "json"]);
  expect(JSON.parse(document.stdout)).toMatchObject({ ok: true, shell, script: SCRIPTS[shell] });
});

test.each(SHELLS.filter(isThere))("%s can read its script", (shell) => {
  expect(spawnSync(shell, ["-n"], { input: SCRIPTS[shell], encoding: "utf8" })).toMatchObject({
    status: 0,
    stderr: "",
  });
});
