import { describe, expect, test } from "vitest";
import { parseNodes } from "../../../src/model/parse-nodes.ts";
import { formatRanges, toRanges } from "../../../src/model/slot.ts";
import { connect } from "../../../src/node/connect.ts";
import { differencesOf, loadDataSet, openClient, readDataSet } from "../../helpers/data-set.ts";
import type { TestEngine } from "../../helpers/engines.ts";
import { eventually } from "../../helpers/eventually.ts";
import { runOriginal } from "../../helpers/original-cli.ts";
import { runSlotctl } from "../../helpers/run-slotctl.ts";
import {
  both,
  dropIn,
  expectSame as expectSameOn,
  keyIn,
  nameOf,
  OLDEST_AND_NEWEST,
  THIRDS,
  WITH_CLI,
} from "../../helpers/side-by-side.ts";
import { type Member, startCluster } from "../../helpers/start-cluster.ts";

/** So that an emptied primary stays one. */
const STAYS = { settings: { "cluster-allow-replica-migration": "no" } };

const PROCEED = "Do you want to proceed with the proposed reshard plan (yes/no)? ";
const OPEN_SLOT_OF_FOO = 12_182;

async function slotsOf(member: Member): Promise<string> {
  return formatRanges(parseNodes(String(await member.call("CLUSTER", "NODES"))).myself.slots);
}

function moving(slots: readonly number[], from: Member, to: Member, { ranges }: { readonly ranges: boolean }): string {
  const way = `from ${nameOf(from)} to ${nameOf(to)}`;
  return slots.map((slot) => `Moving slot ${slot} ${way}${ranges ? "\n#" : ": \n"}`).join("");
}

describe.each(WITH_CLI)("drop-in moves on $name", (engine: TestEngine) => {
  const ranges = engine.kind === "valkey" && Number.parseFloat(engine.version) >= 9.1;
  const check = async (member: Member) => (await runOriginal(engine, ["--cluster", "check", nameOf(member)])).code;

  const expectSame = (args: readonly string[]) => expectSameOn(engine, args);

  test("17.6.86, 17.6.88, 17.6.89, 17.6.90, 17.6.91, 17.5.75 reshard shows the plan of redis-cli, moves exactly that, and keeps every key", async () => {
    await using cluster = await startCluster(engine, THIRDS, { replicas: { b: 1 } });
    const { a, b, c, b1 } = cluster.nodes;
    const client = openClient(cluster.seeds);
    const keys = await loadDataSet(client, 2000);
    const before = await readDataSet(client, keys);
    const args = ["reshard", nameOf(a), "--cluster-from", `${b.id},${c.id}`, "--cluster-to", a.id];

    const shown = await expectSame([...args, "--cluster-slots", "3"]);
    expect(shown).toMatchObject({ code: 1, stderr: "" });
    expect(shown.stdout.endsWith(PROCEED)).toBe(true);
    const plan = shown.stdout.slice(0, -PROCEED.length);
    for (const input of ["no\n", "YES\n", "y\n", "\n"]) {
      expect(await dropIn([...args, "--cluster-slots", "3"], { input })).toMatchObject({
        code: 1,
        stdout: shown.stdout,
      });
    }
    expect(await slotsOf(a)).toBe("0-5460");

    const moved = await dropIn([...args, "--cluster-slots", "3", "--cluster-yes"]);
    const lines = moving([5461, 5462], b, a, { ranges }) + moving([10_923], c, a, { ranges });
    expect(moved).toMatchObject({ code: 0, stderr: "" });
    expect(moved.stdout.replace(/^(#?Moving slot \d+ from \S+ to [\d.]+:\d+(?:: )?)\.+$/gm, "$1")).toBe(
      plan + lines + (ranges ? "\n" : ""),
    );
    expect(await check(a)).toBe(0);
    expect(await slotsOf(a)).toBe("0-5462,10923");

    // redis-cli would round down and move 199; the environment says yes, and says where a plan is kept.
    const env = { [engine.kind === "valkey" ? "VALKEYCLI_CLUSTER_YES" : "REDISCLI_CLUSTER_YES"]: "1" };
    const all = ["reshard", nameOf(b1), "--cluster-from", "all", "--cluster-to", c.id.toUpperCase()];
    const exact = await dropIn([...all, "--cluster-slots", "200", "--cluster-pipeline", "5", "--cluster-replace"], {
      env: { ...env, XDG_STATE_HOME: "/dev/null" },
    });
    expect(exact).toMatchObject({ code: 0, stderr: "" });
    expect(exact.stdout.match(/^#?Moving slot \d+ from /gm)).toHaveLength(200);
    expect(await check(c)).toBe(0);
    expect(differencesOf(before, await readDataSet(client, keys))).toEqual([]);
    client.disconnect();
  });

  test("17.6.92 the dialogue takes its answers from a pipe, all at once, and ends where they end", async () => {
    await using cluster = await startCluster(engine, THIRDS, { replicas: { b: 1 } });
    const { a, b, c, b1 } = cluster.nodes;
    const reshard = ["reshard", nameOf(a)];
    const answers = ["abc", "16385", "4", "", a.id, a.id, b.id, "done", "yes"];
    const moved = await dropIn(reshard, { input: `${answers.join("\n")}\n` });
    expect(moved).toMatchObject({ code: 0, stderr: "" });
    const howMany = "How many slots do you want to move (from 1 to 16384)? ";
    const which = "What is the receiving node ID? ";
    expect(moved.stdout).toContain(
      `covered.\n${howMany.repeat(3)}${which.repeat(2)}Please enter all the source node IDs.\n`,
    );
    expect(moved.stdout).toContain(
      "Source node #1: *** It is not possible to use the target node as source node.\nSource node #1: Source node #2: \nReady to move 4 slots.\n",
    );
    expect(await slotsOf(a)).toBe("0-5464");

    for (const input of ["", "3\n", `3\n${b.id}\n`, `3\n${b.id}\n${c.id}\n`]) {
      const ended = await dropIn(reshard, { input });
      expect(ended).toMatchObject({
        code: 1,
        stderr: expect.stringContaining("[ERR] There is no answer to this question"),
      });
      expect(ended.stdout.length).toBeLessThan(2000);
    }
    for (const input of [`3\n${b.id}\nall\n`, `3\n${b.id}\nall\nno`]) {
      expect(await dropIn(reshard, { input })).toMatchObject({
        code: 1,
        stderr: "",
        stdout: expect.stringMatching(/\(yes\/no\)\? $/),
      });
    }
    const none = await dropIn(reshard, { input: `3\n${b.id}\ndone\n` });
    expect(none).toMatchObject({ code: 1, stderr: "*** No source nodes given, operation aborted.\n" });
    for (const unknown of ["abc", b1.id, ""]) {
      const refused = await dropIn(reshard, { input: `3\n${b.id}\n${unknown}\n` });
      expect(refused.code).toBe(1);
      expect(refused.stdout).toMatch(
        new RegExp(`#1: \\*\\*\\* The specified node \\(${unknown}\\) is not known or not a \\w+, please retry\\.\n$`),
      );
    }
    expect(await slotsOf(b)).toBe("5465-10922");
    expect(await check(b)).toBe(0);
  });

  test("17.6.85, 17.6.86, 17.6.87, 17.11.135 refusals are the same line by line", async () => {
    await using cluster = await startCluster(engine, THIRDS, { replicas: { b: 1 } });
    const { a, b, b1 } = cluster.nodes;
    const reshard = ["reshard", nameOf(a), "--cluster-slots", "2", "--cluster-yes"];
    const unknown = "0123456789".repeat(4);
    for (const [from, to] of [
      [unknown, a.id],
      [`${a.id},${b1.id}`, a.id],
      [b.id.slice(0, 20), a.id],
      [b.id, unknown],
      [b.id, b1.id],
      [a.id, a.id],
    ] as const) {
      expect((await expectSame([...reshard, "--cluster-from", from, "--cluster-to", to])).code).toBe(1);
    }
    expect((await expectSame(["rebalance", nameOf(a), "--cluster-weight", "xyz=2"])).code).toBe(1);

    const tooMany = await dropIn([
      ...["reshard", nameOf(a), "--cluster-from", b.id, "--cluster-to", a.id],
      ...["--cluster-slots", "16384", "--cluster-yes"],
    ]);
    expect(tooMany).toMatchObject({ code: 1, stdout: expect.stringContaining("[ERR] Cannot move the slots: 16") });
    const one = ["--cluster-from", b.id, "--cluster-to", a.id, "--cluster-slots", "1", "--cluster-yes"];
    const atomic = await dropIn([...reshard, ...one, "--cluster-use-atomic-slot-migration"]);
    expect(atomic.code).toBe(engine.name === "valkey-9.1" ? 0 : 1);
    if (atomic.code === 1) expect(atomic.stdout).toContain("clusterManagerMoveSlot failed: ");

    await b.call("CLUSTER", "SETSLOT", 7000, "MIGRATING", a.id);
    const open = await expectSame([...reshard, "--cluster-from", b.id, "--cluster-to", a.id]);
    expect(open).toMatchObject({ code: 1, stderr: "*** Please fix your cluster problems before resharding\n" });
    const [ours, theirs] = [
      await expectSame(["rebalance", nameOf(a)]),
      "*** Please fix your cluster problems before rebalancing\n",
    ];
    expect(ours).toMatchObject({ code: 1, stdout: expect.stringContaining(theirs) });
  });

  test("17.6.94, 17.5.80 a move that fails is told and exits 1; both values of the key stay, unless --cluster-replace says otherwise", async () => {
    await using cluster = await startCluster(engine, { a: [0, 12_181], b: [OPEN_SLOT_OF_FOO, 16_383] });
    const { a, b } = cluster.nodes;
    await b.call("SET", "foo", "at the source");
    await a.call("CLUSTER", "SETSLOT", OPEN_SLOT_OF_FOO, "IMPORTING", b.id);
    await a.callAll([["ASKING"], ["SET", "foo", "at the target"]]);
    await a.call("CLUSTER", "SETSLOT", OPEN_SLOT_OF_FOO, "STABLE");

    const failed = await dropIn([
      ...["reshard", nameOf(a), "--cluster-from", b.id, "--cluster-to", a.id],
      ...["--cluster-slots", "1", "--cluster-yes"],
    ]);
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(/\nclusterManagerMoveSlot failed: .*\n$/);
    expect(failed.stderr).toContain(`hint: slotctl resume ${nameOf(a)} goes on from there\n`);
    expect(await check(a)).toBe(1);
    expect(await b.call("GET", "foo")).toBe("at the source");
    const [, value] = await a.callAll([["ASKING"], ["GET", "foo"]]);
    expect(value).toBe("at the target");

    const replaced = await dropIn([
      ...["reshard", nameOf(a), "--cluster-from", b.id, "--cluster-to", a.id],
      ...["--cluster-slots", "1", "--cluster-yes", "--cluster-replace"],
    ]);
    // The slot is open now, which stops every move until it is repaired.
    expect(replaced).toMatchObject({ code: 1, stderr: "*** Please fix your cluster problems before resharding\n" });
  });

  test("17.5.79 with --cluster-replace the key of the source takes the place of the one that is there already", async () => {
    await using cluster = await startCluster(engine, { a: [0, 12_181], b: [OPEN_SLOT_OF_FOO, 16_383] });
    const { a, b } = cluster.nodes;
    await b.call("SET", "foo", "at the source");
    await a.call("CLUSTER", "SETSLOT", OPEN_SLOT_OF_FOO, "IMPORTING", b.id);
    await a.callAll([["ASKING"], ["SET", "foo", "at the target"]]);
    await a.call("CLUSTER", "SETSLOT", OPEN_SLOT_OF_FOO, "STABLE");
    const replaced = await dropIn([
      ...["reshard", nameOf(a), "--cluster-from", b.id, "--cluster-to", a.id],
      ...["--cluster-slots", "1", "--cluster-yes", "--cluster-replace"],
    ]);
    expect(replaced).toMatchObject({ code: 0, stderr: "" });
    expect(await a.call("GET", "foo")).toBe("at the source");
  });

  test("17.7.95, 17.7.96, 17.7.97, 17.7.100, 17.7.101, 17.7.102 rebalance empties a primary, fills it again, and says when there is nothing to do", async () => {
    await using cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16_383] }, STAYS);
    const { a, b } = cluster.nodes;
    const client = openClient(cluster.seeds);
    const keys = await loadDataSet(client, 1000);
    const before = await readDataSet(client, keys);
    const rebalance = ["rebalance", nameOf(a)];

    const needless = await expectSame(rebalance);
    expect(needless).toMatchObject({ code: 0, stderr: "" });
    expect(needless.stdout).toContain("No rebalancing needed! All nodes are within the 2.00% threshold.\n");
    await expectSame([...rebalance, "--cluster-threshold", "0", "--cluster-weight", `${a.id.slice(0, 12)}=3`]);

    const weighted = [...rebalance, "--cluster-weight", `${a.id.slice(0, 12).toUpperCase()}=3`, "--verbose"];
    const simulated = await expectSame([...weighted, "--cluster-simulate"]);
    expect(simulated.stdout).toContain(
      `Total weight = 4.00\n${nameOf(a)} balance is -4096 slots\n${nameOf(b)} balance is 4096 slots\n`,
    );
    expect(await slotsOf(b)).toBe("8192-16383");

    const drain = [...rebalance, "--cluster-weight", `${a.id}=0`];
    const way = `Moving 8192 slots from ${nameOf(a)} to ${nameOf(b)}\n${"#".repeat(8192)}\n`;
    const drained = await dropIn(drain);
    expect(drained).toMatchObject({ code: 0, stderr: "" });
    expect(drained.stdout.endsWith(`>>> Rebalancing across 2 nodes. Total weight = 1.00\n${way}`)).toBe(true);
    expect(await slotsOf(a)).toBe("");
    expect(await check(b)).toBe(0);
    // Without the option an empty primary takes no part, whatever its weight.
    await expectSame([...rebalance, "--cluster-weight", `${a.id}=2`]);

    const refill = [...rebalance, "--cluster-use-empty-masters", "--cluster-timeout", "5000"];
    await expectSame([...refill, "--cluster-simulate"]);
    expect(await dropIn(refill)).toMatchObject({ code: 0, stderr: "" });
    expect(await check(a)).toBe(0);
    await expectSame([...rebalance, "--cluster-threshold", "0.01"]);
    expect(differencesOf(before, await readDataSet(client, keys))).toEqual([]);
    client.disconnect();

    const zero = await dropIn([...rebalance, "--cluster-weight", `${a.id}=0`, `${b.id}=0`]);
    expect(zero).toMatchObject({ code: 1, stdout: expect.stringContaining("[ERR] Cannot move the slots: with all") });
  });

  test("17.7.98, 17.7.99 the lines of a real run are those of redis-cli", async () => {
    await using cluster = await startCluster(engine, { a: [0, 8201], b: [8202, 16_383] });
    const { a, b } = cluster.nodes;
    const rebalance = ["rebalance", nameOf(a), "--cluster-threshold", "0.01", "--verbose"];
    const ours = await dropIn(rebalance);
    // Back to where it was, though by other slots.
    const back = toRanges(Array.from({ length: 10 }, (_, i) => 8192 + i));
    await runSlotctl(["reshard", nameOf(a), "--to", nameOf(a), "--slots", formatRanges(back), "--yes"]);
    await cluster.waitUntilAgreed();
    expect(await slotsOf(b)).toBe("8202-16383");
    const theirs = await runOriginal(engine, ["--cluster", ...rebalance]);
    expect(theirs.code).toBe(0);
    expect(ours).toMatchObject({ code: 0, stderr: "", stdout: theirs.stdout });
  });

  test("17.6.93 a real reshard is told line by line, dot by dot, as the original tells it", async () => {
    await using cluster = await startCluster(engine, THIRDS);
    const { a, b } = cluster.nodes;
    for (const slot of [5461, 5463, 5464]) {
      await b.callAll(Array.from({ length: slot - 5460 }, (_, i) => ["SET", `{${keyIn(slot)}}${i}`, "value"]));
    }
    const reshard = (from: Member, to: Member) => [
      ...["reshard", nameOf(a), "--cluster-from", from.id, "--cluster-to", to.id],
      ...["--cluster-slots", "6", "--cluster-yes", "--cluster-pipeline", "2"],
    ];
    const ours = await dropIn(reshard(b, a));
    expect(ours).toMatchObject({ code: 0, stderr: "" });
    const back = ["reshard", nameOf(a), "--to", nameOf(b), "--slots", "5461-5466", "--yes"];
    expect((await runSlotctl(back)).code).toBe(0);
    await cluster.waitUntilAgreed();
    const theirs = await runOriginal(engine, ["--cluster", ...reshard(b, a)]);
    expect(theirs).toMatchObject({ code: 0, stderr: "" });
    // valkey-cli 9.1 leaves its last line without an end.
    expect(ours.stdout).toBe(theirs.stdout.replace(/#$/, "#\n"));
  });

  test("17.5.83 a client that waits for a key of a moved slot gets MOVED", async () => {
    await using cluster = await startCluster(engine, THIRDS);
    const { a, b } = cluster.nodes;
    const client = await connect(b.address, { ...b.connectSettings, commandTimeout: 60_000 });
    const waiting = client.send("BLPOP", keyIn(5461), 0).catch((error: Error) => error.message);
    await eventually(async () => expect(String(await b.call("INFO", "clients"))).toContain("blocked_clients:1"));
    const args = ["reshard", nameOf(a), "--cluster-from", b.id, "--cluster-to", a.id];
    const moved = dropIn([...args, "--cluster-slots", "1", "--cluster-yes"]);
    expect(await waiting).toBe(`MOVED 5461 ${nameOf(a)}`);
    expect(await moved).toMatchObject({ code: 0, stderr: "" });
    client.close();
  });
});

describe.each(OLDEST_AND_NEWEST)("drop-in moves on $name", (engine: TestEngine) => {
  test("17.7.98 shares are those of the original but for rounding, and no more slots move", async () => {
    await using cluster = await startCluster(engine, { a: [0, 5469], b: [5470, 10_927], c: [10_928, 16_383] });
    const { a, b, c } = cluster.nodes;
    for (const words of [
      ["--cluster-threshold", "0.01"],
      ["--cluster-threshold", "1", "--cluster-weight", `${b.id}=3`],
      ["--cluster-weight", `${c.id}=0`, `${a.id.slice(0, 9)}=0.5`],
    ]) {
      const outcomes = await both(engine, ["rebalance", nameOf(a), "--cluster-simulate", "--verbose", ...words]);
      const [ours, theirs] = outcomes.map(({ stdout }) => stdout) as [string, string];
      expect(headOf(ours)).toBe(headOf(theirs));
      const [our, their] = [balancesIn(ours), balancesIn(theirs)];
      expect([...our.keys()].sort()).toEqual([...their.keys()].sort());
      // All that rounding down leaves over, less than one slot a node, goes to whom it meets first there.
      for (const [name, slots] of our) expect(Math.abs(slots - their.get(name)!)).toBeLessThan(our.size);
      const surplus = [...our.values()].filter((slots) => slots > 0).reduce((sum, slots) => sum + slots, 0);
      expect(movedIn(ours)).toBe(surplus);
      expect(movedIn(ours)).toBeLessThanOrEqual(movedIn(theirs));
      for (const text of [ours, theirs]) expect(text.match(/#/g)).toHaveLength(movedIn(text));
    }
  });
});

/** Up to the total weight. */
function headOf(text: string): string {
  return text.slice(0, text.indexOf("\n", text.indexOf("Total weight")));
}

function balancesIn(text: string): ReadonlyMap<string, number> {
  return new Map(
    [...text.matchAll(/^(\S+) balance is (-?\d+) slots$/gm)].map(([, name, slots]) => [name!, Number(slots)]),
  );
}

function movedIn(text: string): number {
  return [...text.matchAll(/^Moving (\d+) slots from /gm)].reduce((sum, [, slots]) => sum + Number(slots), 0);
}
