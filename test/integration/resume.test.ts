import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { ENGINES } from "../helpers/engines.ts";
import { runSlotctl, startSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";
import { type Member, startCluster } from "../helpers/start-cluster.ts";

type Pair = { readonly nodes: { readonly a: Member; readonly b: Member } };

function startPair() {
  return startCluster(ENGINES[0]!, { a: [0, 8191], b: [8192, 16_383] });
}

function nameOf({ address }: Member): string {
  return formatAddress(address);
}

async function keySlotCount({ nodes }: Pair): Promise<number> {
  return Number(await nodes.b.call("CLUSTER", "COUNTKEYSINSLOT", 0));
}

/** A move of slot 0 with its keys, killed while they go over. */
async function cutShort({ nodes: { a, b } }: Pair, env: Readonly<Record<string, string>>): Promise<void> {
  await a.call("EVAL", "for i = 1, 3000 do redis.call('SET', KEYS[1] .. i, i) end", 1, "{1bz}");
  const move = ["reshard", nameOf(a), "--from", nameOf(a), "--to", nameOf(b), "--slots", "0-0", "--method", "keys"];
  const run = startSlotctl([...move, "--rate", "200", "--yes", "--progress", "json"], { env });
  expect(await run.killAt(/"move-progress"/)).toBe(true);
  await run.result;
}

test("resume needs no node when the plans that are kept are for one cluster, and else names them", async () => {
  await using one = await startPair();
  await using other = await startPair();
  using state = scratchDirectory("state");
  const env = { XDG_STATE_HOME: state.path };
  const resume = (...args: readonly string[]) => runSlotctl(["resume", ...args, "--yes"], { env });

  const none = await resume();
  expect(none.code).toBe(2);
  expect(none.stderr).toContain("error: There is no unfinished plan");

  for (const cluster of [one, other]) await cutShort(cluster, env);
  const several = await resume();
  expect(several.code).toBe(2);
  expect(several.stderr).toContain("There are unfinished plans for several clusters");
  for (const { nodes } of [one, other]) expect(several.stderr).toContain(`reshard, of ${nameOf(nodes.a)}, begun `);
  expect(several.stderr).toContain("slotctl resume HOST:PORT");

  expect(await resume(nameOf(other.nodes.b))).toMatchObject({ code: 0 });
  const done = await resume(nameOf(other.nodes.b));
  expect(done.code).toBe(2);
  expect(done.stderr).toContain("There is no unfinished plan for this cluster");
  expect(done.stderr).toContain(`of another one: reshard, of ${nameOf(one.nodes.a)}, begun `);
  expect(await resume()).toMatchObject({ code: 0 });
  for (const cluster of [one, other]) expect(await keySlotCount(cluster)).toBe(3000);
  expect((await resume()).stderr).toContain("error: There is no unfinished plan");
});

test("resume without a node says when another cluster has taken the addresses of the plan", async () => {
  await using cluster = await startPair();
  using state = scratchDirectory("state");
  const env = { XDG_STATE_HOME: state.path };
  await cutShort(cluster, env);
  const plans = join(state.path, "slotctl", "plans");
  const [name] = readdirSync(plans);
  const file = join(plans, name!);
  // As if the cluster that it was begun on were gone, and this one had been made at its addresses.
  const ids = new RegExp([cluster.nodes.a.id, cluster.nodes.b.id].join("|"), "g");
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace(ids, (id) => [...id].reverse().join("")),
  );
  const run = await runSlotctl(["resume", "--yes"], { env });
  expect(run.code).toBe(5);
  expect(run.stderr).toContain("Another cluster answers where this reshard was begun");
  expect(run.stderr).toContain("slotctl resume HOST:PORT");
  expect(readdirSync(plans)).toEqual([name]);
  // Neither does apply take a cluster that looks alike for the one that the plan was made for.
  const applied = await runSlotctl(["apply", file, "--yes"], { env });
  expect(applied.code).toBe(5);
  expect(applied.stderr).toContain("This plan was made for another cluster");
});
