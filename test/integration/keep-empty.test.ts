import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
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

  test.each(methods)("stays one with --keep-empty, and its replica stays its own (%s)", async (method) => {
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

  test.each(methods)("becomes a replica without it, as the plan says (%s)", async (method) => {
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
