import { expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { ENGINES } from "../helpers/engines.ts";
import { type Member, startCluster } from "../helpers/start-cluster.ts";
import { Key, openSlotctl } from "../helpers/terminal.ts";

const engine = ENGINES[0]!;

async function give(slot: number, from: Member, to: Member): Promise<void> {
  for (const node of [to, from]) await node.call("CLUSTER", "SETSLOT", slot, "NODE", to.id);
}

test("slots that somebody else moved while the question stood make the plan stale", async () => {
  await using cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16_383], c: [] });
  const { a, b, c } = cluster.nodes;
  const [first, target] = [formatAddress(a.address), formatAddress(c.address)];
  using session = openSlotctl(["reshard", first, "--to", target, "--slots", "0-99"]);
  await session.waitFor("Move these slots?");
  await give(16_000, b, a);
  session.type("y", Key.Enter);
  await session.waitFor(
    /The cluster is no longer what the plan was made for: \S+ \S+ owned slots 0-8191 and now owns\s+slots/,
  );
  expect(await session.exitCode).toBe(5);
  expect(String(await c.call("CLUSTER", "NODES"))).toMatch(/myself.* connected$/m);
});
