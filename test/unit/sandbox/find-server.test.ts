import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fetchedServer, findServer, parseVersion } from "../../../src/sandbox/find-server.ts";
import { scratchDirectory } from "../../helpers/scratch.ts";

const scratch = scratchDirectory("servers");
afterAll(() => scratch[Symbol.dispose]());

/** A program that tells this version, in the scratch directory. */
function program(path: string, version: string, mode = 0o755): string {
  const file = join(scratch.path, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho '${version}'\n`, { mode });
  return file;
}

const redis = program("bin-redis/redis-server", "Redis server v=7.2.4 sha=00000000:0 malloc=libc bits=64 build=1");
const valkey = program("bin-valkey/valkey-server", "Valkey server v=8.0.1 sha=00000000:0 malloc=libc bits=64 build=1");
const fetched = program("cache/valkey-9.1/bin/valkey-server", "Valkey server v=9.1.2 sha=00000000:0");
const older = program("cache/redis-8.0/bin/redis-server", "Redis server v=8.0.2 sha=00000000:0");
program("cache/redis-7.0/bin/redis-server", "Redis server v=7.0.15", 0o644);

const CACHE = { SLOTCTL_SERVERS_DIR: join(scratch.path, "cache") };
const bothOnPath = { ...CACHE, PATH: `relative:${dirname(valkey)}:${dirname(redis)}` };

test.each([
  ["redis-server before valkey-server, wherever they are on the PATH", { env: bothOnPath }, redis],
  ["valkey-server when it is the only one", { env: { ...CACHE, PATH: dirname(valkey) } }, valkey],
  ["a fetched one when the PATH has none, the first that can be run", { env: { ...CACHE, PATH: "/nowhere" } }, older],
  ["REDIS_SERVER before all that", { env: { ...bothOnPath, REDIS_SERVER: valkey } }, valkey],
  ["no REDIS_SERVER when that is empty", { env: { ...bothOnPath, REDIS_SERVER: "" } }, redis],
  ["--server before REDIS_SERVER", { server: redis, env: { ...bothOnPath, REDIS_SERVER: valkey } }, redis],
  ["a fetched engine by its name", { server: "valkey-9.1", env: bothOnPath }, fetched],
  ["a fetched engine that REDIS_SERVER names", { env: { ...bothOnPath, REDIS_SERVER: "valkey-9.1" } }, fetched],
  ["a command on the PATH by its name", { server: "valkey-server", env: bothOnPath }, valkey],
])("finds %s", async (_, wish, path) => {
  expect(await findServer(wish)).toMatchObject({ path });
});

test("tells engine and version", async () => {
  expect(await findServer({ server: valkey, env: {} })).toEqual({
    path: valkey,
    engine: { name: "valkey", version: "8.0.1" },
  });
});

test.each([
  ["--server", { server: "/nowhere/redis-server", env: bothOnPath }],
  ["--server", { server: "redis-9.9", env: bothOnPath }],
  ["REDIS_SERVER", { env: { ...bothOnPath, REDIS_SERVER: "/nowhere/redis-server" } }],
  ["REDIS_SERVER", { env: { ...bothOnPath, REDIS_SERVER: scratch.path } }],
])("what %s names has to be there", async (source, wish) => {
  await expect(findServer(wish)).rejects.toMatchObject({
    code: "SERVER_NOT_FOUND",
    exitCode: 2,
    message: expect.stringContaining(source),
    hint: expect.stringContaining("npm run servers"),
  });
});

test("says what to do when there is none", async () => {
  const env = { PATH: "/nowhere", SLOTCTL_SERVERS_DIR: "/nowhere" };
  await expect(findServer({ env })).rejects.toMatchObject({
    code: "SERVER_NOT_FOUND",
    exitCode: 1,
    hint: expect.stringContaining("Install redis-server or valkey-server"),
  });
});

test.each([
  ["is another program", "memcached 1.6.18"],
  ["says nothing", ""],
])("a program that %s is not taken", async (_, version) => {
  const server = program("bin-other/other-server", version);
  await expect(findServer({ server, env: {} })).rejects.toMatchObject({
    code: "SERVER_NOT_FOUND",
    message: expect.stringContaining(server),
  });
});

test("looks for fetched engines beside package.json when nothing else is said", () => {
  expect(fetchedServer("redis-7.0", {})).toBe(join(process.cwd(), ".cache/servers/redis-7.0/bin/redis-server"));
});

test.each([
  ["Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1", { name: "redis", version: "7.0.15" }],
  ["Valkey server v=8.1.1 sha=00000000:0", { name: "valkey", version: "8.1.1" }],
  ["Redis server v=255.255.255 sha=1", { name: "redis", version: "255.255.255" }],
  ["redis-cli 7.0.15", undefined],
])("%j is understood", (text, engine) => {
  expect(parseVersion(text)).toEqual(engine);
});
