import { describe, expect, test } from "vitest";
import { parseNodes } from "../../../src/model/parse-nodes.ts";
import { countSlots } from "../../../src/model/slot.ts";
import {
  BREAKAGES,
  breakAll,
  disown,
  expires,
  fill,
  type Scene,
  setSlot,
  slotTags,
  stray,
  valueFor,
} from "../../helpers/break-cluster.ts";
import { openClient } from "../../helpers/data-set.ts";
import { eventually } from "../../helpers/eventually.ts";
import { runOriginal } from "../../helpers/original-cli.ts";
import { dropIn, expectSame, nameOf, OLDEST_AND_NEWEST, THIRDS, WITH_CLI } from "../../helpers/side-by-side.ts";
import { type Member, startCluster } from "../../helpers/start-cluster.ts";

const YES = "yes\nyes\nyes\n";
const NOTHING_UNCOVERED = "Fixing slots coverage";

async function slotsOf(member: Member): Promise<number> {
  return countSlots(parseNodes(String(await member.call("CLUSTER", "NODES"))).myself.slots);
}

describe.each(WITH_CLI)("drop-in fix on $name", (engine) => {
  test("17.8.103, 17.8.104, 17.8.106, 17.8.107, 17.8.110, 17.8.111 it repairs every breakage and loses no key", async () => {
    await using cluster = await startCluster(engine, THIRDS, { replicas: { a: 1 } });
    const { a, b, c } = cluster.nodes;
    const healthy = await expectSame(engine, ["fix", nameOf(a)]);
    expect(healthy).toMatchObject({ code: 0, stderr: "" });

    const tags = await slotTags(a);
    const casts = [[a, b, c], [b, c, a], [c, a, b]] as const; // biome-ignore format: one line
    const scenes = BREAKAGES.map((breakage, i) => {
      const [owner, target, third] = casts[i % 3]!;
      const slot = (i % 3) * 5461 + 100 + i;
      const key = (name: string) => `{${tags[slot]}}${name}`;
      return [breakage, { slot, owner, target, third, members: cluster.members, key } satisfies Scene] as const;
    });
    await breakAll(scenes);

    // What has no owner is asked about, and the end of the input is a no; --cluster-yes is not heard.
    const refused = await dropIn(["fix", nameOf(a), "--cluster-yes"]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain("Fix these slots by covering with a random node? (type 'yes' to accept): ");
    const fix = ["fix", nameOf(a), "--cluster-search-multiple-owners"];
    expect(await dropIn(fix, { input: YES })).toMatchObject({ code: 0, stderr: "" });
    await cluster.waitUntilAgreed();
    expect((await expectSame(engine, ["check", ...fix.slice(1)])).code).toBe(0);

    const client = openClient(cluster.seeds);
    const wrong: string[] = [];
    for (const [{ name: title, keys }, { key }] of scenes) {
      for (const name of keys) {
        const [value, left] = [await client.get(key(name)), await client.pttl(key(name))];
        const isKept = value === valueFor(name) && (expires(name) ? left > 3_000_000 : left === -1);
        if (!isKept) wrong.push(`${title}: ${name} is ${value} for ${left}`);
      }
    }
    expect(wrong).toEqual([]);
    client.disconnect();
    expect(await dropIn(fix)).toMatchObject({ code: 0, stderr: "" });
  });

  /** One after the other, on slots of their own: with keys of the owner that is left, both repair these alike. */
  async function expectCasesAsThere(owner: Member, other: Member): Promise<void> {
    for (const [i, ends] of [["both"], ["migrating"], ["importing"]].entries()) {
      const tell = async (
        slot: number,
        run: () => Promise<{ readonly code: number | null; readonly stdout: string }>,
      ) => {
        if (ends[0] !== "migrating") await setSlot(other, slot, "IMPORTING", owner.id);
        if (ends[0] !== "importing") await setSlot(owner, slot, "MIGRATING", other.id);
        const { code, stdout } = await run();
        expect(code).toBe(0);
        // Of each slot that it moves the original has a line with dots; ours has moved all when it is through.
        const lines = stdout.replace(/^Moving slot .*\n/gm, "").replaceAll(` ${slot}`, " SLOT");
        return lines.slice(lines.indexOf(">>> Check for open slots..."));
      };
      const args = ["fix", nameOf(owner)];
      const theirs = await tell(100 + i, () => runOriginal(engine, ["--cluster", ...args]));
      await eventually(async () => expect((await dropIn(["check", nameOf(owner)])).code).toBe(0));
      expect(await tell(200 + i, () => dropIn(args))).toBe(theirs);
    }
  }

  test("17.8.106, 17.8.107, 17.8.108 open slots are told of as the original does; coverage is asked about class by class, and what is refused stays", async () => {
    await using cluster = await startCluster(engine, THIRDS);
    const { a, b, c } = cluster.nodes;
    await expectCasesAsThere(a, b);
    const tags = await slotTags(a);
    const sceneOf = (slot: number): Scene => {
      const key = (name: string) => `{${tags[slot]}}${name}`;
      return { slot, owner: a, target: b, third: c, members: cluster.members, key };
    };
    const [none, single, multi] = [[10, 11, 6000, 6001, 12_000, 12_001], sceneOf(20), sceneOf(30)] as const;
    await fill(single, ["k1", "k3"]);
    await fill(multi, ["k1", "k2", "k3"]);
    await stray(multi, b, ["k4", "k5"]);
    for (const slot of [...none, 20, 30]) await disown(sceneOf(slot));

    const onlySingle = await dropIn(["fix", nameOf(a)], { input: "no\nyes\nno\n" });
    expect(onlySingle.code).toBe(1);
    expect(onlySingle.stdout).toContain(
      "have no keys across the cluster:\n[10-11,6000-6001,12000-12001]\nFix these slots by covering with a",
    );
    expect(onlySingle.stdout).toContain(">>> Covering slot 20 with ");
    expect(onlySingle.stdout).not.toContain(">>> Covering slot 30 ");
    const all = await dropIn(["fix", nameOf(a)], { input: YES });
    expect(all).toMatchObject({ code: 0, stderr: "" });
    expect(all.stdout).toContain(`>>> Covering slot 30 moving keys to ${nameOf(a)}\n`);
    await cluster.waitUntilAgreed();
    expect(await a.call("CLUSTER", "COUNTKEYSINSLOT", 20)).toBe(2);
    expect(await a.call("CLUSTER", "COUNTKEYSINSLOT", 30)).toBe(5);
    expect(await b.call("CLUSTER", "COUNTKEYSINSLOT", 30)).toBe(0);
    // To those that have fewest, and not all to one; slot 30 went where its keys are, on top of that.
    const sizes = await Promise.all([a, b, c].map(slotsOf));
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(2);
    expect((await dropIn(["fix", nameOf(a)])).stdout).not.toContain(NOTHING_UNCOVERED);
  });
});

describe.each(OLDEST_AND_NEWEST)("drop-in fix without all primaries on $name", (engine) => {
  test("17.8.109 it refuses in the words of the original, unless it is told to go on", async () => {
    await using cluster = await startCluster(engine, THIRDS);
    const { a, b, c } = cluster.nodes;
    await b.kill();
    for (const node of [a, c]) {
      await eventually(async () => expect(String(await node.call("CLUSTER", "NODES"))).toMatch(/ master,fail /));
    }
    const refused = await expectSame(engine, ["fix", nameOf(a)]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/\*\*\* Fixing slots coverage with 1 unreachable \w+ is dangerous: /);
    const forced = ["fix", nameOf(a), "--cluster-fix-with-unreachable-masters"];
    expect((await dropIn(forced)).code).toBe(1);
    expect(await dropIn(forced, { input: YES })).toMatchObject({ code: 0 });
    expect((await Promise.all([a, c].map(slotsOf))).reduce((sum, slots) => sum + slots)).toBe(16_384);
  });
});
