import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { differencesOf, loadDataSet, openClient, readDataSet } from "../helpers/data-set.ts";
import { ENGINES } from "../helpers/engines.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { type ScratchDirectory, scratchDirectory } from "../helpers/scratch.ts";
import { slotctlEnvironment } from "../helpers/slotctl-program.ts";
import { startServers } from "../helpers/start-servers.ts";

const FIRST_PORT = 7000;
const SERVERS = 9;

/** What a reader would type, line by line: code blocks as they are, and of those with prompts what stands behind one. */
function linesIn(text: string): readonly string[] {
  return [...text.matchAll(/^```(sh|console)\n([\s\S]*?)^```/gm)].flatMap(([, language, body]) =>
    body!
      .split("\n")
      .flatMap((line) => (language === "sh" ? [line] : (/^\$ (.*)$/.exec(line)?.[1] ?? [])))
      .filter((line) => line.includes("slotctl ")),
  );
}

const README = readFileSync("README.md", "utf8");
const TOUR = /^## A tour\n[\s\S]*?(?=^## )/m.exec(README)?.[0] ?? "";

/** The same line for the ports of this run. */
function here(line: string, base: number, standalone: string): string {
  return line
    .replaceAll("127.0.0.1:6379", standalone)
    .replaceAll(/\b70(\d\d)\b/g, (_, digits: string) => String(base + Number(digits)));
}

/** A port from which on the sandbox finds as many as it needs; the sandbox itself says whether it does. */
async function startSandbox(env: Record<string, string>, standalone: string, line: string): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const base = 10_000 + Math.floor(Math.random() * 9000);
    const { code, stderr } = await runSlotctl(here(line, base, standalone).split(" ").slice(1), { env });
    if (code === 0) return base;
    expect(stderr).toContain("taken");
  }
  throw new Error(`There are no ${SERVERS} free ports in a row`);
}

/** A slotctl on the PATH, as after an installation. */
function installed(scratch: ScratchDirectory): string {
  const directory = join(scratch.path, "bin");
  mkdirSync(directory);
  symlinkSync(resolve("bin/slotctl.cjs"), join(directory, "slotctl"));
  return directory;
}

const engine = ENGINES.at(-1)!;

test(`the tour of the README can be typed as it stands, on ${engine.name}`, async () => {
  using scratch = scratchDirectory("readme");
  await using standalone = await startServers(engine, { mode: "standalone" });
  const source = standalone[0]!;
  await source.callAll([
    ["SET", "zero", "0"],
    ["SELECT", 3],
    ["SET", "three", "3", "PX", 3_600_000],
    ["SELECT", 0],
  ]);
  const old = formatAddress(source.address);
  const env = slotctlEnvironment({
    PATH: `${installed(scratch)}:${process.env.PATH}`,
    REDIS_SERVER: engine.server,
    XDG_STATE_HOME: scratch.path,
  });
  const [begin, ...lines] = linesIn(TOUR);
  expect(begin).toContain(`sandbox start --nodes ${SERVERS} --base-port ${FIRST_PORT}`);
  expect(lines.length).toBeGreaterThan(25);
  const base = await startSandbox(env, old, begin!);
  try {
    const type = async (line: string) => {
      const words = here(line, base, old);
      const run = promisify(execFile)("bash", ["-c", words], { env, cwd: scratch.path });
      return run.catch((error: unknown) => expect.unreachable(`${line}\n${JSON.stringify(error)}`));
    };
    const create = lines.findIndex((line) => line.includes("slotctl create"));
    for (const line of lines.slice(0, create + 1)) await type(line);
    const client = openClient([{ host: "127.0.0.1", port: base, busPort: base + 10_000 }]);
    const keys = await loadDataSet(client, 1000);
    const before = await readDataSet(client, keys);
    for (const line of lines.slice(create + 1, -1)) await type(line);
    expect(differencesOf(before, await readDataSet(client, keys))).toEqual([]);
    expect([await client.get("zero"), await client.get("three")]).toEqual(["0", "3"]);
    client.disconnect();
    expect((await type(lines.at(-1)!)).stdout).toContain(`stopped ${SERVERS} servers`);
  } finally {
    await runSlotctl(["sandbox", "stop"], { env });
  }
});

test(`what else the README shows runs as well, on ${engine.name}`, async () => {
  using scratch = scratchDirectory("readme");
  await using servers = await startServers(engine, {
    hosts: ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.1", "127.0.0.2", "127.0.0.3"],
  });
  const addresses = servers.map(({ address }) => formatAddress(address));
  const env = slotctlEnvironment({ PATH: `${installed(scratch)}:${process.env.PATH}`, XDG_STATE_HOME: scratch.path });
  const lines = linesIn(README.replace(TOUR, "")).map((line) =>
    line
      .replace(/127\.0\.0\.\{1,2,3\}:\{7100,7101\}|10\.0\.0\.\{1\.\.6\}:6379/, addresses.join(" "))
      .replaceAll(/\b(10\.0\.0\.1:6379|127\.0\.0\.1:7000|localhost:7001)\b/g, addresses[0]!)
      .replaceAll("localhost:7002", addresses[1]!)
      // What others do with the output is their business.
      .replace(/ \|.*$/, ""),
  );
  // First what needs blank servers, then the cluster that everything else is asked of.
  const order = (line: string) => (line.includes("--dry-run") ? 0 : line.includes("slotctl create") ? 1 : 2);
  const sorted = lines.toSorted((one, other) => order(one) - order(other));
  expect(sorted.map(order).slice(0, 3)).toEqual([0, 1, 2]);
  for (const line of sorted) {
    const run = promisify(execFile)("bash", ["-c", line], { env, cwd: scratch.path });
    await run.catch((error: unknown) => expect.unreachable(`${line}\n${JSON.stringify(error)}`));
  }
});
