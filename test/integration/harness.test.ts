import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { type ConnectSettings, connect } from "../../src/node/connect.ts";
import { Connections } from "../../src/node/connections.ts";
import type { ServerBinary } from "../../src/sandbox/find-server.ts";
import { anySearchedPort, claimPorts, findFreePorts } from "../../src/sandbox/ports.ts";
import { sandboxStatus, stopSandbox } from "../../src/sandbox/sandbox.ts";
import { startSandbox } from "../../src/sandbox/start-sandbox.ts";
import { survey } from "../../src/survey/survey.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { processesIn } from "../helpers/processes-in.ts";
import { resp } from "../helpers/resp.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { type ScratchDirectory, scratchDirectory } from "../helpers/scratch.ts";
import { scriptOf, startHttpServer, startScriptedServer, startSilentServer } from "../helpers/scripted-server.ts";
import { slotctlEnvironment, stateHome } from "../helpers/slotctl-program.ts";
import { startCluster, type TestCluster } from "../helpers/start-cluster.ts";
import { startServers } from "../helpers/start-servers.ts";
import { Key, TerminalSession } from "../helpers/terminal.ts";
import { testCertificates } from "../helpers/tls.ts";

const HALVES = { a: [0, 8191], b: [8192, 16383] };
const THIRDS = { a: [0, 5460], b: [5461, 10922], c: [10923, 16383] };

async function surveyOf({ seeds, connectSettings }: TestCluster<string>, patience: Partial<ConnectSettings> = {}) {
  using connections = new Connections({ ...connectSettings, ...patience });
  return survey(seeds, connections);
}

describe.each(ENGINES)("on $name", (engine) => {
  test("a cluster of three shards is ok everywhere, and leaves nothing behind", async () => {
    let directories: readonly string[];
    {
      await using cluster = await startCluster(engine, THIRDS, { replicas: 1, spares: 1 });
      directories = [...cluster.members, ...cluster.spares].map(({ directory }) => directory);
      expect(cluster.members.map(({ name }) => name)).toEqual(["a", "b", "c", "a1", "b1", "c1"]);
      for (const member of cluster.members) expect(await member.call("CLUSTER", "INFO")).toContain("cluster_state:ok");
      expect(await cluster.spares[0]!.call("CLUSTER", "INFO")).toContain("cluster_known_nodes:1");

      const { nodes } = await surveyOf(cluster);
      expect(nodes.filter(({ unreachable }) => unreachable !== undefined)).toEqual([]);
      const { a, b, c, a1, b1, c1 } = cluster.nodes;
      const primaryIds = Object.fromEntries(nodes.map(({ id, primaryId }) => [id, primaryId]));
      expect(primaryIds).toEqual({
        [a.id]: undefined,
        [b.id]: undefined,
        [c.id]: undefined,
        [a1.id]: a.id,
        [b1.id]: b.id,
        [c1.id]: c.id,
      });
      expect(new Set(nodes.map(({ facts }) => `${facts?.engine} ${facts?.version}`))).toEqual(
        new Set([`${engine.kind} ${engine.version}`]),
      );
    }
    expect(directories).toHaveLength(7);
    expect(directories.flatMap(processesIn)).toEqual([]);
    expect(directories.filter(existsSync)).toEqual([]);
  });

  test("a paused server is unreachable within one timeout; resumed, or killed and started, it is back", async () => {
    await using cluster = await startCluster(engine, HALVES, { replicas: { b: 1 } });
    const { b1 } = cluster.nodes;
    await b1.pause();
    const before = performance.now();
    const { nodes } = await surveyOf(cluster, { commandTimeout: 700 });
    expect(performance.now() - before).toBeLessThan(1_400);
    expect(nodes.filter(({ unreachable }) => unreachable !== undefined).map(({ id }) => id)).toEqual([b1.id]);

    b1.resume();
    await cluster.waitUntilAgreed();

    await b1.kill();
    expect(b1.isRunning).toBe(false);
    await b1.start();
    await cluster.waitUntilAgreed();
    expect(await b1.call("CLUSTER", "MYID")).toBe(b1.id);
    expect(b1.log()).toContain("Ready to accept connections");
  });

  test("a cluster answers over TLS, and to nobody without a client certificate when that is asked for", async () => {
    await using cluster = await startCluster(engine, HALVES, { replicas: { a: 1 }, tls: "client-certificate" });
    const { nodes } = await surveyOf(cluster);
    expect(nodes.map(({ unreachable }) => unreachable)).toEqual([undefined, undefined, undefined]);

    const { ca, strangerCa } = await testCertificates();
    const { address, connectSettings } = cluster.nodes.a;
    const strange = { ...connectSettings, tls: { ...connectSettings.tls, ca: strangerCa.cert } };
    await expect(connect(address, strange)).rejects.toMatchObject({ code: "TLS_FAILED" });
    const withoutCertificate = async () =>
      (await connect(address, { ...connectSettings, tls: { ca: ca.cert } })).send("PING");
    await expect(withoutCertificate()).rejects.toMatchObject({ exitCode: 4 });
  });

  test("servers listen on the hosts that were named, IPv6 included", async () => {
    const hosts = ["127.0.0.1", "127.0.0.2", "::1"];
    await using servers = await startServers(engine, { hosts });
    expect(servers.map(({ host }) => host)).toEqual(hosts);
    for (const server of servers) expect(await server.call("PING")).toBe("PONG");
  });

  test("the nodes of a cluster can have hosts of their own", async () => {
    await using cluster = await startCluster(engine, HALVES, { replicas: 1, hosts: ["127.0.0.2", "127.0.0.3"] });
    const { nodes } = await surveyOf(cluster);
    const hosts = Object.fromEntries(nodes.map(({ id, address }) => [id, address.host]));
    const { a, b, a1, b1 } = cluster.nodes;
    expect(hosts).toEqual({ [a.id]: "127.0.0.2", [b.id]: "127.0.0.3", [a1.id]: "127.0.0.2", [b1.id]: "127.0.0.3" });
  });

  test("servers ask for the users of an ACL file", async () => {
    const acl = ["user default off", "user op on >secret ~* &* +@all"];
    await using servers = await startServers(engine, { acl, credentials: { user: "op", password: "secret" } });
    const [server] = servers;
    expect(await server!.call("ACL", "WHOAMI")).toBe("op");
    const stranger = await connect(server!.address, { ...server!.connectSettings, credentials: undefined });
    await expect(stranger.send("PING")).rejects.toThrow("NOAUTH");
    stranger.close();
  });

  test.each(["standalone", "sentinel"] as const)("a server can be a %s one", async (mode) => {
    await using servers = await startServers(engine, { mode });
    expect(await servers[0]!.call("INFO", "server")).toMatch(new RegExp(`(redis|server)_mode:${mode}`));
  });

  test("settings can differ from server to server", async () => {
    const settings = (index: number) => ({ maxmemory: `${index + 1}mb`, save: ["3600 1", "60 100"] });
    await using servers = await startServers(engine, { count: 2, settings });
    const answers = await Promise.all(servers.map((server) => server.call("CONFIG", "GET", "maxmemory")));
    expect(answers).toEqual([
      ["maxmemory", "1048576"],
      ["maxmemory", "2097152"],
    ]);
    expect(await servers[0]!.call("CONFIG", "GET", "save")).toEqual(["save", "3600 1 60 100"]);
  });

  test("a server that cannot start shows its log", async () => {
    const settings = { "maxmemory-policy": "keep-all-of-it" };
    await expect(startServers(engine, { count: 2, settings })).rejects.toThrow("keep-all-of-it");
  });

  test("a sandbox starts, tells of its servers, and stops without a trace", async () => {
    using scratch = scratchDirectory("sandbox");
    const directory = join(scratch.path, "new");
    const sandbox = await startSandbox({ directory, nodes: 3, server: binaryOf(engine) });
    expect(await sandboxStatus(directory)).toEqual(sandbox);
    expect(sandbox).toMatchObject({ directory, host: "127.0.0.1" });
    expect(sandbox.engine).toEqual({ name: engine.kind, version: engine.version });
    expect(sandbox.nodes.map(({ running }) => running)).toEqual([true, true, true]);
    expect(readdirSync(directory).sort()).toEqual([...sandbox.nodes.map(portOf), "sandbox.json"].sort());
    for (const { address, pid } of sandbox.nodes) {
      expect(address.port).toBeLessThan(22_768);
      const node = await connect(address, CONNECT);
      expect(await node.send("INFO", "server")).toContain(`process_id:${pid}`);
      expect(await node.send("CLUSTER", "INFO")).toContain("cluster_known_nodes:1");
      node.close();
    }

    process.kill(sandbox.nodes[1]!.pid, "SIGKILL");
    process.kill(sandbox.nodes[2]!.pid, "SIGSTOP");
    await eventually(async () => {
      expect((await sandboxStatus(directory))?.nodes.map(({ running }) => running)).toEqual([true, false, true]);
    });
    expect(await stopSandbox(directory)).toMatchObject({ kind: "stopped" });
    expect(processesIn(directory)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
    expect(await stopSandbox(directory)).toEqual({ kind: "nothing-there" });
    expect(await sandboxStatus(directory)).toBeUndefined();
  });
});

const CONNECT: ConnectSettings = { connectTimeout: 2_000, commandTimeout: 2_000 };

function binaryOf({ server, kind, version }: TestEngine): ServerBinary {
  return { path: server, engine: { name: kind, version } };
}

function portOf({ address }: { readonly address: { readonly port: number } }): string {
  return String(address.port);
}

describe("a sandbox", () => {
  const server = binaryOf(ENGINES[0]!);

  /** A running one of one server, stopped at the end of the test whatever its state file says by then. */
  async function sandboxIn(scratch: ScratchDirectory) {
    const directory = join(scratch.path, "sandbox");
    const { nodes } = await startSandbox({ directory, nodes: 1, server });
    const dispose = async () => {
      for (const pid of processesIn(scratch.path)) process.kill(pid, "SIGKILL");
      await eventually(() => expect(processesIn(scratch.path)).toEqual([]));
    };
    return { directory, node: nodes[0]!, [Symbol.asyncDispose]: dispose };
  }

  function editState(directory: string, edit: (node: Record<string, unknown>) => void): void {
    const file = join(directory, "sandbox.json");
    const state = JSON.parse(readFileSync(file, "utf8"));
    state.nodes.forEach(edit);
    writeFileSync(file, JSON.stringify(state));
  }

  test("is not started over a running one, but over a dead one", async () => {
    using scratch = scratchDirectory("sandbox");
    await using running = await sandboxIn(scratch);
    const { directory, node } = running;
    await expect(startSandbox({ directory, nodes: 1, server })).rejects.toMatchObject({
      code: "SANDBOX_RUNNING",
      message: expect.stringContaining(formatAddress(node.address)),
      hint: expect.stringContaining("stop"),
    });
    expect((await sandboxStatus(directory))?.nodes).toEqual([{ ...node, running: true }]);

    process.kill(node.pid, "SIGKILL");
    await eventually(async () => expect((await sandboxStatus(directory))?.nodes[0]).toMatchObject({ running: false }));
    const { nodes } = await startSandbox({ directory, nodes: 2, server });
    expect(nodes).toHaveLength(2);
    await stopSandbox(directory);
  });

  test("leaves a process alone that has the pid but another start time", async () => {
    using scratch = scratchDirectory("sandbox");
    await using running = await sandboxIn(scratch);
    const { directory, node } = running;
    editState(directory, (state) => {
      state.startedAt = Number(state.startedAt) - 1;
    });
    expect((await sandboxStatus(directory))?.nodes).toEqual([{ ...node, running: false }]);
    expect(await stopSandbox(directory)).toMatchObject({ kind: "stopped" });
    expect(existsSync(directory)).toBe(false);
    expect(processesIn(scratch.path)).toEqual([node.pid]);
  });

  test("asks the server for its pid where there is no start time", async () => {
    using scratch = scratchDirectory("sandbox");
    await using running = await sandboxIn(scratch);
    const { directory, node } = running;
    editState(directory, (state) => {
      state.startedAt = null;
    });
    expect((await sandboxStatus(directory))?.nodes).toEqual([{ ...node, running: true }]);
    await stopSandbox(directory);
    expect(processesIn(scratch.path)).toEqual([]);
  });

  test("leaves a process alone that has the pid but is no server of its", async () => {
    using scratch = scratchDirectory("sandbox");
    await using running = await sandboxIn(scratch);
    const stranger = spawn("sleep", ["60"], { cwd: "/" });
    editState(running.directory, (state) => {
      Object.assign(state, { pid: stranger.pid, startedAt: null });
    });
    expect(await stopSandbox(running.directory)).toMatchObject({ kind: "stopped" });
    expect(stranger.exitCode).toBeNull();
    stranger.kill();
    expect(await once(stranger, "exit")).toEqual([null, "SIGTERM"]);
  });

  test("keeps what others put beside it", async () => {
    using scratch = scratchDirectory("sandbox");
    const existing = join(scratch.path, "existing");
    mkdirSync(existing);
    await startSandbox({ directory: existing, nodes: 1, server });
    await stopSandbox(existing);
    expect(readdirSync(existing)).toEqual([]);

    const made = join(scratch.path, "made");
    await startSandbox({ directory: made, nodes: 1, server });
    writeFileSync(join(made, "notes.txt"), "mine");
    await stopSandbox(made);
    expect(readdirSync(made)).toEqual(["notes.txt"]);
  });

  test("takes the ports from the base port on, and names the one that is taken", async () => {
    using scratch = scratchDirectory("sandbox");
    const directory = join(scratch.path, "with 'blanks' and \"quotes\"");
    const [basePort] = await findFreePorts("127.0.0.1", 3, anySearchedPort());
    const blocker = createServer().listen(basePort! + 2 + 10_000, "127.0.0.1");
    await once(blocker, "listening");
    const request = { directory, nodes: 3, basePort: basePort!, server };
    await expect(startSandbox(request)).rejects.toMatchObject({
      code: "PORT_IN_USE",
      message: expect.stringContaining(`bus port ${basePort! + 10_002} of 127.0.0.1:${basePort! + 2}`),
    });
    expect(existsSync(directory)).toBe(false);

    blocker.close();
    await once(blocker, "close");
    const { nodes } = await startSandbox(request);
    expect(nodes.map(({ address }) => address.port)).toEqual([basePort!, basePort! + 1, basePort! + 2]);
    await stopSandbox(directory);
  });

  test.each([0, 22_766, 65_530])("does not take a base port of %i", async (basePort) => {
    await expect(claimPorts("127.0.0.1", basePort, 3)).rejects.toMatchObject({
      code: "PORT_OUT_OF_RANGE",
      exitCode: 2,
    });
  });

  test("says so when the host is not one of this machine", async () => {
    await expect(findFreePorts("192.0.2.1", 1, anySearchedPort())).rejects.toMatchObject({ code: "HOST_UNUSABLE" });
  });

  test("that cannot start shows the server's log, and leaves nothing behind", async () => {
    using scratch = scratchDirectory("sandbox");
    const directory = join(scratch.path, "sandbox");
    const settings = { "maxmemory-policy": "keep-all-of-it" };
    await expect(startSandbox({ directory, nodes: 3, server, settings })).rejects.toMatchObject({
      code: "SERVER_START_FAILED",
      message: expect.stringMatching(/127\.0\.0\.1:\d+/),
      details: expect.arrayContaining([expect.stringContaining("keep-all-of-it")]),
    });
    expect(processesIn(directory)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
  });

  test("goes elsewhere when somebody else was quicker to take a port", async () => {
    using scratch = scratchDirectory("sandbox");
    const unlucky = join(scratch.path, "unlucky-server");
    const taken = "bind: Address already in use";
    const script = `#!/bin/sh\nmkdir "${scratch.path}/once" 2>/dev/null && echo "${taken}" && exit 1\nexec "${server.path}" "$@"\n`;
    writeFileSync(unlucky, script, { mode: 0o755 });
    const directory = join(scratch.path, "sandbox");
    const { nodes } = await startSandbox({ directory, nodes: 2, server: { ...server, path: unlucky } });
    expect(nodes.map(({ running }) => running)).toEqual([true, true]);
    expect(readdirSync(directory).sort()).toEqual([...nodes.map(portOf), "sandbox.json"].sort());
    await stopSandbox(directory);
    expect(existsSync(directory)).toBe(false);
  });

  test("whose start is aborted leaves nothing behind", async () => {
    using scratch = scratchDirectory("sandbox");
    const directory = join(scratch.path, "sandbox");
    // They never come up, so the abort always finds the start half way.
    const slow = join(scratch.path, "slow-server");
    writeFileSync(slow, `#!/bin/sh\nkill -STOP $$\nexec "${server.path}" "$@"\n`, { mode: 0o755 });
    const abort = new AbortController();
    const starting = startSandbox({ directory, nodes: 3, server: { ...server, path: slow }, signal: abort.signal });
    await eventually(() => expect(existsSync(join(directory, "sandbox.json"))).toBe(true));
    abort.abort(new Error("enough"));
    await expect(starting).rejects.toThrow("enough");
    expect(processesIn(directory)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
  });

  test("whose start was killed half way can be stopped", async () => {
    using scratch = scratchDirectory("sandbox");
    const directory = join(scratch.path, "sandbox");
    // It never comes up, so half way is where the start stays.
    const slow = join(scratch.path, "slow-server");
    writeFileSync(slow, `#!/bin/sh\nkill -STOP $$\nexec "${server.path}" "$@"\n`, { mode: 0o755 });
    const starter = spawn(process.execPath, [await starterIn(scratch), directory, slow]);
    const ended = once(starter, "exit");
    await eventually(async () => {
      expect((await sandboxStatus(directory))?.nodes.map(({ running }) => running)).toEqual([true, true, true]);
    });
    starter.kill("SIGKILL");
    await ended;
    expect(processesIn(directory)).toHaveLength(3);
    await stopSandbox(directory);
    expect(processesIn(directory)).toEqual([]);
    expect(existsSync(directory)).toBe(false);
  });

  /** A program that starts a sandbox of three servers. */
  async function starterIn(scratch: ScratchDirectory): Promise<string> {
    const outfile = join(scratch.path, "starter.cjs");
    const contents = `
      import { startSandbox } from "./src/sandbox/start-sandbox.ts";
      const [, , directory, path] = process.argv;
      startSandbox({ directory, nodes: 3, server: { path, engine: { name: "redis", version: "7.0.15" } } });`;
    const stdin = { contents, resolveDir: process.cwd(), loader: "ts" } as const;
    await build({ stdin, outfile, bundle: true, platform: "node", logLevel: "error" });
    return outfile;
  }
});

describe("stand-ins for what no real server does", () => {
  test("a scripted server answers what it is told, request by request", async () => {
    await using server = await startScriptedServer(
      scriptOf({
        PING: resp.simple("PONG"),
        "CLUSTER NODES": resp.bulk("odd\nlines\n"),
        CLUSTER: resp.error("ERR no such subcommand"),
        GET: ([, key]) => resp.bulk(key!),
        MGET: resp.array([resp.integer(1), resp.bulk(null), resp.array(null)]),
        QUIT: "close",
        DUMP: { send: "$100\r\nbroken off", next: "close" },
        SLEEP: "silence",
      }),
    );
    const node = await connect(server.address, { connectTimeout: 1_000, commandTimeout: 300 });
    const outcomes = await node.sendAll([["PING"], ["CLUSTER", "NODES"], ["GET", "clé"], ["MGET", "a"]]);
    expect(outcomes).toEqual(["PONG", "odd\nlines\n", "clé", [1, null, null]]);
    await expect(node.send("CLUSTER", "MEET")).rejects.toThrow("ERR no such subcommand");
    await expect(node.send("SET", "a", 1)).rejects.toThrow("ERR unknown command 'SET'");
    expect(server.calls.at(-1)).toEqual(["SET", "a", "1"]);
    await expect(node.send("DUMP", "a")).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });

    const another = await connect(server.address, { connectTimeout: 1_000, commandTimeout: 300 });
    await expect(another.send("SLEEP")).rejects.toMatchObject({ code: "NODE_SILENT" });
  });

  test("a web server and a silent one can be had", async () => {
    await using web = await startHttpServer();
    const node = await connect(web.address, CONNECT);
    await expect(node.send("PING")).rejects.toMatchObject({ code: "NOT_A_REDIS_SERVER" });
    await using silent = await startSilentServer();
    const other = await connect(silent.address, { connectTimeout: 1_000, commandTimeout: 200 });
    await expect(other.send("PING")).rejects.toMatchObject({ code: "NODE_SILENT" });
  });
});

describe("slotctl, as users run it", () => {
  test("ends with code, output and no noise", async () => {
    expect(await runSlotctl(["--version"])).toMatchObject({ code: 0, signal: null, stderr: "" });
  });

  test("does not see what the developer has set", () => {
    const set = { SLOTCTL_AUTH: "1", REDISCLI_AUTH: "1", VALKEYCLI_AUTH: "1", FORCE_COLOR: "1", NO_COLOR: "1" };
    const before = { ...process.env };
    Object.assign(process.env, set);
    const environment = slotctlEnvironment({ NO_COLOR: "yes", HOME: undefined });
    process.env = before;
    expect(Object.keys(set).filter((name) => name in environment)).toEqual(["NO_COLOR"]);
    expect(environment).toMatchObject({ PATH: process.env.PATH, XDG_STATE_HOME: stateHome(), NO_COLOR: "yes" });
    expect(environment).not.toHaveProperty("HOME");
  });
});

describe("a terminal session", () => {
  test("shows, takes keys, and tells how it ended", async () => {
    using session = new TerminalSession("/bin/sh", ["-c", 'stty size; read a; echo "got $a"; read b; exit 3']);
    await session.waitFor("40 120");
    session.type("hello", Key.Enter);
    expect(await session.waitFor(/got \w+/)).toBe("got hello");
    session.type(Key.Enter);
    expect(await session.exitCode).toBe(3);
    await expect(session.waitFor("more")).rejects.toThrow("got hello");
  });

  test("tells which signal ended it, and does not outlive its block", async () => {
    let pid: number;
    {
      using session = new TerminalSession("/bin/cat", []);
      pid = session.pid;
      session.type("ready", Key.Enter);
      await session.waitFor(/ready\s+ready/);
      session.type(Key.CtrlC);
      expect(await session.exitCode).toBe(130);
    }
    expect(() => execFileSync("kill", ["-0", String(pid)], { stdio: "ignore" })).toThrow();
  });
});

describe("the scratch directory", () => {
  test("goes, and every process in it, however the test process ends", async () => {
    using scratch = scratchDirectory("guard");
    const outfile = join(scratch.path, "orphaner.mjs");
    const contents = `
      import { spawn } from "node:child_process";
      import { scratchDirectory } from "./test/helpers/scratch.ts";
      const { path } = scratchDirectory();
      spawn("sleep", ["60"], { cwd: path, detached: true, stdio: "ignore" });
      console.log(path);
      setInterval(() => undefined, 1000);`;
    const stdin = { contents, resolveDir: process.cwd(), loader: "ts" } as const;
    await build({ stdin, outfile, bundle: true, platform: "node", format: "esm", logLevel: "error" });
    const orphaner = spawn(process.execPath, [outfile]);
    const path = String((await once(orphaner.stdout, "data"))[0]).trim();
    expect(processesIn(path)).toHaveLength(1);
    orphaner.kill("SIGKILL");
    await eventually(() => {
      expect(processesIn(path)).toEqual([]);
      expect(existsSync(path)).toBe(false);
    });
  });
});

describe("the closing line", () => {
  const TESTS = {
    "mixed.test.ts": `
      import { beforeAll, describe, expect, test } from "vitest";
      test("passes", () => {});
      test("passes, too", () => {});
      test("fails", () => expect(1).toBe(2));
      test.skip("is skipped", () => {});
      describe("a broken hook", () => { beforeAll(() => expect(1).toBe(2)); test("never runs", () => {}); });`,
    "unloadable.test.ts": `import "./nowhere.ts";`,
    "stray.test.ts": `
      import { test } from "vitest";
      test("passes", async () => {
        setTimeout(() => { throw new Error("stray"); }, 1);
        await new Promise((resolve) => setTimeout(resolve, 50));
      });`,
  };

  test.each([
    ["everything that went wrong", ["."], "3 passed, 4 failed, 2 skipped"],
    ["no skipped tests when there are none", ["unloadable"], "0 passed, 1 failed"],
    ["a failure when nothing was found to run", ["nowhere-to-be-found"], "0 passed, 1 failed"],
  ])("counts %s", async (_, filter, line) => {
    using scratch = scratchDirectory("closing-line");
    symlinkSync(resolve("node_modules"), join(scratch.path, "node_modules"));
    for (const [name, source] of Object.entries(TESTS)) writeFileSync(join(scratch.path, name), source);
    const reporters = ["default", resolve("test/helpers/closing-line-reporter.ts")].map((name) => `--reporter=${name}`);
    const args = ["run", "--root", scratch.path, ...reporters, ...filter];
    const vitest = spawn(process.execPath, ["node_modules/vitest/vitest.mjs", ...args], { env: slotctlEnvironment() });
    const [stdout] = await Promise.all([text(vitest.stdout), once(vitest, "exit")]);
    expect(vitest.exitCode).toBe(1);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe(line);
  });
});
