import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { runSlotctl, startSlotctl } from "../helpers/run-slotctl.ts";
import { type Member, startCluster } from "../helpers/start-cluster.ts";

const SETTING = "cluster-allow-replica-migration";

function nameOf({ address }: Member): string {
  return formatAddress(address);
}

async function lineOf(node: Member): Promise<string> {
  const lines = String(await node.call("CLUSTER", "NODES")).split("\n");
  return lines.find((line) => line.includes("myself"))!;
}

async function settingOf(node: Member): Promise<unknown> {
  return ((await node.call("CONFIG", "GET", SETTING)) as unknown[])[1];
}

async function messagesOf(node: Member): Promise<number> {
  return Number(/cluster_stats_messages_received:(\d+)/.exec(String(await node.call("CLUSTER", "INFO")))![1]);
}

/** What nodes hear later could still change their minds. */
async function hearMore(nodes: readonly Member[]): Promise<void> {
  const before = await Promise.all(nodes.map(messagesOf));
  await eventually(
    async () => {
      for (const [i, node] of nodes.entries()) expect(await messagesOf(node)).toBeGreaterThan(before[i]! + 8);
    },
    { within: 20_000 },
  );
}

describe.each(ENGINES)("an emptied primary on $name", (engine: TestEngine) => {
  const methods = engine.name === "valkey-9.1" ? ["keys", "atomic"] : ["keys"];

  test.each(methods)("17.5.84 stays one with --keep-empty, and its replica stays its own (%s)", async (method) => {
    await using cluster = await startCluster(
      engine,
      { a: [0, 99], b: [100, 8191], c: [8192, 16_383], d: [] },
      { replicas: { a: 1 } },
    );
    const { a, a1, b, d } = cluster.nodes;
    await a.call("CONFIG", "SET", SETTING, "yes");
    for (const [from, to] of [
      [a, b],
      [b, a],
      [a, d],
    ] as const) {
      const slots = ["--from", nameOf(from), "--to", nameOf(to), "--slots", "0-99"];
      const run = await runSlotctl(["reshard", nameOf(a), ...slots, "--method", method, "--keep-empty", "--yes"]);
      expect(run).toMatchObject({ code: 0 });
      if (from === a) expect(run.stderr).toContain("will own no slots; it and its replicas stay what they are");
      await cluster.waitUntilAgreed();
      await hearMore([a, a1]);
      expect(await lineOf(a)).toContain("myself,master");
      expect(await lineOf(a1)).toContain(`myself,slave ${a.id}`);
      expect([await settingOf(a), await settingOf(a1)]).toEqual(["yes", "yes"]);
    }
  });

  test.each(methods)("17.5.84 becomes a replica without it, as the plan says (%s)", async (method) => {
    await using cluster = await startCluster(
      engine,
      { a: [0, 99], b: [100, 8191], c: [8192, 16_383] },
      { replicas: { a: 1 } },
    );
    const { a, a1, b } = cluster.nodes;
    const slots = ["--from", nameOf(a), "--to", nameOf(b), "--slots", "100"];
    const run = await runSlotctl(["reshard", nameOf(a), ...slots, "--method", method, "--yes"]);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stderr).toContain("then become replicas of the primary that gets its last slot");
    await eventually(async () => {
      for (const node of [a, a1]) expect(await lineOf(node)).toContain(`myself,slave ${b.id}`);
    });
  });
});

/** What does not depend on the engine is shown on the oldest and the newest. */
const ENDS = ENGINES.filter((_, i) => i === 0 || i === ENGINES.length - 1);

describe.each(ENDS)("an emptied primary on $name", (engine: TestEngine) => {
  test.each(["SIGINT", "SIGKILL"] as const)("has its setting back after %s and resume", async (signal) => {
    await using cluster = await startCluster(engine, { a: [0, 2000], b: [2001, 16_383] }, { replicas: { a: 1 } });
    const { a, a1, b } = cluster.nodes;
    await fill(a, 1000);
    const moving = ["--weight", `${nameOf(a)}=0`, "--method", "keys", "--rate", "400", "--max-block", "1ms"];
    const run = startSlotctl(["rebalance", nameOf(a), ...moving, "--keep-empty", "--yes", "--progress", "json"]);
    await eventually(() => expect(run.stderr).toMatch(/"slotsDone":[1-9]/), { within: 20_000 });
    expect([await settingOf(a), await settingOf(a1)]).toEqual(["no", "no"]);
    run.kill(signal);
    const ended = await run.result;
    // Nobody was left to put it back.
    const left = signal === "SIGINT" ? "yes" : "no";
    expect(ended.code).toBe(signal === "SIGINT" ? 6 : null);
    expect([await settingOf(a), await settingOf(a1)]).toEqual([left, left]);
    expect(await runSlotctl(["resume", nameOf(b), "--yes"])).toMatchObject({ code: 0 });
    expect([await settingOf(a), await settingOf(a1)]).toEqual(["yes", "yes"]);
    await cluster.waitUntilAgreed();
    expect(await lineOf(a)).toMatch(/myself,master .* connected$/);
    expect(await lineOf(a1)).toContain(`myself,slave ${a.id}`);
    expect(await b.call("DBSIZE")).toBe(1000);
  });

  test("is refused to a user who may not read or change the setting, and nothing moves", async () => {
    await using cluster = await startCluster(engine, { a: [0, 99], b: [100, 16_383] });
    const { a, b } = cluster.nodes;
    const slots = ["--from", nameOf(a), "--to", nameOf(b), "--slots", "100", "--keep-empty", "--yes"];
    for (const [forbidden, text, code] of [
      ["-config", /does not tell its cluster-allow-replica-migration/, 2],
      ["-config|set", /does not let cluster-allow-replica-migration be changed: NOPERM/, 1],
    ] as const) {
      for (const node of [a, b]) {
        await node.call("ACL", "SETUSER", "mover", "reset", "on", ">secret", "~*", "&*", "+@all", forbidden);
      }
      const login = ["--user", "mover", "--pass", "secret"];
      const run = await runSlotctl(["reshard", nameOf(a), ...slots, ...login]);
      expect(run.stderr).toMatch(text);
      expect(run.code).toBe(code);
      expect(await lineOf(a)).toContain(" 0-99");
    }
    expect((await runSlotctl(["resume", nameOf(a), "--yes"])).stderr).toContain("no unfinished plan");
  });
});

/** Keys in the slots of this node. */
async function fill(node: Member, count: number): Promise<void> {
  const tags = Array.from({ length: count * 20 }, (_, i) => `k${i}`);
  const slots = await node.callAll(tags.map((tag) => ["CLUSTER", "KEYSLOT", tag]));
  const own = tags.filter((_, i) => Number(slots[i]) <= 2000).slice(0, count);
  await node.callAll(own.map((tag) => ["SET", tag, "value"]));
}
