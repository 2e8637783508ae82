import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { openClient, Writer } from "../helpers/data-set.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { type RunResult, runSlotctl, startSlotctl } from "../helpers/run-slotctl.ts";
import { type Member, startCluster } from "../helpers/start-cluster.ts";
import type { TestServer } from "../helpers/test-server.ts";

const THREE = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;
const STAYS = { "cluster-allow-replica-migration": "no", "cluster-replica-no-failover": "yes" };

function nameOf({ address }: Pick<Member, "address">): string {
  return formatAddress(address);
}

function replace(seed: Member, old: string, newcomer: TestServer): Promise<RunResult> {
  return runSlotctl(["replace-node", nameOf(seed), old, nameOf(newcomer), "--yes", "-o", "json"]);
}

/** What a node says of itself: "primary 0-5460", or "of <id>". */
async function standing(node: TestServer): Promise<string> {
  const [, , flags, primary, , , , , ...slots] = String(await node.call("CLUSTER", "NODES"))
    .trim()
    .split("\n")
    .find((line) => line.includes("myself"))!
    .split(" ");
  return flags!.includes("slave") ? `of ${primary}` : `primary ${slots.join(",")}`.trim();
}

async function expectGone(id: string, ...nodes: readonly TestServer[]): Promise<void> {
  for (const node of nodes) expect(String(await node.call("CLUSTER", "NODES"))).not.toContain(id);
}

describe.each(ENGINES)("replace-node on $name", (engine: TestEngine) => {
  test("a living primary and a living replica hand over without a lost write, also after SIGKILL", async () => {
    await using cluster = await startCluster(engine, THREE, { replicas: { a: 1 }, spares: 2, settings: STAYS });
    const { a, a1, b, c } = cluster.nodes;
    const [first, second] = cluster.spares;
    const client = openClient(cluster.seeds);
    const writer = new Writer(client);
    await eventually(() => expect(writer.count).toBeGreaterThan(200));

    const args = ["replace-node", nameOf(b), nameOf(a), nameOf(first!), "--yes"];
    for (const moment of [/"step-done"/, /"kind":"failover"/, /"kind":"forget"/]) {
      using run = startSlotctl([...args, "--progress", "json"]);
      expect(await run.killAt(moment), run.stderr).toBe(true);
    }
    // The newcomer has taken over by now: resume must not follow, nor meet, the old primary again.
    const resumed = await runSlotctl(["resume", nameOf(b), "--yes"]);
    if (!resumed.stderr.includes("There is no unfinished plan")) expect(resumed.code, resumed.stderr).toBe(0);
    const again = await replace(b, nameOf(a), first!);
    expect(again.code, again.stdout).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: false, plan: { steps: [] } });
    const heir = String(await first!.call("CLUSTER", "MYID"));
    expect(await standing(first!)).toBe("primary 0-5460");
    expect(await standing(a1)).toBe(`of ${heir}`);
    await expectGone(a.id, first!, a1, b, c);
    expect(await standing(a)).toBe("primary");

    const replica = await replace(b, a1.id.slice(0, 12), second!);
    expect(replica.code, replica.stdout).toBe(0);
    expect(await standing(second!)).toBe(`of ${heir}`);
    await expectGone(a1.id, first!, second!, b, c);
    expect(await writer.lost()).toEqual([]);
    client.disconnect();
    expect((await runSlotctl(["check", nameOf(b), "-o", "json"])).stdout).not.toContain('"severity": "error"');
  });

  test("of the dead, a replica is replaced, a primary too while it has a copy, and else it is said what is lost", async () => {
    await using cluster = await startCluster(engine, THREE, { replicas: { a: 1, b: 1 }, spares: 2, settings: STAYS });
    const { a, a1, b, b1, c } = cluster.nodes;
    const [first, second] = cluster.spares;
    await Promise.all([a1.kill(), b.kill()]);
    await eventually(async () =>
      expect(String(await c.call("CLUSTER", "NODES")).match(/,fail[ ,]/g) ?? []).toHaveLength(2),
    );

    const primary = await replace(c, nameOf(b), second!);
    expect(primary.code, primary.stdout).toBe(0);
    expect(primary.stdout).toContain("has not got are lost");
    expect(await standing(b1)).toBe("primary 5461-10922");
    expect(await standing(second!)).toBe(`of ${b1.id}`);
    const replica = await replace(c, nameOf(a1), first!);
    expect(replica.code, replica.stdout).toBe(0);
    expect(await standing(first!)).toBe(`of ${a.id}`);
    await expectGone(a1.id, a, b1, c, first!, second!);
    await expectGone(b.id, a, b1, c, first!, second!);

    await c.kill();
    await eventually(async () => expect(String(await a.call("CLUSTER", "NODES"))).toMatch(/,fail[ ,]/));
    const lost = await replace(a, nameOf(c), first!);
    expect(lost.code).toBe(3);
    expect(lost.stdout).toMatch(/no replica of it answers: what was in slots 10923-16383 is on its disk, or lost/);
    const itself = await replace(a, nameOf(a), a);
    expect(itself.code).toBe(3);
  });
});
