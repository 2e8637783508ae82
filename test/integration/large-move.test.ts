import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { openClient, Writer } from "../helpers/data-set.ts";
import { ENGINES } from "../helpers/engines.ts";
import { BIG_KEY, digestsOf, loadLargeDataSet } from "../helpers/large-data-set.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { startCluster } from "../helpers/start-cluster.ts";

const KEYS = 200_000;

describe.each(ENGINES)("a large move on $name", (engine) => {
  test("200,000 keys of every type and a hash of 20 MB arrive whole under a writer, and the writes as well", async () => {
    await using cluster = await startCluster(
      engine,
      { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383], d: [] },
      { settings: { "cluster-allow-replica-migration": "no", "cluster-node-timeout": 15_000 } },
    );
    const { a, b, c, d } = cluster.nodes;
    await loadLargeDataSet(
      [
        { node: a, slots: [0, 5460] },
        { node: b, slots: [5461, 10_922] },
        { node: c, slots: [10_923, 16_383] },
      ],
      KEYS,
    );
    const before = await digestsOf(cluster.members);
    expect(before.size).toBe(KEYS + 1);

    const client = openClient(cluster.seeds);
    const writer = new Writer(client);
    const move = ["reshard", formatAddress(a.address), "--to", d.id, "--slots", "4096", "--yes", "-o", "json"];
    const run = await runSlotctl(move, { timeout: 100_000 });
    expect(run.code, run.stdout).toBe(0);
    const lost = await writer.lost();
    client.disconnect();
    expect(writer.count).toBeGreaterThan(100);
    expect(lost).toEqual([]);

    const after = await digestsOf(cluster.members);
    expect(after.size).toBe(before.size);
    const changed = [...before].filter(([key, digest]) => !isSame(after.get(key), digest)).map(([key]) => key);
    expect(changed).toEqual([]);
    expect(await d.call("EXISTS", BIG_KEY)).toBe(1);
    expect(Number(await d.call("DBSIZE"))).toBeGreaterThan(KEYS / 5);
  });
});

/** The minute in which a key expires may have turned meanwhile. */
function isSame(now: string | undefined, then: string): boolean {
  const [content, minute] = (now ?? "").split(" ");
  const [before, at] = then.split(" ");
  return content === before && Math.abs(Number(minute) - Number(at)) <= 1;
}
