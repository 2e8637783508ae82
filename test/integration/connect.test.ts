import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { resp } from "../helpers/resp.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { scriptOf, startHttpServer, startScriptedServer, startSilentServer } from "../helpers/scripted-server.ts";
import { startCluster } from "../helpers/start-cluster.ts";
import { startServers } from "../helpers/start-servers.ts";
import { testCertificates } from "../helpers/tls.ts";

const ONE = { a: [0, 16383] } as const;

/** Runs `check --quick` there and expects one error line and one hint, and exit 4. */
async function expectRefusal(address: string, error: string | RegExp, options: readonly string[] = [], env = {}) {
  const run = await runSlotctl(["check", address, "--quick", "--timeout", "2s", ...options], { env });
  expect(run.stderr).toMatch(error);
  expect(run.stderr.trimEnd().split("\n")).toHaveLength(2);
  expect(run.stderr).toMatch(/^error: .*\nhint: .*\n$/);
  expect(run).toMatchObject({ code: 4, stdout: "" });
  return run;
}

async function expectReached(address: string, options: readonly string[] = [], env = {}) {
  const run = await runSlotctl(["check", address, "--quick", ...options], { env });
  expect(run.stdout).toMatch(/^ok nodes=1\/1 slots=16384\/16384/);
  expect(run.code).toBe(0);
}

describe("something else than a cluster node", () => {
  test("nothing listens", async () => {
    await using http = await startHttpServer();
    const { address } = http;
    await http[Symbol.asyncDispose]();
    await expectRefusal(formatAddress(address), /connection refused/);
  });

  test("a name that does not resolve", async () => {
    await expectRefusal("no-such-host.invalid:7000", /the name no-such-host\.invalid cannot be resolved/);
  });

  test("a web server", async () => {
    await using http = await startHttpServer();
    await expectRefusal(formatAddress(http.address), /does not speak the Redis protocol|closed the connection/);
  });

  test("a server that accepts and says nothing costs one timeout", async () => {
    await using silent = await startSilentServer();
    await expectRefusal(formatAddress(silent.address), /did not answer within 2 s/);
    await expectRefusal(formatAddress(silent.address), /no TLS answer within 2 s/, ["--tls"]);
  });

  test("a server whose answers make no sense is named, with what it said made harmless", async () => {
    const nonsense = scriptOf({
      INFO: resp.bulk("redis_version:7.0.0\r\nredis_mode:cluster"),
      "CLUSTER NODES": resp.bulk("oh \u001b[2J no"),
      "CLUSTER INFO": resp.bulk(""),
    });
    await using server = await startScriptedServer(nonsense);
    const { stderr } = await expectRefusal(formatAddress(server.address), /gave an answer that makes no sense/);
    expect(stderr).not.toContain("\u001b");
  });

  test("a server that is still loading says so", async () => {
    const loading = resp.error("LOADING Redis is loading the dataset in memory");
    await using server = await startScriptedServer(
      scriptOf({
        INFO: resp.bulk("redis_version:7.0.0\r\nredis_mode:cluster"),
        "CLUSTER NODES": loading,
        "CLUSTER INFO": loading,
      }),
    );
    await expectRefusal(formatAddress(server.address), /is still loading its data set/);
  });

  test("of several seeds the first that answers is used, and all are named when none does", async () => {
    await using cluster = await startCluster(ENGINES[0]!, ONE);
    await expectReached(`127.0.0.1:1,${formatAddress(cluster.nodes.a.address)}`);
    const run = await runSlotctl(["check", "127.0.0.1:1,127.0.0.1:2"]);
    expect(run.code).toBe(4);
    expect(run.stderr).toContain("127.0.0.1:1");
    expect(run.stderr).toContain("127.0.0.1:2");
  });
});

describe.each(ENGINES)("connecting to $name", (engine: TestEngine) => {
  test("a standalone server and a sentinel are told apart from a cluster node", async () => {
    await using standalone = await startServers(engine, { mode: "standalone" });
    await using sentinel = await startServers(engine, { mode: "sentinel" });
    await expectRefusal(formatAddress(standalone[0]!.address), /is a standalone server, not a cluster node/);
    await expectRefusal(formatAddress(sentinel[0]!.address), /is a sentinel server, not a cluster node/);
  });

  test("a password: none, a wrong one, the right one by every way", async () => {
    const password = "geh eim%#";
    const settings = { requirepass: `"${password}"`, masterauth: `"${password}"` };
    await using cluster = await startCluster(engine, ONE, { settings, credentials: { password } });
    const address = formatAddress(cluster.nodes.a.address);
    await expectRefusal(address, /asks for a password/);
    for (const name of ["SLOTCTL_AUTH", "VALKEYCLI_AUTH", "REDISCLI_AUTH"]) {
      await expectReached(address, [], { [name]: password });
      const { stderr } = await expectRefusal(address, /refused the user or password/, [], { [name]: "wro ng" });
      expect(stderr).not.toContain("wro ng");
    }
    await expectReached(address, ["-a", password], { SLOTCTL_AUTH: "wrong" });
    await expectReached(address, ["-u", `redis://:${encodeURIComponent(password)}@ignored:1`]);
    const piped = await runSlotctl(["check", address, "--quick", "--askpass"], { input: `${password}\nmore\n` });
    expect(piped.code).toBe(0);
    const uriOnly = await runSlotctl([
      "check",
      "--quick",
      "-u",
      `redis://default:${encodeURIComponent(password)}@${address}/0`,
    ]);
    expect(uriOnly.code).toBe(0);
  });

  test("a password where none is set is refused, not ignored", async () => {
    await using cluster = await startCluster(engine, ONE);
    await expectRefusal(formatAddress(cluster.nodes.a.address), /has no password set, but one was given|refused/, [], {
      SLOTCTL_AUTH: "x",
    });
  });

  test("an ACL user who may not do what is needed is told what is missing", async () => {
    await using cluster = await startCluster(engine, ONE);
    const { a } = cluster.nodes;
    await a.call("ACL", "SETUSER", "weak", "on", ">pw", "~*", "+@all", "-cluster|nodes");
    await expectRefusal(formatAddress(a.address), /does not let this user do that: NOPERM/, ["--user", "weak"], {
      SLOTCTL_AUTH: "pw",
    });
    await a.call("ACL", "SETUSER", "strong", "on", ">pw", "~*", "+@all");
    await expectReached(formatAddress(a.address), ["--user", "strong"], { SLOTCTL_AUTH: "pw" });
    // As with redis-cli, a user without a password means no login.
    await expectReached(formatAddress(a.address), ["--user", "strong"]);
  });

  test("TLS: the right CA, a wrong one, none, no client certificate, plaintext, and --insecure", async () => {
    await using cluster = await startCluster(engine, ONE, { tls: "client-certificate" });
    const { ca, client, strangerCa } = await testCertificates();
    const address = formatAddress(cluster.nodes.a.address);
    const cert = ["--cert", client.certFile, "--key", client.keyFile];
    await expectReached(address, ["--tls", "--cacert", ca.certFile, ...cert]);
    await expectReached(address, ["--tls", "--insecure", ...cert]);
    await expectReached(address, [
      "-u",
      "rediss://ignored",
      "--cacert",
      ca.certFile,
      "--sni",
      "db.example.com",
      ...cert,
    ]);
    await expectRefusal(address, /certificate is not trusted/, ["--tls", "--cacert", strangerCa.certFile, ...cert]);
    await expectRefusal(address, /certificate is not trusted/, ["--tls", ...cert]);
    await expectRefusal(address, /handshake failed|closed the connection/, ["--tls", "--cacert", ca.certFile]);
    await expectRefusal(address, /closed the connection|does not speak/);
    const half = await runSlotctl(["check", address, "--tls", "--cert", client.certFile]);
    expect(half).toMatchObject({ code: 2 });
  });

  test("a unix socket, -h and -p, and every spelling of IPv6", async () => {
    const directory = await import("../helpers/scratch.ts").then(({ scratchDirectory }) => scratchDirectory("sock"));
    const socket = `${directory.path}/s`;
    await using cluster = await startCluster(engine, ONE, { hosts: ["::1"], settings: { unixsocket: socket } });
    const { port } = cluster.nodes.a;
    await expectReached(`[::1]:${port}`);
    await expectReached(`::1:${port}`);
    for (const seed of [
      ["-s", socket],
      ["-h", "::1", "-p", String(port)],
    ]) {
      expect(await runSlotctl(["check", "--quick", ...seed])).toMatchObject({ code: 0 });
    }
  });
});
