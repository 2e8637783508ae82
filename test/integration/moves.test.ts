import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { differencesOf, loadDataSet, openClient, readDataSet, Writer } from "../helpers/data-set.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { runSlotctl, startSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { type Member, startCluster, type TestCluster } from "../helpers/start-cluster.ts";

const THREE_AND_ONE = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383], d: [] } as const;
/** So that an emptied primary stays one: what becomes of it is not what is tested here. */
const STAYS = { settings: { "cluster-allow-replica-migration": "no" } };

function nameOf({ address }: Member): string {
  return formatAddress(address);
}

/** The four invariants after any fault: one owner a slot in every view, no open slot, all keys there, no strays. */
async function expectSound(cluster: TestCluster<string>): Promise<void> {
  await cluster.waitUntilAgreed();
  const run = await runSlotctl(["check", nameOf(cluster.members[0]!), "--search-multiple-owners", "-o", "json"]);
  const { problems } = JSON.parse(run.stdout) as { problems: { severity: string; kind: string; message: string }[] };
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
}

/** What it told others without being asked, and its answers to their heartbeats. */
async function pongsSentBy(node: Member): Promise<number> {
  const info = String(await node.call("CLUSTER", "INFO"));
  return Number(/^cluster_stats_messages_pong_sent:(\d+)/m.exec(info)?.[1] ?? 0);
}

async function setSlotsSentTo(node: Member): Promise<number> {
  const info = String(await node.call("INFO", "commandstats"));
  return Number(/^cmdstat_cluster\|setslot:calls=(\d+)/m.exec(info)?.[1] ?? 0);
}

async function ownEpochOf(node: Member): Promise<number> {
  const line = /^.*\bmyself\b.*$/m.exec(String(await node.call("CLUSTER", "NODES")))![0];
  return Number(line.split(" ")[6]);
}

async function slotsOf(node: Member): Promise<number> {
  const line = String(await node.call("CLUSTER", "NODES"))
    .split("\n")
    .find((text) => text.includes("myself"))!;
  return line
    .split(" ")
    .slice(8)
    .reduce((sum, range) => {
      const [start, end = start] = range.split("-").map(Number);
      return sum + end! - start! + 1;
    }, 0);
}

describe.each(ENGINES)("moving slots on $name", (engine: TestEngine) => {
  /** "auto" is atomic on Valkey 9 and the same as "keys" everywhere else. */
  const methods = engine.name === "valkey-9.1" ? ["keys", "auto"] : ["auto"];

  test.each(methods)(
    "17.5.82 reshard and rebalance keep every key, time to live and acknowledged write (%s)",
    async (method) => {
      await using cluster = await startCluster(engine, THREE_AND_ONE, STAYS);
      const { a, d } = cluster.nodes;
      const client = openClient(cluster.seeds);
      const keys = await loadDataSet(client, 20_000);
      const before = await readDataSet(client, keys);
      expect(before).toHaveLength(keys.length);
      const writer = new Writer(client);

      const out = await runSlotctl([
        "reshard",
        nameOf(a),
        "--to",
        nameOf(d),
        "--slots",
        "4096",
        "--method",
        method,
        "--yes",
        "-o",
        "json",
      ]);
      expect(out).toMatchObject({ code: 0 });
      const by = method === "auto" && engine.name === "valkey-9.1" ? "atomic" : "keys";
      expect(out.stdout).toContain(`"method": "${by}"`);
      expect(JSON.parse(out.stdout)).toMatchObject({ ok: true, changed: true, command: "reshard" });
      expect(await slotsOf(d)).toBe(4096);
      await expectSound(cluster);
      const back = await runSlotctl([
        "rebalance",
        nameOf(a),
        "--weight",
        `${d.id.slice(0, 10)}=0`,
        "--method",
        method,
        "--yes",
      ]);
      expect(back).toMatchObject({ code: 0 });
      expect(await slotsOf(d)).toBe(0);

      expect(writer.count).toBeGreaterThan(100);
      expect(await writer.lost()).toEqual([]);
      expect(differencesOf(before, await readDataSet(client, keys))).toEqual([]);
      client.disconnect();
      await expectSound(cluster);
    },
  );

  test("named slots move, and moving them again changes nothing", async () => {
    await using cluster = await startCluster(engine, THREE_AND_ONE, STAYS);
    const { a, d } = cluster.nodes;
    const args = ["reshard", nameOf(a), "--to", nameOf(d), "--slots", "0-9,6000-6009", "--yes", "-o", "json"];
    expect(JSON.parse((await runSlotctl(args)).stdout)).toMatchObject({ changed: true });
    expect(await slotsOf(d)).toBe(20);
    expect(JSON.parse((await runSlotctl(args)).stdout)).toMatchObject({ ok: true, changed: false });
    await expectSound(cluster);
  });

  test("a target waits until it has heard of everybody's config epoch, and takes slots over with a greater one", async () => {
    await using cluster = await startCluster(engine, THREE_AND_ONE, STAYS);
    const { a, b, d } = cluster.nodes;
    for (const [slot, raised] of [a, b, a, b].entries()) {
      // Nobody is told of that: it goes with the heartbeats, of which each node sends one a second.
      await raised.call("CLUSTER", "BUMPEPOCH");
      const words = ["reshard", nameOf(a), "--to", d.id, "--slots", `${slot}-${slot}`, "--method", "keys", "--yes"];
      expect(await runSlotctl(words)).toMatchObject({ code: 0 });
      expect(await ownEpochOf(d)).toBeGreaterThan(await ownEpochOf(raised));
    }
    await expectSound(cluster);
  });

  test.runIf(engine.version.startsWith("7."))(
    "a third primary hears of new owners from them, and is not told by SETSLOT before",
    async () => {
      await using cluster = await startCluster(engine, THREE_AND_ONE, STAYS);
      const { a, b, c, d } = cluster.nodes;
      const words = [
        "reshard",
        nameOf(a),
        "--from",
        nameOf(a),
        "--to",
        d.id,
        "--slots",
        "200",
        "--method",
        "keys",
        "--yes",
      ];
      expect(await runSlotctl(words)).toMatchObject({ code: 0 });
      const told = await Promise.all([a, b, c, d].map(setSlotsSentTo));
      expect(told[0]).toBeGreaterThanOrEqual(400);
      expect(told[1]).toBe(0);
      expect(told[2]).toBe(0);
      expect(told[3]).toBeGreaterThanOrEqual(400);
      await expectSound(cluster);
    },
  );

  test("of slots that have arrived, others are told once for many", async () => {
    await using cluster = await startCluster(engine, THREE_AND_ONE, STAYS);
    const { a, d } = cluster.nodes;
    const before = await pongsSentBy(d);
    const args = ["reshard", nameOf(a), "--from", nameOf(a), "--to", nameOf(d), "--slots", "2000", "--method", "keys"];
    expect(await runSlotctl([...args, "--yes"])).toMatchObject({ code: 0 });
    expect(await slotsOf(d)).toBe(2000);
    // One for each slot to each of three others would be 6,000; what is left is heartbeats.
    expect((await pongsSentBy(d)) - before).toBeLessThan(600);
    await expectSound(cluster);
  });

  test.each(["SIGKILL", "SIGINT"] as const)(
    "17.5.81 after %s at any moment resume leads home and no key is lost",
    async (signal) => {
      await using cluster = await startCluster(engine, THREE_AND_ONE, STAYS);
      const { a, b, d } = cluster.nodes;
      const client = openClient(cluster.seeds);
      const keys = await loadDataSet(client, 6000);
      const before = await readDataSet(client, keys);
      // With four engines 20 moments for each signal. Where one falls is in the message of a failure.
      for (const [round, moment] of randomMoments(5).entries()) {
        const target = round % 2 === 0 ? d : a;
        const args =
          round % 2 === 0
            ? ["--to", nameOf(target), "--slots", "4000"]
            : ["--from", nameOf(d), "--to", nameOf(a), "--slots", String(await slotsOf(d))];
        const run = startSlotctl([
          "reshard",
          nameOf(b),
          ...args,
          "--yes",
          "--progress",
          "json",
          "--method",
          "keys",
          "--rate",
          "4000",
        ]);
        // Some 1,400 keys go over, after the empty slots.
        await eventually(() => expect(run.stderr).toMatch(/"move-progress"/), { within: 20_000 });
        await eventually(() => {
          if (!run.stderr.includes('"run-done"')) expect(keysMovedIn(run.stderr)).toBeGreaterThanOrEqual(moment);
        });
        run.kill(signal);
        const ended = await run.result;
        // Once it is done, Node takes its leave and hears no signal any more: that ends it like any other program.
        const isDone = ended.stderr.includes('"run-done"');
        if (signal === "SIGINT" && ended.code !== 0 && !isDone) {
          expect(ended).toMatchObject({ code: 6 });
          expect(ended.stdout + ended.stderr).toContain("slotctl resume goes on from there");
          // What was in flight has arrived: nothing is left open.
          const { stdout } = await runSlotctl(["check", nameOf(b), "-o", "json"]);
          expect(stdout).not.toContain("open-slots");
          // Typing the command again would count from zero: it points to resume instead.
          const again = await runSlotctl(["reshard", nameOf(b), "--to", nameOf(target), "--slots", "10", "--yes"]);
          expect(again.code).toBe(3);
          expect(again.stderr).toContain("slotctl resume goes on with it");
        }
        if (ended.code === 0) continue;
        const resumed = await runSlotctl(["resume", nameOf(b), "--yes"]);
        // It may have been killed after its last step, with nothing left to go on with.
        const wasDone = ended.stderr.includes('"run-done"') && resumed.stderr.includes("no unfinished plan");
        expect(
          wasDone ? 0 : resumed.code,
          `round ${round}, after ${moment} keys: ${ended.stderr.slice(-300)}${resumed.stderr}`,
        ).toBe(0);
        await expectSound(cluster);
        expect(differencesOf(before, await readDataSet(client, keys)), `round ${round}, after ${moment} keys`).toEqual(
          [],
        );
      }
      client.disconnect();
    },
  );

  test("a plan that was saved is applied once, and is stale when the slots have gone elsewhere", async () => {
    await using cluster = await startCluster(engine, THREE_AND_ONE, STAYS);
    const { a, b, c, d } = cluster.nodes;
    using folder = scratchDirectory("plan");
    const file = join(folder.path, "plan.json");
    const slots = ["--from", nameOf(a), "--to", nameOf(d), "--slots", "0-9"];
    expect(await runSlotctl(["reshard", nameOf(a), ...slots, "--dry-run", "--plan-out", file])).toMatchObject({
      code: 0,
    });
    const text = readFileSync(file, "utf8");
    expect(await slotsOf(d)).toBe(0);
    for (const expected of ["carried out the plan's 1 step in", "the plan was carried out already (1 step)"]) {
      const applied = await runSlotctl(["apply", "-", "--yes"], { input: text });
      expect(applied.stdout).toContain(expected);
      expect(applied.code).toBe(0);
    }
    expect(await slotsOf(d)).toBe(10);
    expect(
      (await runSlotctl(["reshard", nameOf(b), "--from", nameOf(d), "--to", nameOf(c), "--slots", "0-9", "--yes"]))
        .code,
    ).toBe(0);
    const stale = await runSlotctl(["apply", "-", "--yes"], { input: text });
    expect(stale.code).toBe(5);
    expect(stale.stderr).toMatch(/no longer what the plan was made for|does not own slots 0-9/);
  });

  test("what cannot be is refused before anything is touched", async () => {
    await using cluster = await startCluster(
      engine,
      { a: [0, 8191], b: [8192, 16_383] },
      { replicas: { a: 1 }, ...STAYS },
    );
    const { a, b, a1 } = cluster.nodes;
    const refusals: [string[], RegExp, number][] = [
      [["reshard", nameOf(a), "--to", nameOf(a1), "--slots", "1"], /is a replica and owns no slots/, 2],
      [["reshard", nameOf(a), "--to", "ffffff", "--slots", "1"], /names no node of this cluster/, 2],
      [
        ["reshard", nameOf(a), "--to", nameOf(b), "--slots", "9000"],
        /9,000 slots were asked for, but the sources own 8,192/,
        2,
      ],
      [
        ["reshard", nameOf(a), "--from", nameOf(b), "--to", nameOf(b), "--slots", "1"],
        /source and target at the same time/,
        2,
      ],
      [["reshard", nameOf(a), "--to", nameOf(b), "--slots", "99999"], /Expected 1 to 16384 slots/, 2],
      [["rebalance", nameOf(a), "--weight", `${nameOf(a)}=abc`], /Expected node=weight/, 2],
      [["rebalance", nameOf(a), "--weight", `${nameOf(a)}=0`, "--weight", `${nameOf(b)}=0`], /all weights 0/, 2],
      [["reshard", nameOf(a), "--to", nameOf(b)], /reshard needs --slots/, 2],
      [["resume", nameOf(a), "--yes"], /no unfinished plan/, 2],
    ];
    for (const [args, text, code] of refusals) {
      const run = await runSlotctl([...args, "--yes"]);
      expect(run.stderr).toMatch(text);
      expect(run.code).toBe(code);
    }
    await a.call("CLUSTER", "SETSLOT", 5, "MIGRATING", b.id);
    const sick = await runSlotctl(["rebalance", nameOf(b), "--yes"]);
    expect(sick.code).toBe(3);
    expect(sick.stderr).toContain("has slot 5 migrating to");
    await a.call("CLUSTER", "SETSLOT", 5, "STABLE");
    expect(await slotsOf(a)).toBe(8192);
  });

  test("17.5.79, 17.5.80 keys that are there twice with one value are replaced, with two values both are left and named", async () => {
    await using cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16_383] }, STAYS);
    const { a, b } = cluster.nodes;
    const slot = Number(await a.call("CLUSTER", "KEYSLOT", "{06S}x"));
    const [from, to] = slot < 8192 ? [a, b] : [b, a];
    await from.callAll([
      ["SET", "{06S}same", "1"],
      ["SET", "{06S}other", "mine"],
    ]);
    await to.call("CLUSTER", "SETSLOT", slot, "IMPORTING", from.id);
    await to.callAll([["ASKING"], ["SET", "{06S}same", "1"]]);
    await to.call("CLUSTER", "SETSLOT", slot, "STABLE");
    const args = [
      "reshard",
      nameOf(a),
      "--from",
      nameOf(from),
      "--to",
      nameOf(to),
      "--slots",
      `${slot}-${slot}`,
      "--yes",
    ];
    // What lies at the target is a stray key, and a cluster with stray keys is not reshuffled unseen.
    expect((await runSlotctl(args)).code).toBe(3);
    await to.call("CLUSTER", "SETSLOT", slot, "IMPORTING", from.id);
    await from.call("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id);
    const plan = planOf(from, to, slot);
    expect(await runSlotctl(["apply", "-", "--yes"], { input: plan })).toMatchObject({ code: 0 });
    expect(await to.call("GET", "{06S}same")).toBe("1");
    expect(await to.call("GET", "{06S}other")).toBe("mine");
    await expectSound(cluster);
  });
});

/** A saved plan that moves one slot, as --plan-out writes it. */
function planOf(from: Member, to: Member, slot: number): string {
  const ref = ({ id, address }: Member) => ({ id, address });
  const steps = [{ kind: "move-slots", from: ref(from), to: ref(to), slots: String(slot), method: "keys" }];
  return JSON.stringify({
    schemaVersion: 1,
    command: "reshard",
    madeFor: "",
    steps,
    reasons: [],
    warnings: [],
    expected: [],
  });
}

/** The most keys that a move has reported as gone over. */
function keysMovedIn(stderr: string): number {
  return Math.max(0, ...[...stderr.matchAll(/"keysMoved":(\d+)/g)].map(([, count]) => Number(count)));
}

/** Numbers of keys, from none to nearly all that go over. */
function randomMoments(count: number): readonly number[] {
  return Array.from({ length: count }, () => Math.floor(Math.random() * 1300));
}
