import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { expires, fill, type Scene, slotTags, valueFor } from "../helpers/break-cluster.ts";
import { openClient } from "../helpers/data-set.ts";
import { ENGINES } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { type Member, startCluster } from "../helpers/start-cluster.ts";
import { startServers } from "../helpers/start-servers.ts";
import type { TestServer } from "../helpers/test-server.ts";

const LAYOUT = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383], d: [], e: [] } as const;

function nameOf({ address }: TestServer): string {
  return formatAddress(address);
}

async function nodesOf(server: TestServer): Promise<string> {
  return String(await server.call("CLUSTER", "NODES"));
}

async function expectSound(seed: TestServer): Promise<void> {
  const check = await runSlotctl(["check", nameOf(seed), "--quick"]);
  expect(check, check.stdout).toMatchObject({ code: 0 });
  const again = await runSlotctl(["fix", nameOf(seed), "--yes", "-o", "json"]);
  expect(JSON.parse(again.stdout)).toMatchObject({ ok: true, changed: false });
}

describe.each(ENGINES)("fix of who knows whom on $name", (engine) => {
  test("ends removals that were cut short, of a node that lives and of one that does not", async () => {
    await using cluster = await startCluster(engine, LAYOUT);
    const { a, b, c, d, e } = cluster.nodes;
    await e.kill();
    await eventually(async () => expect(await nodesOf(a)).toMatch(new RegExp(`${e.id} \\S+ master,fail `)));
    // What del-node does first, and at one node only.
    await b.call("CLUSTER", "FORGET", d.id);
    await b.call("CLUSTER", "FORGET", e.id);
    // Newer servers pass it on by themselves; a plan that is made meanwhile names a member that is none a moment later.
    if (Number.parseFloat(engine.version) >= 7.2) {
      for (const node of [a, c]) await eventually(async () => expect(await nodesOf(node)).not.toContain(d.id));
    }
    using folder = scratchDirectory("plan");
    const file = join(folder.path, "plan.json");
    const saved = await runSlotctl(["fix", nameOf(a), "--dry-run", "--plan-out", file, "--settle", "0s"]);
    expect(saved).toMatchObject({ code: 0 });
    expect(await runSlotctl(["apply", file, "--yes"])).toMatchObject({ code: 0 });
    expect(await nodesOf(a)).not.toContain(e.id);
    expect(await nodesOf(b)).not.toContain(e.id);
    // Valkey 8.1 and newer meet again who hears nothing of them: it is on its way from one to the other.
    await eventually(async () => expect((await nodesOf(b)).includes(d.id)).toBe((await nodesOf(a)).includes(d.id)));
    await expectSound(a);
  });

  test("forgets who was wiped, and gives slots that he owned away only when it is told twice", async () => {
    await using cluster = await startCluster(engine, LAYOUT);
    const { a, b, c, d } = cluster.nodes;
    const tags = await slotTags(a);
    const scene: Scene = {
      slot: 5,
      owner: a,
      target: b,
      third: c,
      members: cluster.members,
      key: (name) => `{${tags[5]}}${name}`,
    };
    await fill(scene, ["k1", "k2"]);
    await wipe(d, a);
    const seed = nameOf(a);
    const one = await runSlotctl(["fix", seed, "--yes", "--settle", "0s"]);
    expect(one).toMatchObject({ code: 0 });
    expect(await nodesOf(a)).not.toContain(d.id);

    await wipe(c, a);
    const args = ["fix", seed, "--yes", "--settle", "0s", "-o", "json"];
    const refused = await runSlotctl(args);
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.stdout).toContain("PRIMARY_UNREACHABLE");
    const given = ["--with-unreachable-primaries", "--accept-data-loss"];
    expect(await runSlotctl([...args, ...given])).toMatchObject({ code: 0 });
    expect(await nodesOf(b)).not.toContain(c.id);
    await expectSound(a);
    for (const name of ["k1", "k2"]) {
      expect(await a.call("GET", scene.key(name))).toBe(valueFor(name));
      expect(Number(await a.call("PTTL", scene.key(name))) > 0).toBe(expires(name));
    }
  });

  test("makes a working cluster of what a create left that was cut short before all had met", async () => {
    await using servers = await startServers(engine, { count: 3 });
    const [a, b, c] = servers as readonly TestServer[] as readonly [TestServer, TestServer, TestServer];
    for (const [i, server] of [a, b, c].entries()) {
      await server.call(
        "CLUSTER",
        "ADDSLOTSRANGE",
        ...[0, 5461, 10_923, 16_384].slice(i, i + 2).map((slot, end) => slot - end),
      );
      // The same for all, as if that had been cut short too.
      await server.call("CLUSTER", "SET-CONFIG-EPOCH", 1);
    }
    // A MEET may come to nothing, and then each knows nobody; of two, one does not.
    await Promise.all([a.call("CLUSTER", "MEET", b.host, b.port), b.call("CLUSTER", "MEET", a.host, a.port)]);
    await eventually(async () => {
      for (const text of await Promise.all([a, b].map(nodesOf))) {
        for (const slots of [" 0-5460", " 5461-10922"]) expect(text).toContain(slots);
        expect(text).not.toContain("handshake");
      }
    });
    const run = await runSlotctl(["fix", nameOf(a), "--yes", "--settle", "0s", "-o", "json"]);
    expect(run).toMatchObject({ code: 0 });
    const { plan } = JSON.parse(run.stdout) as { plan: { steps: { kind: string; slots: string }[] } };
    // Servers that have the same epoch see to that themselves, sooner or later.
    const steps = plan.steps.filter(({ kind }) => kind !== "bump-epoch");
    expect(steps.map(({ kind, slots }) => `${kind} ${slots}`)).toEqual([
      "assign-slots 10923-13653",
      "assign-slots 13654-16383",
    ]);
    await expectSound(a);
    const epochs = (await nodesOf(a))
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[6]);
    expect(new Set(epochs).size).toBe(2);
    const client = openClient([a.address]);
    expect(await client.set("key", "value")).toBe("OK");
    client.disconnect();
  });
});

/** It comes back at its address as another node, and the others find out. */
async function wipe(member: Member, witness: Member): Promise<void> {
  await member.kill();
  rmSync(join(member.directory, "nodes.conf"));
  await member.start();
  await eventually(async () => expect(await nodesOf(witness)).toMatch(new RegExp(`${member.id} \\S+ \\S*noaddr`)));
}
