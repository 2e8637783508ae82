import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { parseNodes } from "../../src/model/parse-nodes.ts";
import { formatRanges } from "../../src/model/slot.ts";
import { quote } from "../../src/sandbox/server-config.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { runSlotctl, startSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { startServers, type TestServers } from "../helpers/start-servers.ts";
import type { TestServer } from "../helpers/test-server.ts";
import { testCertificates } from "../helpers/tls.ts";

/** What `create -o json` and `check -o json` answer, as far as the tests look at it. */
interface Document {
  readonly ok: boolean;
  readonly changed?: boolean;
  readonly plan?: { readonly warnings: readonly string[]; readonly steps: readonly unknown[] };
  readonly violations?: readonly { readonly kind: string }[];
  readonly problems?: readonly { readonly kind: string; readonly severity: string }[];
  readonly error?: { readonly code: string; readonly message: string; readonly details?: readonly string[] };
}

function documentOf({ stdout }: { readonly stdout: string }): Document {
  return JSON.parse(stdout) as Document;
}

function namesOf(servers: readonly TestServer[]): string[] {
  return servers.map(nameOf);
}

function nameOf(server: TestServer | undefined): string {
  return formatAddress(server!.address);
}

/** Every node itself: its role, its slots, its state, and how many nodes it knows. */
async function standing(servers: readonly TestServer[]) {
  return Promise.all(
    servers.map(async (server) => {
      const { myself, lines } = parseNodes(String(await server.call("CLUSTER", "NODES")));
      const state = /cluster_state:(\w+)/.exec(String(await server.call("CLUSTER", "INFO")))?.[1];
      return {
        role: myself.role,
        slots: formatRanges(myself.slots),
        epoch: myself.configEpoch,
        knows: lines.length,
        state,
      };
    }),
  );
}

/** Nobody met anybody, nobody owns anything. */
async function expectUntouched(servers: readonly TestServer[]): Promise<void> {
  for (const { slots, knows, epoch } of await standing(servers))
    expect({ slots, knows, epoch }).toEqual({ slots: "", knows: 1, epoch: 0 });
}

async function create(servers: readonly TestServer[], ...options: readonly string[]) {
  return runSlotctl(["create", ...namesOf(servers), "--yes", ...options]);
}

async function expectHealthy(servers: readonly TestServer[], ...options: readonly string[]): Promise<void> {
  const checked = await runSlotctl(["check", nameOf(servers[0]), "--no-wait", "-o", "json", ...options]);
  const errors = documentOf(checked).problems?.filter(({ severity }) => severity === "error");
  expect(errors).toEqual([]);
  expect(checked.code).toBe(0);
}

describe.each(ENGINES)("create on $name", (engine: TestEngine) => {
  test("3 primaries with a replica each: done means every node itself says so", async () => {
    await using servers = await startServers(engine, { count: 6 });
    const made = await create(servers, "--replicas", "1", "-o", "json");
    expect(made).toMatchObject({ code: 0, stderr: expect.any(String) as string });
    expect(documentOf(made)).toMatchObject({ ok: true, changed: true });

    const nodes = await standing(servers);
    expect(nodes.map(({ state, knows }) => ({ state, knows }))).toEqual(Array(6).fill({ state: "ok", knows: 6 }));
    expect(nodes.slice(0, 3).map(({ slots }) => slots)).toEqual(["0-5460", "5461-10922", "10923-16383"]);
    expect(nodes.slice(3).map(({ role }) => role)).toEqual(["replica", "replica", "replica"]);
    expect(nodes.slice(0, 3).map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    for (const replica of servers.slice(3)) {
      expect(String(await replica.call("INFO", "replication"))).toContain("master_link_status:up");
    }
    await expectHealthy(servers);

    const again = await create(servers, "--replicas", "1", "-o", "json");
    expect(documentOf(again)).toMatchObject({ ok: true, changed: false });
    expect(again.code).toBe(0);
  });

  test.each([1, 2])("%i primaries alone, with a clear warning", async (count) => {
    await using servers = await startServers(engine, { count });
    const made = await create(servers);
    expect(made.code).toBe(0);
    expect(made.stderr).toContain("no automatic failover");
    expect((await standing(servers)).map(({ state }) => state)).toEqual(Array(count).fill("ok"));
  });

  test("5 nodes with 2 replicas each leave nobody over", async () => {
    await using servers = await startServers(engine, { count: 5 });
    expect(await create(servers, "--replicas", "2")).toMatchObject({ code: 0 });
    const roles = (await standing(servers)).map(({ role }) => role);
    expect(roles).toEqual(["primary", "replica", "replica", "replica", "replica"]);
  });

  test("on three hosts no replica shares the host of its primary", async () => {
    const hosts = ["127.0.0.1", "127.0.0.1", "127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.3"];
    // Without it a node on 127.0.0.2 would be taken for one on 127.0.0.1, from where the kernel lets it connect.
    const settings = (i: number) => ({ "cluster-announce-ip": hosts[i]! });
    await using servers = await startServers(engine, { hosts, settings });
    const made = await create(servers, "--replicas", "1", "-o", "json");
    expect(documentOf(made)).toMatchObject({ changed: true, violations: [] });
    const { problems } = documentOf(await runSlotctl(["check", nameOf(servers[0]), "-o", "json"]));
    expect(problems?.map(({ kind }) => kind)).toEqual([]);
  });

  test("zones come before hosts, whether they are named or announced by the servers", async () => {
    const hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"];
    const zones = ["east", "east", "west", "west"];
    const announced = engine.kind === "valkey";
    const settings = (i: number): Readonly<Record<string, string>> =>
      announced ? { "availability-zone": zones[i]! } : {};
    await using servers = await startServers(engine, { hosts, settings });
    const named = announced ? [] : hosts.flatMap((host, i) => ["--zone", `${host}=${zones[i]}`]);
    expect(documentOf(await create(servers, "-r", "1", "-o", "json", ...named))).toMatchObject({ violations: [] });
    const shards = (await standing(servers)).map(({ role }) => role);
    // One primary in each zone, and each replica in the other one.
    expect(shards).toEqual(["primary", "replica", "primary", "replica"]);
    const { stdout } = await runSlotctl(["info", nameOf(servers[0]), ...named]);
    expect(stdout).toMatch(/primary +127\.0\.0\.1:\d+ .* east$/m);
    expect(stdout).toMatch(/replica +127\.0\.0\.4:\d+ .* west$/m);
  });

  test("nodes that come with equal config epochs end with different ones", async () => {
    await using servers = await startServers(engine, { count: 3 });
    for (const server of servers) await server.call("CLUSTER", "SET-CONFIG-EPOCH", 5);
    expect(await create(servers)).toMatchObject({ code: 0 });
    await eventually(async () => {
      const epochs = (await standing(servers)).map(({ epoch }) => epoch);
      expect(new Set(epochs).size).toBe(3);
    });
    await eventually(() => expectHealthy(servers));
  });

  test("shards laid out by hand are built as they were said", async () => {
    await using servers = await startServers(engine, { count: 6 });
    const [a, b, c, d, e, f] = namesOf(servers);
    const shards = [`${a},${d}`, `${c},${f}`, `${b},${e}`].flatMap((shard) => ["--shard", shard]);
    expect(await runSlotctl(["create", ...shards, "--yes"])).toMatchObject({ code: 0 });
    expect((await standing(servers)).map(({ slots }) => slots)).toEqual([
      "0-5460",
      "10923-16383",
      "5461-10922",
      "",
      "",
      "",
    ]);
  });

  test("with TLS and client certificates", async () => {
    await using servers = await startServers(engine, { count: 3, tls: "client-certificate" });
    const { ca, client } = await testCertificates();
    const tls = ["--tls", "--cacert", ca.certFile, "--cert", client.certFile, "--key", client.keyFile];
    expect(await create(servers, ...tls)).toMatchObject({ code: 0 });
    await expectHealthy(servers, ...tls);
  });

  test("with an ACL user, whose password has odd characters", async () => {
    const password = `p ä%"'$-`;
    const credentials = { user: "keys", password };
    await using servers = await startServers(engine, {
      count: 4,
      acl: ["user default off", `user keys on #${await sha256(password)} ~* &* +@all`],
      credentials,
      settings: { masteruser: "keys", masterauth: quote(password) },
    });
    const env = { SLOTCTL_AUTH: password };
    const made = await runSlotctl(
      ["create", ...namesOf(servers), "--user", "keys", "--replicas", "1", "--yes", "--debug"],
      { env },
    );
    expect(made).toMatchObject({ code: 0 });
    expect(made.stdout + made.stderr).not.toContain(password);
    expect((await standing(servers)).map(({ state }) => state)).toEqual(Array(4).fill("ok"));
  });

  test("on IPv6", async () => {
    await using servers = await startServers(engine, { hosts: ["::1", "::1", "::1"] });
    expect(await create(servers)).toMatchObject({ code: 0 });
    await expectHealthy(servers);
  });

  test("17.4.68 with names: servers are never told to meet localhost", async () => {
    await using servers = await startServers(engine, {
      count: 3,
      settings: (i) => ({ "cluster-announce-hostname": `host-${i}` }),
    });
    const names = servers.map(({ port }) => `localhost:${port}`);
    expect(await runSlotctl(["create", ...names, "--yes"])).toMatchObject({ code: 0 });
    for (const { host, hostname } of parseNodes(String(await servers[0]!.call("CLUSTER", "NODES"))).lines) {
      expect(host).toBe("127.0.0.1");
      expect(hostname).toMatch(/^host-\d$/);
    }
  });

  test("17.4.67 with cluster bus ports of their own", async () => {
    await using servers = await startServers(engine, {
      count: 3,
      settings: (i) => ({ "cluster-port": String(busPortFor(i)) }),
    });
    expect(await create(servers)).toMatchObject({ code: 0 });
    await expectHealthy(servers);
  });

  test("all obstacles are listed at once and nothing is touched", async () => {
    await using blank = await startServers(engine, { count: 3 });
    await using standalone = await startServers(engine, { mode: "standalone" });
    const [full, slotted, dead] = blank;
    await full!.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383);
    await eventually(() => full!.call("SET", "key", "value"));
    await full!.call("CLUSTER", "DELSLOTSRANGE", 0, 16383);
    await slotted!.call("CLUSTER", "ADDSLOTS", 16_000);
    await dead!.kill();

    const refused = await create([...blank, ...standalone], "-o", "json");
    expect(refused.code).toBe(3);
    const said = documentOf(refused).error!.details!.join("\n");
    expect(said).toContain(`Could not connect to ${nameOf(dead)}: connection refused`);
    expect(said).toContain(`${nameOf(standalone[0])} is a standalone server`);
    expect(said).toContain(`${nameOf(full)} is not empty: it holds 1 key`);
    expect(said).toContain(`${nameOf(slotted)} is not empty: it owns slots 16000`);
    expect((await standing([full!]))[0]).toMatchObject({ slots: "", knows: 1 });
    expect((await standing([slotted!]))[0]).toMatchObject({ slots: "16000", knows: 1 });
  });

  test("17.4.71 a node given under two names is refused", async () => {
    await using servers = await startServers(engine, { count: 2 });
    const refused = await runSlotctl(["create", ...namesOf(servers), `localhost:${servers[0]!.port}`, "--yes"]);
    expect(refused).toMatchObject({ code: 3, stdout: "" });
    expect(refused.stderr).toContain("are one and the same node");
    await expectUntouched(servers);
  });

  test("a member of another cluster is refused: one MEET would merge the two", async () => {
    await using servers = await startServers(engine, { count: 4 });
    expect(await create(servers.slice(0, 3))).toMatchObject({ code: 0 });
    const refused = await create(servers.slice(2));
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain(`${nameOf(servers[2])} is not empty: it already knows 2 other nodes`);
    await expectUntouched(servers.slice(3));
  });

  test("replication that would be refused for want of masterauth is found before the first change", async () => {
    const credentials = { password: "secret" };
    await using servers = await startServers(engine, { count: 2, settings: { requirepass: "secret" }, credentials });
    const refused = await runSlotctl(["create", ...namesOf(servers), "-r", "1", "--yes"], {
      env: { REDISCLI_AUTH: "secret" },
    });
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain("would refuse its replicas: NOAUTH");
    expect(refused.stderr).toContain("hint: Nothing was changed. Set masterauth");
    await expectUntouched(servers);
  });

  test("17.4.70 an announced address that nobody can reach is found before the first change", async () => {
    const announced = { "cluster-announce-ip": "127.0.0.9", "cluster-announce-port": "9" };
    const announce = (i: number): Readonly<Record<string, string>> => (i === 1 ? announced : {});
    await using servers = await startServers(engine, { count: 3, settings: announce });
    const refused = await create(servers);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain(`${nameOf(servers[1])} announces the address 127.0.0.9:9, which does not work`);
    await expectUntouched(servers);
  });

  test("an announced address is reached through the address map", async () => {
    const announce = { "cluster-announce-ip": "127.0.0.4" };
    await using servers = await startServers(engine, { hosts: ["127.0.0.1"], settings: announce });
    const made = await create(servers, "--address-map", "127.0.0.4=127.0.0.1");
    expect(made).toMatchObject({ code: 0 });
    const info = await runSlotctl(["info", nameOf(servers[0]), "--address-map", "127.0.0.4=127.0.0.1"]);
    expect(info.stdout).toContain(`127.0.0.4:${servers[0]!.port}`);
  });

  test("17.4.70 a join that does not happen is diagnosed, and a rerun finishes it once the cause is gone", async () => {
    await using servers = await startServers(engine, { count: 3 });
    const closed = 9;
    await servers[2]!.call("CONFIG", "SET", "cluster-announce-bus-port", closed);
    const failed = await create(servers, "--timeout", "3s");
    expect(failed.code).toBe(7);
    expect(failed.stderr).toContain("The nodes did not all join within 3 s");
    expect(failed.stderr).toContain(`${nameOf(servers[2])} is not known to`);
    expect(failed.stderr).toContain(`its bus port ${closed} cannot be reached from here either`);
    expect(failed.stderr).not.toContain("bug in slotctl");

    await servers[2]!.call("CONFIG", "SET", "cluster-announce-bus-port", 0);
    expect(await create(servers)).toMatchObject({ code: 0 });
    // The handshake that came to nothing is given up after a node timeout, whoever has joined meanwhile.
    for (const server of servers)
      await eventually(async () => expect(String(await server.call("CLUSTER", "NODES"))).not.toContain("handshake"));
    await expectHealthy(servers);
  });

  test("17.4.69 a command that a server refuses is an error that says what was done, and a rerun with the right goes on", async () => {
    await using servers = await startServers(engine, { count: 4 });
    for (const server of servers)
      await server.call("ACL", "SETUSER", "weak", "on", ">pw", "~*", "+@all", "-cluster|replicate");
    const env = { SLOTCTL_AUTH: "pw" };
    const args = ["create", ...namesOf(servers), "--replicas", "1", "--yes", "--user", "weak"];
    const failed = await runSlotctl(args, { env });
    expect(failed.code).toBe(6);
    expect(failed.stderr).toMatch(/error: CLUSTER REPLICATE failed on 127\.0\.0\.1:\d+: NOPERM/);
    expect(failed.stderr).toContain("7 of 9 steps were done before it");
    expect(await create(servers, "--replicas", "1")).toMatchObject({ code: 0 });
    await expectHealthy(servers);
  });

  test("the plan can be saved, and holds no secret", async () => {
    await using servers = await startServers(engine, { count: 3 });
    using folder = scratchDirectory("plan");
    const file = join(folder.path, "plan.json");
    const dry = await create(servers, "--dry-run", "--plan-out", file);
    expect(dry.code).toBe(0);
    const plan = JSON.parse(readFileSync(file, "utf8")) as { schemaVersion: number; steps: { kind: string }[] };
    expect(plan.schemaVersion).toBe(1);
    expect(plan.steps.map(({ kind }) => kind)).toContain("meet");
    expect((await create(servers, "--dry-run", "--plan-out", join(folder.path, "no/such/plan.json"))).code).toBe(1);
    await expectUntouched(servers);
  });

  // Servers from 7.2 on pass a FORGET on to each other, perhaps only after they were brought together again.
  test.runIf(engine.name === "redis-7.0")("nodes of which only one knows the other are brought together", async () => {
    await using servers = await startServers(engine, { count: 3 });
    expect(await create(servers)).toMatchObject({ code: 0 });
    const [a, b, c] = servers;
    const id = String(await a!.call("CLUSTER", "MYID"));
    // Forgotten by both others, it still knows them; they do not listen to a stranger until it says MEET.
    await Promise.all([b, c].map((server) => server!.call("CLUSTER", "FORGET", id)));
    const again = await create(servers);
    expect(again).toMatchObject({ code: 0 });
    await expectHealthy(servers);
  });

  test("a dry run shows the plan and changes nothing, and so does a run without a terminal and without --yes", async () => {
    await using servers = await startServers(engine, { count: 3 });
    const dry = await create(servers, "--dry-run", "-o", "json");
    expect(documentOf(dry)).toMatchObject({ ok: true, changed: false });
    expect(documentOf(dry).plan?.steps.length).toBeGreaterThan(0);
    expect(dry.code).toBe(0);
    expect((await create(servers, "--dry-run", "--detailed-exitcode")).code).toBe(10);
    const unasked = await runSlotctl(["create", ...namesOf(servers)]);
    expect(unasked.code).toBe(2);
    expect(unasked.stderr).toContain("Plan: create a cluster on 3 nodes");
    expect(unasked.stderr).toContain("hint: Nothing was changed. Add --yes");
    await expectUntouched(servers);
  });

  test("--wait waits for a server that is still starting", async () => {
    await using servers = await startServers(engine, { count: 3 });
    await servers[2]!.kill();
    const running = startSlotctl(["create", ...namesOf(servers), "--yes", "--wait", "20s"]);
    await servers[2]!.start();
    expect(await running.result).toMatchObject({ code: 0 });
  });

  test("--if-not-exists accepts a cluster of that shape, whoever plays which role", async () => {
    await using servers = await startServers(engine, { count: 6 });
    expect(await create(servers, "--replicas", "1")).toMatchObject({ code: 0 });
    const replica = servers[3]!;
    await replica.call("CLUSTER", "FAILOVER");
    await eventually(async () => expect((await standing([replica]))[0]).toMatchObject({ role: "primary" }));
    await expectEventuallyAgreed(servers);

    expect((await create(servers, "--replicas", "1")).code).toBe(3);
    const accepted = await create(servers, "--replicas", "1", "--if-not-exists", "-o", "json");
    expect(accepted.code).toBe(0);
    expect(documentOf(accepted)).toMatchObject({ ok: true, changed: false });
    expect((await create(servers, "--primaries", "2", "--if-not-exists")).code).toBe(3);
  });

  test("a server that dies on the way is an error that says what was done, and a rerun finishes the same cluster", async () => {
    await using servers = await startServers(engine, { count: 6 });
    const run = startSlotctl(["create", ...namesOf(servers), "-r", "1", "--yes", "--timeout", "3s"]);
    await eventually(() => expect(run.stderr).toContain("Joining"));
    await servers[5]!.kill();
    const failed = await run.result;
    expect([6, 7]).toContain(failed.code);
    expect(failed.stderr).toContain(nameOf(servers[5]));
    expect(failed.stderr).toMatch(/\d+ of 13 steps were done before it/);

    await servers[5]!.start();
    expect(await create(servers, "--replicas", "1")).toMatchObject({ code: 0 });
    await expectHealthy(servers);
  });

  test.each(["SIGKILL", "SIGINT"] as const)(
    "interrupted by %s anywhere, running it again finishes the same cluster",
    async (signal) => {
      const moments = ["Assigning", "epoch", "Joining", "Attaching", "agree"];
      for (const moment of moments) {
        await using servers = await startServers(engine, { count: 4 });
        const run = startSlotctl(["create", ...namesOf(servers), "--replicas", "1", "--yes"]);
        await eventually(() => expect(run.stderr).toContain(moment), { within: 20_000 }).catch(() => undefined);
        run.kill(signal);
        const ended = await run.result;
        if (signal === "SIGINT") {
          expect([0, 6, 130], `${moment}: ${ended.stderr}`).toContain(ended.code);
          if (ended.code !== 0) expect(ended.stderr).toMatch(/error: Interrupted/);
        }
        expect(await create(servers, "--replicas", "1"), `after ${signal} at ${moment}`).toMatchObject({ code: 0 });
        await expectHealthy(servers);
      }
    },
  );
});

async function expectEventuallyAgreed(servers: TestServers): Promise<void> {
  expect(await runSlotctl(["wait", nameOf(servers[0]), "--for", "healthy", "--timeout", "30s"])).toMatchObject({
    code: 0,
  });
}

async function sha256(text: string): Promise<string> {
  const { createHash } = await import("node:crypto");
  return createHash("sha256").update(text).digest("hex");
}

/** Far from where the harness looks for ports, and still below the ephemeral range. */
function busPortFor(index: number): number {
  return 5000 + (process.pid % 1000) * 4 + index;
}
