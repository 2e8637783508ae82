import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { connect } from "../../src/node/connect.ts";
import { slotTags } from "../helpers/break-cluster.ts";
import { openClient } from "../helpers/data-set.ts";
import { ENGINES } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { type Member, startCluster, type TestCluster } from "../helpers/start-cluster.ts";

const LAYOUT = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;
type Names = keyof typeof LAYOUT;
const SLOTS = Array.from({ length: 100 }, (_, i) => i);

function nameOf({ address }: Member): string {
  return formatAddress(address);
}

const ATOMIC = ENGINES.filter(({ kind, version }) => kind === "valkey" && Number(version.split(".")[0]) >= 9);

/** What the servers move by themselves needs no repair: they take it back when one of them dies. */
describe.each(ATOMIC)("fix beside an atomic migration on $name", (engine) => {
  /** Slots 0-99 are on their way from a to b with all their keys, and are held just before the end. */
  async function halfWay() {
    const settings = { "enable-debug-command": "yes", appendonly: "yes" };
    const cluster = await startCluster(engine, LAYOUT, { settings });
    const { a, b } = cluster.nodes;
    const tags = await slotTags(a);
    const keys = SLOTS.map((slot) => `{${tags[slot]}}`);
    await a.callAll(keys.map((key) => ["SET", key, `value of ${key}`, "PX", 3_600_000]));
    await a.call("DEBUG", "SLOTMIGRATION", "PREVENT-PAUSE", 1);
    await a.call("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", 0, 99, "NODE", b.id);
    await eventually(async () => expect(await stateOn(b)).toBe("waiting-for-paused"));
    return { cluster, keys };
  }

  async function stateOn(member: Member): Promise<string> {
    const [job = []] = (await member.call("CLUSTER", "GETSLOTMIGRATIONS")) as readonly (readonly string[])[];
    return String(job[job.indexOf("state") + 1]);
  }

  async function expectAll({ seeds }: TestCluster<Names>, keys: readonly string[]): Promise<void> {
    const client = openClient(seeds);
    const values = await Promise.all(keys.map((key) => client.get(key)));
    const times = await Promise.all(keys.map((key) => client.pttl(key)));
    client.disconnect();
    expect(values).toEqual(keys.map((key) => `value of ${key}`));
    expect(Math.min(...times)).toBeGreaterThan(3_000_000);
  }

  async function expectNothingToDo(seed: Member): Promise<void> {
    const check = await runSlotctl(["check", nameOf(seed), "--search-multiple-owners"]);
    expect(check, check.stdout).toMatchObject({ code: 0 });
    const fix = await runSlotctl(["fix", nameOf(seed), "--search-multiple-owners", "--yes", "-o", "json"]);
    expect(JSON.parse(fix.stdout), fix.stderr).toMatchObject({ ok: true, changed: false });
  }

  test("keeps its hands off what is on its way", async () => {
    const { cluster, keys } = await halfWay();
    await using _cluster = cluster;
    const { a, b } = cluster.nodes;
    // The target holds and counts the keys already, and does not own their slots.
    const server = await connect(b.address, cluster.connectSettings);
    expect(await server.send("CLUSTER", "COUNTKEYSINSLOT", 0)).toBe(1);
    server.close();
    await expectNothingToDo(a);
    await a.call("DEBUG", "SLOTMIGRATION", "PREVENT-PAUSE", 0);
    await eventually(async () => expect(await stateOn(a)).toBe("success"));
    await cluster.waitUntilAgreed();
    await expectNothingToDo(a);
    await expectAll(cluster, keys);
  });

  test.each(["source", "target"] as const)("loses nothing when the %s dies half way", async (end) => {
    const { cluster, keys } = await halfWay();
    await using _cluster = cluster;
    const { a, b, c } = cluster.nodes;
    const victim = end === "source" ? a : b;
    await victim.restart("SIGKILL");
    await cluster.waitUntilAgreed();
    const fix = await runSlotctl(["fix", nameOf(c), "--search-multiple-owners", "--yes"]);
    expect(fix).toMatchObject({ code: 0 });
    await expectNothingToDo(c);
    await expectAll(cluster, keys);
  });
});
