import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { openClient, Writer } from "../helpers/data-set.ts";
import { BOTH_ENDS, ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { type RunResult, runSlotctl, startSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { type Member, startCluster, type TestCluster } from "../helpers/start-cluster.ts";

const THREE = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;
/** No replica changes its primary by itself. */
const STAYS = { "cluster-allow-replica-migration": "no" };
/** Nobody is promoted but by an order. */
const ONLY_BY_ORDER = { "cluster-replica-no-failover": "yes" };

function nameOf({ address }: Pick<Member, "address">): string {
  return formatAddress(address);
}

interface Document {
  readonly changed?: boolean;
  readonly plan?: { readonly steps: readonly { readonly kind: string }[]; readonly warnings: readonly string[] };
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

function documentOf({ stdout }: RunResult): Document {
  return JSON.parse(stdout) as Document;
}

function failover(seed: Member, ...args: readonly string[]): Promise<RunResult> {
  return runSlotctl(["failover", nameOf(seed), ...args, "--yes", "-o", "json"]);
}

/** "primary", or the id of the node that it follows, as it says itself. */
async function roleOf(node: Member): Promise<string> {
  const [, , flags, primary] = String(await node.call("CLUSTER", "NODES"))
    .split("\n")
    .find((line) => line.includes("myself"))!
    .split(" ");
  return flags!.includes("slave") ? primary! : "primary";
}

/** What was true in every view when slotctl said so; nothing is waited for. */
async function expectPrimary(node: Member, cluster: TestCluster<string>): Promise<void> {
  for (const member of cluster.members.filter(({ isRunning }) => isRunning)) {
    const line = String(await member.call("CLUSTER", "NODES"))
      .split("\n")
      .find((text) => text.startsWith(node.id))!;
    expect(line, `${node.name} as ${member.name} sees it`).toMatch(/master[^ ]* .* connected \d/);
  }
}

describe.each(ENGINES)("failover on $name", (engine: TestEngine) => {
  test("a safe failover under writes loses none, is done when all agree, and is not done twice", async () => {
    await using cluster = await startCluster(engine, THREE, { replicas: { a: 2, b: 1 }, settings: STAYS });
    const { a, a1, a2, b, c } = cluster.nodes;
    const client = openClient(cluster.seeds);
    const writer = new Writer(client);
    await eventually(() => expect(writer.count).toBeGreaterThan(200));

    // A plan can be looked at, kept, and carried out later.
    using files = scratchDirectory();
    const file = join(files.path, "plan.json");
    const planned = await failover(b, a2.id.slice(0, 12), "--dry-run", "--detailed-exitcode", "--plan-out", file);
    expect(planned.code, planned.stdout).toBe(10);
    expect(documentOf(planned)).toMatchObject({ changed: false, plan: { steps: [{ kind: "failover" }] } });
    expect(await roleOf(a)).toBe("primary");
    expect(documentOf(await runSlotctl(["apply", file, "--yes", "-o", "json"]))).toMatchObject({ changed: true });
    await expectPrimary(a2, cluster);
    expect(await Promise.all([a, a1].map(roleOf))).toEqual([a2.id, a2.id]);
    expect(documentOf(await failover(b, "--to", nameOf(a2)))).toMatchObject({ changed: false });
    expect(documentOf(await failover(b, "--from", nameOf(a)))).toMatchObject({ changed: false });
    // A primary gives way to the best of its replicas.
    expect(documentOf(await failover(c, nameOf(a2)))).toMatchObject({ changed: true });
    expect(await roleOf(a2)).not.toBe("primary");
    expect(await writer.lost()).toEqual([]);
    client.disconnect();

    const refusals: [Member, string[], RegExp, number][] = [
      [c, [nameOf(c)], /has no replica/, 3],
      [c, ["ffffff"], /names no node/, 2],
      [c, [], /needs one node|No node to start from/, 2],
      [c, [nameOf(a), "--to", nameOf(b)], /needs one node/, 2],
      [c, [nameOf(b), "--force", "--takeover"], /cannot be used with/, 2],
    ];
    for (const [seed, args, text, code] of refusals) {
      const run = await failover(seed, ...args);
      expect(documentOf(run).error?.message).toMatch(text);
      expect(run.code).toBe(code);
    }
    const unasked = await runSlotctl(["failover", nameOf(b), "--to", nameOf(cluster.nodes.b1)]);
    expect(unasked.code, unasked.stdout + unasked.stderr).toBe(2);
    expect(await roleOf(b)).toBe("primary");
    expect((await runSlotctl(["check", nameOf(b), "--quick"])).code).toBe(0);
  });

  test("a dead primary takes --force, a lost majority --takeover, and the one that comes back follows", async () => {
    await using cluster = await startCluster(engine, THREE, { replicas: { a: 2, b: 1 }, settings: ONLY_BY_ORDER });
    const { a, a1, a2, b, b1, c } = cluster.nodes;
    // a1 hears nothing more, so a2 alone has read the last writes.
    await a1.pause();
    await a.call("CLIENT", "KILL", "TYPE", "replica");
    await eventually(async () => expect(String(await a.call("INFO", "replication"))).toMatch(/connected_slaves:1/));
    await eventually(() => a.call("SET", "{06S}late", "yes"));
    await eventually(async () => expect(await a.call("WAIT", 1, 100)).toBe(1));
    await a.kill();
    a1.resume();

    const safe = await failover(c, "--from", a.id);
    expect(safe.code).toBe(3);
    expect(documentOf(safe).error).toMatchObject({
      code: "FAILOVER_REFUSED",
      hint: expect.stringContaining("--force"),
    });
    const forced = await failover(c, "--from", a.id, "--force");
    expect(documentOf(forced)).toMatchObject({ changed: true });
    expect(documentOf(forced).plan?.warnings.join()).toMatch(/has not got are lost/);
    await expectPrimary(a2, cluster);
    expect(await roleOf(a1)).toBe(a2.id);

    await Promise.all([b.kill(), c.kill()]);
    const voteless = await failover(a2, "--to", b1.id, "--force");
    expect(documentOf(voteless).error?.hint).toContain("--takeover");
    expect(documentOf(await failover(a2, "--to", b1.id, "--takeover"))).toMatchObject({ changed: true });
    await expectPrimary(b1, cluster);
    await Promise.all([b.start(), c.start(), a.start()]);
    await eventually(async () => expect(await Promise.all([a, b].map(roleOf))).toEqual([a2.id, b1.id]));
    await cluster.waitUntilAgreed();
    expect(await a2.call("GET", "{06S}late").catch(() => c.call("GET", "{06S}late"))).toBe("yes");
  });

  test("rebalance-replicas repairs anti-affinity by the fewest steps, also after SIGKILL, and then has nothing to do", async () => {
    // The replicas come after the primaries: a1 and b1 each sit beside their own.
    const hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.1", "127.0.0.2", "127.0.0.1"];
    const settings = (i: number) => ({ ...STAYS, "cluster-announce-ip": hosts[i]! });
    await using cluster = await startCluster(engine, THREE, { replicas: 1, hosts, settings });
    const { a, b, c, a1, b1, c1 } = cluster.nodes;
    const args = ["rebalance-replicas", nameOf(c), "--yes", "-o", "json"];

    const dry = documentOf(await runSlotctl([...args, "--dry-run"]));
    expect(dry.changed).toBe(false);
    expect(dry.plan?.steps.map(({ kind }) => kind)).toEqual(["replicate", "replicate"]);
    const run = startSlotctl([...args, "--progress", "json"]);
    await eventually(() => expect(run.stderr).toContain("step-done"), { within: 20_000 });
    run.kill("SIGKILL");
    await run.result;
    const again = await runSlotctl(args);
    expect(again.code, again.stdout).toBe(0);
    expect(await Promise.all([a1, b1, c1].map(roleOf))).toEqual([b.id, a.id, c.id]);
    const { stdout } = await runSlotctl(["check", nameOf(c), "-o", "json"]);
    expect(stdout).not.toContain("anti-affinity");
    expect(documentOf(await runSlotctl(args))).toMatchObject({ changed: false, plan: { steps: [] } });

    // All primaries but one on one host: a single failover evens them out.
    expect((await failover(c, "--to", nameOf(b1))).code).toBe(0);
    const even = documentOf(await runSlotctl(args));
    expect(even.plan?.steps.map(({ kind }) => kind)).toEqual(["failover"]);
    expect((await runSlotctl(["rebalance-replicas", nameOf(a), "--replicas", "x"])).code).toBe(2);
  });
});

/** Where old votes are waited out. */
describe.each(ENGINES.filter(({ kind }) => kind === "redis").slice(0, 1))("changed meanwhile on $name", (engine) => {
  test("a replica that was given to another primary while it was waited for takes over from nobody", async () => {
    await using cluster = await startCluster(engine, THREE, { replicas: { a: 1 }, settings: STAYS });
    const { a, a1, b, c } = cluster.nodes;
    expect((await failover(c, "--to", nameOf(a1))).code).toBe(0);
    expect((await failover(c, "--to", nameOf(a))).code).toBe(0);
    using run = startSlotctl(["failover", nameOf(c), "--to", nameOf(a1), "--yes"]);
    await eventually(() => expect(run.stderr).toContain("old votes"));
    await a1.call("CLUSTER", "REPLICATE", b.id);
    const { code, stderr } = await run.result;
    expect(code, stderr).toBe(5);
    expect(stderr).toMatch(/is no longer what the plan was made for: it follows/);
    expect(await Promise.all([a, a1, b].map(roleOf))).toEqual(["primary", b.id, "primary"]);
  });
});

describe.each(BOTH_ENDS)("failover of a newcomer on $name", (engine: TestEngine) => {
  test("a replica that nobody has heard of yet is made known before it asks for anything", async () => {
    // So long that gossip is no help.
    const settings = { ...STAYS, "cluster-node-timeout": "60000" };
    await using cluster = await startCluster(engine, THREE, { spares: 1, settings });
    const { a, b, c } = cluster.nodes;
    const [newcomer] = cluster.spares;
    const joined = await runSlotctl(["add-node", nameOf(b), nameOf(newcomer!), "--yes"]);
    expect(joined.code, joined.stderr).toBe(0);
    await newcomer!.call("CLUSTER", "REPLICATE", a.id);
    await eventually(async () => expect(String(await newcomer!.call("ROLE"))).toContain("connected"));
    const over = await runSlotctl(["failover", nameOf(b), "--to", nameOf(newcomer!), "--yes"]);
    expect(over.code, over.stderr).toBe(0);
    expect(over.stderr).not.toContain("attempt");
    const id = String(await newcomer!.call("CLUSTER", "MYID"));
    expect(await roleOf(a)).toBe(id);
    for (const member of [b, c]) {
      expect(String(await member.call("CLUSTER", "NODES"))).toMatch(new RegExp(`^${id} .*master.* 0-5460$`, "m"));
    }
  });
});

describe.each(BOTH_ENDS)("interrupted failover on $name", (engine: TestEngine) => {
  test("after SIGKILL at any moment the same command leads home", async () => {
    await using cluster = await startCluster(engine, THREE, { replicas: 1 });
    const { a, a1, b1, c, c1 } = cluster.nodes;
    const rounds: [Member, string][] = [
      [a1, ""],
      [b1, "run-started"],
      [c1, "step-started"],
      [a, "step-done"],
    ];
    for (const [target, moment] of rounds) {
      using run = startSlotctl(["failover", nameOf(c), "--to", nameOf(target), "--yes", "--progress", "json"]);
      await eventually(() => expect(run.stderr).toContain(moment), { within: 10_000 });
      run.kill("SIGKILL");
      await run.result;
      // Whoever does not remember what it was says resume, when there is something to go on with.
      const resumes = moment.startsWith("step") && !run.stderr.includes("run-done");
      const again = await (resumes ? runSlotctl(["resume", nameOf(c), "--yes"]) : failover(c, "--to", nameOf(target)));
      expect(again.code, again.stdout + again.stderr).toBe(0);
      await expectPrimary(target, cluster);
    }
    // Redis would count the votes of a1's first election again: it has to be waited for.
    const back = await failover(c, "--to", nameOf(a1));
    expect(documentOf(back)).toMatchObject({ changed: true });
    expect(back.stderr.includes("old votes")).toBe(engine.kind === "redis");
    expect(a1.log().match(/Starting a failover election/g)).toHaveLength(2);
    await cluster.waitUntilAgreed();
  });
});
