import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { formatRanges, toRanges } from "../../src/model/slot.ts";
import {
  BREAKAGES,
  type Breakage,
  breakAll,
  disown,
  expires,
  fill,
  migrate,
  open as openSlot,
  type Scene,
  setSlot,
  slotTags,
  stray,
  valueFor,
} from "../helpers/break-cluster.ts";
import { openClient } from "../helpers/data-set.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { runOriginal } from "../helpers/original-cli.ts";
import { battlefield, damage, fillSlots, untilStill } from "../helpers/random-damage.ts";
import { runSlotctl, startSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { type Member, startCluster, type TestCluster } from "../helpers/start-cluster.ts";

const LAYOUT = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;
type Names = keyof typeof LAYOUT;

/** Each breakage has a slot of its own, spread over the three primaries; the other two play the other parts. */
function scenesFor(
  cluster: TestCluster<Names>,
  tags: readonly string[],
  shift = 0,
): readonly (readonly [Breakage, Scene])[] {
  const { a, b, c } = cluster.nodes;
  const casts = [
    [a, b, c],
    [b, c, a],
    [c, a, b],
  ] as const;
  return BREAKAGES.map((breakage, i) => {
    const [owner, target, third] = casts[i % 3]!;
    const slot = (i % 3) * 5461 + 100 + i + shift;
    const key = (name: string) => `{${tags[slot]}}${name}`;
    return [breakage, { slot, owner, target, third, members: cluster.members, key }];
  });
}

function nameOf({ address }: Member): string {
  return formatAddress(address);
}

async function ownerIn(view: Member, slot: number): Promise<string | undefined> {
  const ranges = (await view.call("CLUSTER", "SLOTS")) as readonly [
    number,
    number,
    readonly [string, number, string],
  ][];
  return ranges.find(([start, end]) => start <= slot && slot <= end)?.[2][2];
}

/** Nothing is wrong with any slot, in any view, and no key is where nobody looks for it. */
async function expectSound(cluster: TestCluster<Names>): Promise<void> {
  await cluster.waitUntilAgreed();
  const run = await runSlotctl(["check", nameOf(cluster.nodes.a), "--search-multiple-owners", "-o", "json"]);
  const { problems } = JSON.parse(run.stdout) as { problems: { severity: string; kind: string; message: string }[] };
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(run.code).toBe(0);
  const again = await runSlotctl(["fix", nameOf(cluster.nodes.a), "--yes", "-o", "json"]);
  expect(JSON.parse(again.stdout)).toMatchObject({ ok: true, changed: false });
}

async function expectKeys(client: ReturnType<typeof openClient>, scenes: readonly (readonly [Breakage, Scene])[]) {
  const wrong: string[] = [];
  for (const [{ name: title, keys }, { key }] of scenes) {
    for (const name of keys) {
      const [value, left] = [await client.get(key(name)), await client.pttl(key(name))];
      if (value !== valueFor(name)) wrong.push(`${title}: ${name} is ${value}`);
      else if (expires(name) ? left < 3_000_000 : left !== -1) wrong.push(`${title}: ${name} lives for ${left}`);
    }
  }
  expect(wrong).toEqual([]);
}

/** All of them where that was asked for; else each engine has a few of its own. */
function seedsFor(engine: TestEngine): readonly number[] {
  const asked = process.env.SLOTCTL_FIX_SEEDS;
  if (asked !== undefined) return Array.from({ length: Number(asked) }, (_, i) => i + 1);
  const first = ENGINES.indexOf(engine) * SEEDS_EACH + 1;
  return Array.from({ length: SEEDS_EACH }, (_, i) => first + i);
}

const SEEDS_EACH = 2;

/** A slot of a, and two values of one key: the owner's was written last. */
async function makeConflict(cluster: TestCluster<Names>, tags: readonly string[], slot: number): Promise<Scene> {
  const { a, b, c } = cluster.nodes;
  const key = (name: string) => `{${tags[slot]}}${name}`;
  const scene = { slot, owner: a, target: b, third: c, members: cluster.members, key };
  await fill(scene, ["k1", "k3"]);
  await stray(scene, b, ["k1", "k5"], "of the stray");
  return scene;
}

describe.each(ENGINES)("fix on $name", (engine: TestEngine) => {
  test("repairs a cluster that is broken in every way at once, forward and back", async () => {
    await using cluster = await startCluster(engine, LAYOUT, { replicas: { a: 1 } });
    const { a } = cluster.nodes;
    const tags = await slotTags(a);
    // Every breakage has two slots, one for each direction.
    const directions = { auto: scenesFor(cluster, tags), back: scenesFor(cluster, tags, 1000) };
    await breakAll([...directions.auto, ...directions.back]);

    const seed = nameOf(a);
    const partly = formatRanges(toRanges(directions.back.map(([, { slot }]) => slot)));
    const dry = await runSlotctl(["fix", seed, "--dry-run", "--detailed-exitcode", "--settle", "0s"]);
    expect(dry).toMatchObject({ code: 10 });
    expect(dry.stderr).toContain("the move from");
    const back = ["--slots", partly, "--direction", "back", "--only", "open-slots", "--only", "stray-keys"];
    // Only after everybody serves again can keys move, so what is without an owner is repaired first of all.
    const cover = ["--only", "uncovered-slots", "--only", "disagreement", "--only", "several-owners"];
    const runs = [cover, back, []];
    for (const words of runs) {
      const run = await runSlotctl(["fix", seed, ...words, "--yes", "--settle", "0s", "-o", "json"]);
      expect(run).toMatchObject({ code: 0 });
      expect(JSON.parse(run.stdout)).toMatchObject({ ok: true, command: "fix" });
    }
    await expectSound(cluster);

    const client = openClient(cluster.seeds);
    await expectKeys(client, [...directions.auto, ...directions.back]);
    client.disconnect();
    const homes = Object.entries(directions).flatMap(([direction, all]) =>
      all.map(async ([{ name, home, homeBack }, scene]) => {
        const wanted = direction === "back" ? (homeBack ?? home) : home;
        const owner = await ownerIn(a, scene.slot);
        return wanted === undefined || owner === scene[wanted].id ? [] : [`${direction}: ${name}: ${owner}`];
      }),
    );
    expect((await Promise.all(homes)).flat()).toEqual([]);
  });

  test("never overwrites a value unasked, keeps what gives way, and puts it back", async () => {
    await using cluster = await startCluster(engine, LAYOUT);
    const { a, b } = cluster.nodes;
    const tags = await slotTags(a);
    const seed = nameOf(a);
    const client = openClient(cluster.seeds);
    using folder = scratchDirectory("conflicts");
    const [given, taken] = [join(folder.path, "given.jsonl"), join(folder.path, "taken.jsonl")];

    const { key, slot } = await makeConflict(cluster, tags, 300);
    const left = await runSlotctl(["fix", seed, "--yes", "-o", "json"]);
    expect(left).toMatchObject({ code: 6 });
    expect(JSON.parse(left.stdout)).toMatchObject({ ok: false, error: { code: "KEY_CONFLICT", exitCode: 6 } });
    expect(left.stdout).toContain(`slot ${slot}`);
    expect(await client.get(key("k1"))).toBe(valueFor("k1"));
    expect(await client.get(key("k5"))).toBe("of the stray");
    expect(await b.call("CLUSTER", "COUNTKEYSINSLOT", slot)).toBe(1);

    const owner = ["--on-conflict", "owner", "--conflict-file", given];
    expect(await runSlotctl(["fix", seed, "--yes", ...owner])).toMatchObject({ code: 0 });
    await expectSound(cluster);
    expect(await client.get(key("k1"))).toBe(valueFor("k1"));
    const restore = ["fix", seed, "--restore-conflicts", given, "--yes", "--conflict-file", taken, "-o", "json"];
    expect(JSON.parse((await runSlotctl(restore)).stdout)).toMatchObject({ ok: true, changed: true });
    expect(await client.get(key("k1"))).toBe("of the stray");
    expect(JSON.parse((await runSlotctl(restore)).stdout)).toMatchObject({ ok: true, changed: false });
    const undo = ["fix", seed, "--restore-conflicts", taken, "--yes"];
    expect(await runSlotctl(undo)).toMatchObject({ code: 0 });
    expect(await client.get(key("k1"))).toBe(valueFor("k1"));

    const both = await makeConflict(cluster, tags, 301);
    expect(await runSlotctl(["fix", seed, "--yes", "--on-conflict", "keep-both"])).toMatchObject({ code: 0 });
    expect(await client.get(both.key("k1"))).toBe(valueFor("k1"));
    expect(await client.get(`${both.key("k1")}:conflict-${b.id.slice(0, 8)}`)).toBe("of the stray");

    // The move stops at that key alone, and goes on when it is said which counts.
    const open = await makeConflict(cluster, tags, 302);
    await setSlot(b, 302, "IMPORTING", a.id);
    await setSlot(a, 302, "MIGRATING", b.id);
    expect(await runSlotctl(["fix", seed, "--yes"])).toMatchObject({ code: 6 });
    expect(await ownerIn(a, 302)).toBe(a.id);
    expect(await runSlotctl(["fix", seed, "--yes", ...owner])).toMatchObject({ code: 0 });
    expect(await ownerIn(a, 302)).toBe(b.id);
    expect(await client.get(open.key("k1"))).toBe(valueFor("k1"));

    const same = await makeConflict(cluster, tags, 303);
    await eventually(async () => expect(Number(await a.call("OBJECT", "IDLETIME", same.key("k1")))).toBeGreaterThan(3));
    await a.call("GET", same.key("k1"));
    expect(await runSlotctl(["fix", seed, "--yes", "--on-conflict", "newest"])).toMatchObject({ code: 0 });
    expect(await client.get(same.key("k1"))).toBe(valueFor("k1"));
    client.disconnect();
    await expectSound(cluster);
  });

  test("goes on after kill -9, and speaks as redis-cli does", async () => {
    await using cluster = await startCluster(engine, LAYOUT);
    const { a, b, c } = cluster.nodes;
    const tags = await slotTags(a);
    const names = Array.from({ length: 400 }, (_, i) => `k${i}`);
    const scenes = [310, 311, 312].map((slot): Scene => {
      return { slot, owner: a, target: b, third: c, members: cluster.members, key: (name) => `{${tags[slot]}}${name}` };
    });
    const [moved, strayed, dropIn] = scenes as [Scene, Scene, Scene];
    await fill(moved, names);
    await openSlot(moved);
    await migrate(moved, names.slice(0, 50));
    await stray(strayed, c, names);
    for (const progress of [100, 300, 500]) {
      const run = startSlotctl(["fix", nameOf(a), "--yes", "--progress", "json", "--rate", "1000", "--pipeline", "10"]);
      // The last run has perhaps less to do than that, and comes to its end.
      const ended = run.result.then(({ code }) => code);
      await Promise.race([ended, eventually(() => expect(keysIn(run.stderr)).toBeGreaterThanOrEqual(progress))]);
      run.kill("SIGKILL");
      if ((await ended) === 0) break;
    }
    expect(await runSlotctl(["fix", nameOf(a), "--yes"])).toMatchObject({ code: 0 });
    await expectSound(cluster);
    // Nothing of it is left for resume, and nothing stands in the way of the next move.
    expect(await runSlotctl(["resume", nameOf(a), "--yes"])).toMatchObject({ code: 2 });

    if (engine.cli !== undefined) {
      const args = ["--cluster", "fix", nameOf(a)];
      const [ours, theirs] = [await runSlotctl(args), await runOriginal(engine, args)];
      expect(ours).toMatchObject({ code: theirs.code, stdout: theirs.stdout, stderr: "" });
    }
    await fill(dropIn, names.slice(0, 10));
    await openSlot(dropIn);
    const uncovered = 320;
    await disown({ ...dropIn, slot: uncovered });
    const args = ["--cluster", "fix", nameOf(a), "--cluster-yes"];
    const refused = await runSlotctl(args);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stdout).toContain(
      ">>> Fixing slots coverage...\nThe following uncovered slots have no keys across the cluster:\n[320]\n" +
        "Fix these slots by covering with a random node? (type 'yes' to accept): ",
    );
    const accepted = await runSlotctl(args, { input: "yes\n" });
    expect(accepted).toMatchObject({ code: 0, stderr: "" });
    expect(accepted.stdout).toContain(">>> Covering slot 320 with ");
    await expectSound(cluster);
    const client = openClient(cluster.seeds);
    for (const [scene, held] of [
      [moved, names],
      [strayed, names],
      [dropIn, names.slice(0, 10)],
    ] as const) {
      const values = await Promise.all(held.map((name) => client.get(scene.key(name))));
      expect(values).toEqual(held.map(valueFor));
    }
    client.disconnect();
  });

  test("whatever random damage leaves of the keys", async () => {
    await using cluster = await startCluster(engine, LAYOUT);
    const { a, b, c } = cluster.nodes;
    const site = { primaries: [a, b, c], slots: battlefield(), tags: await slotTags(a) };
    const client = openClient(cluster.seeds);
    for (const seed of seedsFor(engine)) {
      await fillSlots(site);
      await damage(site, seed);
      const keys = [...(await untilStill(site))];
      const run = await runSlotctl(["fix", nameOf(a), "--yes", "--settle", "0s"]);
      expect(run, `seed ${seed}`).toMatchObject({ code: 0 });
      const check = await runSlotctl(["check", nameOf(b), "--search-multiple-owners", "--quick"]);
      expect(check, `seed ${seed}: ${run.stderr}`).toMatchObject({ code: 0 });
      const found = await Promise.all(keys.map((key) => client.exists(key)));
      expect(
        keys.filter((_, i) => found[i] !== 1),
        `seed ${seed}: ${run.stderr}`,
      ).toEqual([]);
    }
    client.disconnect();
  }, 900_000);
});

/** On the oldest and the newest: what is repaired here is the plan's, not the server's. */
describe.each([...new Set([ENGINES[0]!, ENGINES.at(-1)!])])("fix without all primaries on $name", (engine) => {
  test("refuses, and gives slots away only when it is told twice", async () => {
    await using cluster = await startCluster(engine, LAYOUT);
    const { a, b, c } = cluster.nodes;
    const tags = await slotTags(a);
    const kept: Scene = {
      slot: 1,
      owner: a,
      target: b,
      third: c,
      members: cluster.members,
      key: (name) => `{${tags[1]}}${name}`,
    };
    await fill(kept, ["k1"]);
    await b.kill();
    await eventually(async () => {
      expect(String(await a.call("CLUSTER", "NODES"))).toMatch(/ master,fail /);
      expect(String(await c.call("CLUSTER", "NODES"))).toMatch(/ master,fail /);
    });
    const args = ["fix", nameOf(a), "--yes", "--settle", "0s", "-o", "json"];
    const refused = await runSlotctl(args);
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.stdout).toContain("PRIMARY_UNREACHABLE");
    const once = await runSlotctl([...args, "--with-unreachable-primaries"]);
    expect(once).toMatchObject({ code: 2 });
    expect(once.stdout).toContain("DATA_LOSS");
    const twice = await runSlotctl([...args, "--with-unreachable-primaries", "--accept-data-loss"]);
    expect(twice).toMatchObject({ code: 0 });
    const { plan } = JSON.parse(twice.stdout) as { plan: { steps: { slots: string }[]; warnings: string[] } };
    expect(plan.steps.map(({ slots }) => slots)).toEqual(["5461-8191", "8192-10922"]);
    expect(plan.warnings.join()).toContain("are lost");

    // It comes back with its keys, hears that its slots are taken, and has nothing to say any more.
    await b.start();
    await cluster.waitUntilAgreed();
    await expectSound(cluster);
    expect(await a.call("GET", kept.key("k1"))).toBe(valueFor("k1"));
  });
});

/** Keys that a run has moved so far, of all its ways together. */
function keysIn(stderr: string): number {
  const most = new Map<string, number>();
  for (const line of stderr.split("\n").slice(0, -1)) {
    if (!line.startsWith("{")) continue;
    const event = JSON.parse(line) as { type: string; keysMoved?: number; done?: number; unit?: string };
    const keys = event.unit === "keys" ? event.done : event.keysMoved;
    most.set(event.type, Math.max(most.get(event.type) ?? 0, keys ?? 0));
  }
  return [...most.values()].reduce((sum, keys) => sum + keys, 0);
}
