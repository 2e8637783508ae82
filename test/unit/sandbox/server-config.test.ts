import { expect, test } from "vitest";
import { baseSettings, clusterSettings, configText, quote } from "../../../src/sandbox/server-config.ts";

test.each([
  ["/srv/plain", '"/srv/plain"'],
  ["/srv/with blank", '"/srv/with blank"'],
  ['/srv/"quoted" \\ it', '"/srv/\\"quoted\\" \\\\ it"'],
  ["line\nbreak\x7f", '"line\\x0abreak\\x7f"'],
  ["/srv/ümlaut", '"/srv/ümlaut"'],
])("%j is quoted as redis.conf wants it", (value, quoted) => {
  expect(quote(value)).toBe(quoted);
});

const REDIS = { name: "redis", version: "7.0.15" } as const;

test.each([
  ["127.0.0.2", { name: "valkey", version: "10.0.0" }, "127.0.0.2"],
  ["::1", REDIS, "::1"],
  ["localhost", REDIS, undefined],
  ["127.0.0.2", { name: "redis", version: "6.2.14" }, undefined],
] as const)("a server on %s, %o, speaks to the others from %s", (host, engine, source) => {
  expect(baseSettings({ directory: "/srv", host, port: 7000, engine })["bind-source-addr"]).toBe(source);
});

test("a list makes a line for each value, an empty one and no value none", () => {
  const settings = { port: 7000, "rename-command": ["FLUSHALL x", "KEYS y"], save: [], dir: undefined };
  expect(configText(settings)).toBe("port 7000\nrename-command FLUSHALL x\nrename-command KEYS y\n");
});

test("a sandbox server keeps to its directory, its address and its memory", () => {
  const place = { directory: "/srv/7000", host: "127.0.0.1", port: 7000 };
  const text = configText({ ...baseSettings({ ...place, engine: REDIS }), ...clusterSettings(2000) });
  expect(text).toBe(`dir "/srv/7000"
port 7000
bind 127.0.0.1
bind-source-addr 127.0.0.1
protected-mode no
daemonize no
logfile server.log
loglevel notice
save ""
appendonly no
repl-diskless-sync-delay 0
cluster-enabled yes
cluster-config-file nodes.conf
cluster-node-timeout 2000
`);
});
