import { describe, expect, test } from "vitest";
import { eventually } from "../../helpers/eventually.ts";
import {
  both,
  clusterForAll,
  dropIn,
  expectSame,
  keyIn,
  nameOf,
  THIRDS,
  WITH_CLI,
} from "../../helpers/side-by-side.ts";

describe.each(WITH_CLI)("drop-in info and check on $name", (engine) => {
  const cluster = clusterForAll(engine, THIRDS, {
    replicas: { a: 2, b: 1 },
    // Else a replica of a would go over to c, which has none.
    settings: { "cluster-allow-replica-migration": "no" },
  });

  test("17.3.40 info has a line for each primary, and the totals", async () => {
    const { a, b } = cluster().nodes;
    await a.call("SET", keyIn(7), "value");
    await b.callAll(Array.from({ length: 90 }, (_, i) => ["SET", `{${keyIn(6000)}}${i}`, "value"]));
    const { code, stdout, stderr } = await expectSame(engine, ["info", a.host, String(a.port)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`${nameOf(a)} (${a.id.slice(0, 8)}...) -> 1 keys | 5461 slots | 2 `);
    expect(stdout).toMatch(/\[OK\] 91 keys in 3 \w+\.\n0\.01 keys per slot on average\.\n$/);
  });

  test("17.3.42, 17.3.43, 17.3.45 check of a healthy cluster: info, node blocks, four lines", async () => {
    const { a, a1, c } = cluster().nodes;
    for (const member of [a, a1]) {
      const info = await expectSame(engine, ["info", nameOf(member)]);
      const { code, stdout, stderr } = await expectSame(engine, ["check", nameOf(member)]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout.startsWith(`${info.stdout}>>> Performing Cluster Check (using node ${nameOf(member)})\n`)).toBe(
        true,
      );
      expect(stdout).toContain(`S: ${a1.id} ${nameOf(a1)}\n   slots: (0 slots) slave\n   replicates ${a.id}\n`);
      expect(stdout).toContain("   slots:[0-5460] (5461 slots) master\n   2 additional replica(s)\n");
      expect(stdout).toMatch(new RegExp(`M: ${c.id} .*\\n   slots:\\[10923-16383\\] .* master\\n[MS[]`));
      expect(stdout.endsWith(HEALTHY)).toBe(true);
    }
  });

  test("17.3.52 there are no colours in a pipe, whatever TERM says", async () => {
    const { stdout } = await dropIn(["check", nameOf(cluster().nodes.a)], { env: { TERM: "xterm-256color" } });
    expect(stdout).not.toContain("\u001b");
  });

  test("17.3.47 open slots get a line for each node and one for all", async () => {
    const { a, b, c } = cluster().nodes;
    await b.call("CLUSTER", "SETSLOT", 77, "IMPORTING", a.id);
    await c.call("CLUSTER", "SETSLOT", 77, "IMPORTING", a.id);
    await a.call("CLUSTER", "SETSLOT", 77, "MIGRATING", b.id);
    const { code, stdout } = await expectSame(engine, ["check", nameOf(a)]);
    expect(code).toBe(1);
    expect(stdout).toContain(`[WARNING] Node ${nameOf(a)} has slots in migrating state 77.\n`);
    expect(stdout).toContain(`[WARNING] Node ${nameOf(b)} has slots in importing state 77.\n`);
    expect(stdout).toContain("[WARNING] The following slots are open: 77.\n");
    for (const node of [a, b, c]) await node.call("CLUSTER", "SETSLOT", 77, "STABLE");
  });

  test("17.3.49, 17.3.50 keys in a foreign slot are found when they are looked for", async () => {
    const { a, b } = cluster().nodes;
    const search = ["check", nameOf(a), "--cluster-search-multiple-owners"];
    expect((await expectSame(engine, search)).stdout).toMatch(/\[OK\] No multiple owners found\.\n$/);
    await b.call("CLUSTER", "SETSLOT", 7, "IMPORTING", a.id);
    await b.callAll([["ASKING"], ["SET", keyIn(7), "stray"]]);
    await b.call("CLUSTER", "SETSLOT", 7, "STABLE");
    expect(await expectSame(engine, ["check", nameOf(a)])).toMatchObject({ code: 0, stderr: "" });
    const found = await expectSame(engine, search);
    expect(found.code).toBe(1);
    expect(found.stdout).toContain(`[WARNING] Slot 7 has 2 owners:\n    ${nameOf(a)}\n    ${nameOf(b)}\n`);
  });

  test("17.3.51 a dead replica alone leaves the exit code at 0", async () => {
    const { a, a2 } = cluster().nodes;
    await a2.kill();
    const { code, stdout } = await expectSameOut(["check", nameOf(a)]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("   1 additional replica(s)\n") });
  });

  test("17.3.44, 17.3.46, 17.3.48 disagreement and uncovered slots are errors", async () => {
    const { a, b } = cluster().nodes;
    await a.call("CLUSTER", "DELSLOTS", 5, 7);
    const { code, stdout } = await expectSameOut(["check", nameOf(a)]);
    expect(code).toBe(1);
    expect(stdout).toContain("   slots:[0-4],[6],[8-5460] (5459 slots) master\n");
    expect(stdout).toContain("[ERR] Nodes don't agree about configuration!\n");
    expect(stdout).toMatch(/\[ERR\] Not all 16384 slots are covered by nodes\.\n\n$/);
    expect((await expectSameOut(["check", nameOf(b)])).code).toBe(1);
  });

  test("17.2.34, 17.3.41 info leaves a dead primary out, and exits 0", async () => {
    const { a, c } = cluster().nodes;
    await c.kill();
    const { code, stdout } = await expectSameOut(["info", nameOf(a)]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/\[OK\] \d+ keys in 2 \w+\.\n/) });
    await eventually(async () => expect(String(await a.call("CLUSTER", "NODES"))).toMatch(/ master,fail /));
    await expectSameOut(["info", nameOf(a)]);
  });

  /** Which nodes are out of reach the original says on stderr; ours does so beside a failure, and in a terminal. */
  async function expectSameOut(args: readonly string[]) {
    const [ours, theirs] = await both(engine, args);
    expect(ours).toMatchObject({ code: theirs.code, stdout: theirs.stdout });
    expect(ours.stderr === "" || ours.stderr === theirs.stderr).toBe(true);
    return ours;
  }
});

const HEALTHY =
  "[OK] All nodes agree about slots configuration.\n>>> Check for open slots...\n>>> Check slots coverage...\n" +
  "[OK] All 16384 slots covered.\n";
