import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import type { Command } from "../../src/node/node.ts";
import { openClient } from "../helpers/data-set.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { type Member, startCluster, type TestCluster } from "../helpers/start-cluster.ts";

const THREE = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;

interface Report {
  readonly changed: boolean;
  readonly plan: { readonly reasons: readonly string[] };
  readonly moves: readonly {
    readonly from: string;
    readonly keys: number;
    readonly bytes: number;
    readonly sampledKeys: number;
    readonly bigKeys: readonly { readonly key: string; readonly type: string; readonly bytes: number }[];
  }[];
  readonly totals: { readonly keys: number; readonly bytes: number; readonly atLeastSeconds?: number };
  readonly balancedBy?: string;
  readonly balance: readonly {
    readonly node: string;
    readonly keys: BeforeAndAfter;
    readonly memoryBytes: BeforeAndAfter;
    readonly load?: BeforeAndAfter;
  }[];
}

interface BeforeAndAfter {
  readonly before: number;
  readonly after: number;
}

function nameOf({ address }: Member): string {
  return formatAddress(address);
}

async function rebalance(node: Member, ...args: readonly string[]): Promise<Report> {
  const run = await runSlotctl(["rebalance", nameOf(node), ...args, "-o", "json"]);
  expect(run).toMatchObject({ code: 0 });
  return JSON.parse(run.stdout) as Report;
}

/** Tags with the slot of each. */
async function tagsFor(
  node: Member,
  count: number,
): Promise<readonly { readonly tag: string; readonly slot: number }[]> {
  const tags = Array.from({ length: count }, (_, i) => `{t${i}}`);
  const slots = await node.callAll(tags.map((tag): Command => ["CLUSTER", "KEYSLOT", tag]));
  return tags.map((tag, i) => ({ tag, slot: Number(slots[i]) }));
}

/** Four keys in each of its tags' slots for the first primary, and one large key for the others. */
async function load({ nodes: { a, b, c } }: TestCluster<"a" | "b" | "c">): Promise<number> {
  const tags = await tagsFor(a, 1500);
  const owners = [a, b, c];
  const commands = new Map(owners.map((owner): [Member, Command[]] => [owner, []]));
  for (const { tag, slot } of tags) {
    const owner = owners[slot <= 5460 ? 0 : slot <= 10_922 ? 1 : 2]!;
    const [copies, size] = owner === a ? [4, 10] : [1, 600];
    for (let i = 0; i < copies; i++) commands.get(owner)!.push(["SET", `${tag}${i}`, "v".repeat(size)]);
  }
  await Promise.all([...commands].map(([owner, list]) => owner.callAll(list)));
  return [...commands.values()].reduce((sum, list) => sum + list.length, 0);
}

describe.each(ENGINES)("rebalance on $name", (engine: TestEngine) => {
  test("evens out keys, then memory; a second run finds nothing to do", async () => {
    await using cluster = await startCluster(engine, THREE);
    const { a, b, c } = cluster.nodes;
    const total = await load(cluster);

    const shown = await rebalance(a, "--by", "keys", "--dry-run", "--rate", "100");
    const planned = await rebalance(a, "--by", "keys", "--yes");
    expect(planned).toMatchObject({ changed: true, balancedBy: "keys" });
    expect(planned.moves).toEqual(shown.moves);
    expect(planned.moves.every(({ from }) => from === a.id)).toBe(true);
    const sizes = (await Promise.all([a, b, c].map((node) => node.call("DBSIZE")))).map(Number);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(total);
    for (const size of sizes) expect(Math.abs(size - total / 3)).toBeLessThanOrEqual((total / 3) * 0.02);
    // The plan had said so: all keys that move were counted and, as there are few, looked at; where the servers move slots
    // themselves, as many as an estimate takes.
    expect(planned.balance.map(({ keys }) => keys.after)).toEqual(sizes);
    expect(planned.balance.map(({ load }) => load?.after)).toEqual(sizes);
    const isAtomic = engine.name === "valkey-9.1";
    const lookedAt = planned.moves.reduce((sum, { sampledKeys }) => sum + sampledKeys, 0);
    expect(lookedAt).toBeGreaterThan(0);
    if (isAtomic) expect(lookedAt).toBeLessThanOrEqual(256);
    else expect(lookedAt).toBe(planned.totals.keys);
    expect(planned.totals.bytes).toBeGreaterThan(planned.totals.keys * 20);
    expect(planned.totals.bytes).toBeLessThan(planned.totals.keys * 200);
    // The servers' own migration does not keep to --rate, so nothing is said of its time.
    const seconds = isAtomic ? undefined : planned.totals.keys / 100;
    expect(shown.totals.atLeastSeconds).toBe(seconds);
    expect(await rebalance(a, "--by", "keys", "--yes")).toMatchObject({ changed: false, moves: [] });

    const byMemory = await rebalance(a, "--by", "memory", "--yes");
    expect(byMemory).toMatchObject({ changed: true, balancedBy: "memory" });
    expect(byMemory.plan.reasons).toEqual([expect.stringMatching(/is an estimate from \d+ keys/)]);
    const loads = byMemory.balance.map(({ load }) => load!);
    const share = loads.reduce((sum, { before }) => sum + before, 0) / 3;
    expect(Math.max(...loads.map(({ before }) => Math.abs(before - share)))).toBeGreaterThan(share * 0.1);
    for (const { after } of loads) expect(Math.abs(after - share)).toBeLessThanOrEqual(share * 0.02);
    expect(await rebalance(a, "--by", "memory", "--yes")).toMatchObject({ changed: false });
  });

  test("names the slot that is too heavy and the big keys that go over", async () => {
    await using cluster = await startCluster(engine, THREE);
    const { a } = cluster.nodes;
    const [hot, ...others] = (await tagsFor(a, 200)).filter(({ slot }) => slot <= 5460);
    await a.callAll([
      ...Array.from({ length: 400 }, (_, i): Command => ["SET", `${hot!.tag}${i}`, "v"]),
      ...others.map(({ tag }): Command => ["SET", tag, "v"]),
      ...others.map(
        ({ tag }): Command => ["HSET", Buffer.from(`${tag}\n"\xff`, "latin1"), "field", "v".repeat(20_000)],
      ),
    ]);
    const args = ["rebalance", nameOf(a), "--by", "keys", "--big-key", "15kB", "--dry-run"];
    const { stdout, stderr, code } = await runSlotctl(args);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("dry run, nothing was changed"),
    });
    expect(stderr).toMatch(
      new RegExp(`slot ${hot!.slot} alone holds \\d\\d %? ?%? ?of the keys: no placement gets closer`),
    );
    expect(stderr).toMatch(/big key: "\{t\d+\}\\x0a\\"\\xff", a hash of 2\d\.\d kB in slot \d+, from \S+ to \S+/);
    expect(stderr).toMatch(/big keys: \d+ more/);
    expect(stderr.split("\n").filter((line) => line.length > 100)).toEqual([]);
    // Moved all the same as far as it goes, and then there is nothing more to be done.
    await rebalance(a, "--by", "keys", "--yes");
    const again = await runSlotctl(["rebalance", nameOf(a), "--by", "keys", "--yes"]);
    expect(again.stdout).toContain(`slot ${hot!.slot} alone holds`);
    expect(again.stdout).toContain("no move brings a primary closer to its share; nothing was changed");
  });

  test("by network and cpu watches the slots, or says what it takes", async () => {
    await using cluster = await startCluster(engine, THREE);
    const { a, b, c } = cluster.nodes;
    const refused = await runSlotctl(["rebalance", nameOf(a), "--by", "network", "--sample", "50ms", "--yes"]);
    expect(refused).toMatchObject({ code: 2 });
    if (engine.kind === "redis") {
      expect(refused.stderr).toContain("has no CLUSTER SLOT-STATS");
      expect(refused.stderr).toContain("--by keys and --by memory work everywhere");
      return;
    }
    expect(refused.stderr).toContain("Set cluster-slot-stats-enabled to yes on every node");
    for (const node of [a, b, c]) await node.call("CONFIG", "SET", "cluster-slot-stats-enabled", "yes");
    const client = openClient(cluster.seeds);
    const tags = (await tagsFor(a, 60)).filter(({ slot }) => slot <= 5460).map(({ tag }) => tag);
    let isDone = false;
    const traffic = (async () => {
      while (!isDone) await Promise.all(tags.map((tag) => client.set(tag, "v".repeat(500))));
    })();
    for (const by of ["network", "cpu"]) {
      const planned = await rebalance(a, "--by", by, "--sample", "300ms", "--dry-run");
      expect(planned).toMatchObject({ balancedBy: by, changed: false });
      expect(planned.moves.map(({ from }) => from)).toEqual([a.id, a.id]);
      const [first, ...rest] = planned.balance;
      expect(first!.load!.before).toBeGreaterThan(0);
      for (const { load } of rest) expect(load!.after).toBeGreaterThan(load!.before);
    }
    isDone = true;
    await traffic;
    client.disconnect();
    const idle = await runSlotctl(["rebalance", nameOf(a), "--by", "network", "--sample", "20ms", "--yes"]);
    expect(idle).toMatchObject({ code: 0 });
    expect(idle.stderr).toContain("no slot has any load by network");
  });
});
