import { describe, expect, test } from "vitest";
import { parseNodes } from "../../src/model/parse-nodes.ts";
import { formatRanges, toRanges } from "../../src/model/slot.ts";
import { redisCliAddress } from "../../src/view/redis-cli/style.ts";
import { differencesOf, loadDataSet, openClient, readDataSet } from "../helpers/data-set.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { runOriginal } from "../helpers/original-cli.ts";
import { type RunOptions, runSlotctl } from "../helpers/run-slotctl.ts";
import { type Member, startCluster } from "../helpers/start-cluster.ts";

const THIRDS = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;
/** So that an emptied primary stays one. */
const STAYS = { settings: { "cluster-allow-replica-migration": "no" } };

const PROCEED = "Do you want to proceed with the proposed reshard plan (yes/no)? ";
const OPEN_SLOT_OF_FOO = 12_182;

function dropIn(args: readonly string[], options: RunOptions = {}) {
  return runSlotctl(["--cluster", ...args], options);
}

function nameOf({ address }: Member): string {
  return redisCliAddress(address);
}

async function slotsOf(member: Member): Promise<string> {
  return formatRanges(parseNodes(String(await member.call("CLUSTER", "NODES"))).myself.slots);
}

function moving(slots: readonly number[], from: Member, to: Member, { ranges }: { readonly ranges: boolean }): string {
  const way = `from ${nameOf(from)} to ${nameOf(to)}`;
  return slots.map((slot) => `Moving slot ${slot} ${way}${ranges ? "\n#" : ": \n"}`).join("");
}

describe.each(ENGINES.filter(({ cli }) => cli !== undefined))("drop-in moves on $name", (engine: TestEngine) => {
  const ranges = engine.kind === "valkey" && Number.parseFloat(engine.version) >= 9.1;
  const check = async (member: Member) => (await runOriginal(engine, ["--cluster", "check", nameOf(member)])).code;

  /** Both at once: only for what changes nothing. */
  async function expectSame(args: readonly string[]) {
    const [ours, theirs] = await Promise.all([dropIn(args), runOriginal(engine, ["--cluster", ...args])]);
    expect(ours.stdout).toBe(theirs.stdout);
    expect(ours).toMatchObject({ code: theirs.code, stderr: theirs.stderr });
    return ours;
  }

  test("17.6-86 to 94: reshard shows the plan of redis-cli, moves exactly that, and keeps every key", async () => {
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
    // A dot for each key.
    expect(moved.stdout.replace(/\.+(?=\n)/g, "")).toBe(plan + lines + (ranges ? "\n" : ""));
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

  test("17.6-92: the dialogue takes its answers from a pipe, all at once, and ends where they end", async () => {
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

  test("17.6-85 to 88: refusals are the same line by line", async () => {
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

  test("17.6-94: a move that fails is told and exits 1; both values of the key stay", async () => {
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
  });

  test("17.7-95 to 102: rebalance empties a primary, fills it again, and says when there is nothing to do", async () => {
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

  test("17.7-99: the lines of a real run are those of redis-cli", async () => {
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
});
