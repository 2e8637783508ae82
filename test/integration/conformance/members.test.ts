import { describe, expect, test } from "vitest";
import { parseNodes } from "../../../src/model/parse-nodes.ts";
import { eventually } from "../../helpers/eventually.ts";
import { runOriginal } from "../../helpers/original-cli.ts";
import { runSlotctl } from "../../helpers/run-slotctl.ts";
import {
  clusterForAll,
  dropIn,
  expectSame,
  nameOf,
  OLDEST_AND_NEWEST,
  THIRDS,
  WITH_CLI,
  withoutNames,
} from "../../helpers/side-by-side.ts";
import { startCluster } from "../../helpers/start-cluster.ts";
import type { TestServer } from "../../helpers/test-server.ts";

const FUNCTION = ["FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 1 end)"];

async function viewOf(server: TestServer) {
  return parseNodes(String(await server.call("CLUSTER", "NODES")));
}

/** Node blocks stand in the order of each tool's entry node, and say more the more members there are. */
function fromFunctionsOn(text: string): string {
  return withoutNames(text.slice(text.indexOf("covered.\n")));
}

describe.each(WITH_CLI)("drop-in members on $name", (engine) => {
  const cluster = clusterForAll(engine, THIRDS, {
    replicas: { a: 1, b: 1 },
    spares: 4,
    settings: { "cluster-allow-replica-migration": "no" },
  });
  const spares = () => cluster().spares as readonly [TestServer, TestServer, TestServer, TestServer];
  const original = (...args: readonly string[]) => runOriginal(engine, ["--cluster", ...args]);
  /** The original adds and removes without waiting for anybody. */
  const settled = async (members: number) => {
    const { a } = cluster().nodes;
    const run = () => runSlotctl(["wait", nameOf(a), "--for", `nodes=${members}`]);
    await eventually(async () => expect((await run()).code).toBe(0));
    await eventually(async () => expect((await original("check", nameOf(a))).code).toBe(0));
  };

  test("17.9.113, 17.9.117, 17.9.119 what cannot be is refused line by line as by the original", async () => {
    const { a, b, c } = cluster().nodes;
    const [d] = spares();
    for (const refused of [
      ["add-node", nameOf(d), nameOf(a), "--cluster-slave", "--cluster-master-id", "0".repeat(40)],
      ["add-node", nameOf(b), nameOf(a)],
      ["add-node", "127.0.0.1:1", nameOf(a)],
      ["del-node", nameOf(a), "1".repeat(40)],
      ["del-node", nameOf(a), c.id],
    ]) {
      const same = await expectSame(engine, refused);
      expect(same.code).toBe(1);
    }
    expect((await viewOf(d)).lines).toHaveLength(1);
  });

  test("17.9.117 a replica is no primary to follow, and nothing is changed", async () => {
    const { a, a1 } = cluster().nodes;
    const [d] = spares();
    const refused = await dropIn(["add-node", nameOf(d), nameOf(a), "--cluster-slave", "--cluster-master-id", a1.id]);
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringMatching(/No such \w+ ID/) });
    expect((await viewOf(d)).lines).toHaveLength(1);
  });

  test("17.9.112, 17.9.114 a new primary is known to all, owns nothing, and has the functions of the cluster", async () => {
    const { a, b, c } = cluster().nodes;
    const [d, , f] = spares();
    for (const node of [a, b, c]) await node.call(...FUNCTION);
    await f.call(...FUNCTION);
    const refused = await expectSame(engine, ["add-node", nameOf(f), nameOf(a)]);
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining("New node already contains functions") });
    await f.call("FUNCTION", "FLUSH");

    const ours = await dropIn(["add-node", nameOf(d), nameOf(a)]);
    expect(ours).toMatchObject({ code: 0, stderr: "" });
    expect(ours.stdout).toMatch(/\[OK\] New node added correctly\.\n$/);
    // At once: it returns when the node is ready.
    const { id, slots } = (await viewOf(d)).myself;
    expect(slots).toEqual([]);
    for (const node of [a, b, c]) expect((await viewOf(node)).lines.map((line) => line.id)).toContain(id);
    expect(String(await d.call("FUNCTION", "LIST"))).toContain("lib");
    await settled(6);
    const theirs = await original("add-node", nameOf(f), nameOf(a));
    expect(fromFunctionsOn(ours.stdout)).toBe(fromFunctionsOn(theirs.stdout));
    await settled(7);
  });

  test("17.9.116, 17.9.118 a new replica follows who was named, or the primary with the fewest replicas", async () => {
    const { a, c } = cluster().nodes;
    const [d, e, f, g] = spares();
    const asReplica = ["--cluster-slave", "--cluster-master-id", c.id.toUpperCase()];
    const ours = await dropIn(["add-node", nameOf(e), nameOf(a), ...asReplica]);
    expect(ours).toMatchObject({ code: 0, stderr: "" });
    expect((await viewOf(e)).myself.primaryId).toBe(c.id);
    await settled(8);

    // Without replicas are d and f alone, which own nothing.
    const { lines } = await viewOf(a);
    const [first] = lines.filter(({ id }) => id === idIn(lines, d) || id === idIn(lines, f));
    const chosen = await dropIn(["add-node", nameOf(g), nameOf(a), "--cluster-replica"]);
    expect(chosen).toMatchObject({ code: 0, stderr: "" });
    expect(chosen.stdout).toMatch(new RegExp(`\nAutomatically selected \\w+ 127\\.0\\.0\\.1:${first!.port}\n`));
    expect((await viewOf(g)).myself.primaryId).toBe(first!.id);
    await settled(9);
  });

  test("17.9.120, 17.9.121, 17.9.123 a deleted primary is alone, forgotten, and its replica goes to one with slots", async () => {
    const { a, b, c } = cluster().nodes;
    const [d, , f, g] = spares();
    const led = (await viewOf(g)).myself.primaryId!;
    const [first, second] = (await viewOf(d)).myself.id === led ? [d, f] : [f, d];
    const ours = await dropIn(["del-node", nameOf(a), led.toUpperCase()]);
    expect(ours).toMatchObject({ code: 0, stderr: "" });
    expect((await viewOf(first)).lines).toHaveLength(1);
    expect([a.id, b.id, c.id]).toContain((await viewOf(g)).myself.primaryId);
    for (const node of [a, b, c]) expect((await viewOf(node)).lines.map(({ id }) => id)).not.toContain(led);
    const theirs = await original("del-node", nameOf(a), (await viewOf(second)).myself.id);
    const withoutReplicas = withoutNames(ours.stdout.toLowerCase()).replace(/^.* as replica of .*\n/m, "");
    expect(withoutReplicas).toBe(withoutNames(theirs.stdout.toLowerCase()));
    await settled(7);
  });

  test("17.9.122 a dead node is deleted, and it is said that it was not reset", async () => {
    const { a, b, c, b1 } = cluster().nodes;
    await b1.kill();
    const dead = await dropIn(["del-node", nameOf(a), b1.id]);
    expect(dead).toMatchObject({ code: 0, stdout: expect.stringContaining("unable to send CLUSTER RESET.") });
    for (const node of [a, b, c]) {
      expect((await viewOf(node)).lines.map(({ id }) => id as string)).not.toContain(b1.id);
    }
  });
});

describe.each(OLDEST_AND_NEWEST)("drop-in members on $name", (engine) => {
  test("17.9.115 servers without functions get a line for it and nothing else", async () => {
    const settings = { "rename-command": 'FUNCTION ""' };
    await using cluster = await startCluster(engine, THIRDS, { spares: 2, settings });
    const { a } = cluster.nodes;
    const [d, e] = cluster.spares as readonly [TestServer, TestServer];
    const ours = await dropIn(["add-node", nameOf(d), nameOf(a)]);
    expect(ours).toMatchObject({ code: 0, stderr: "" });
    expect(ours.stdout).toContain(">>> Failed retrieving Functions from the cluster, skip this step as ");
    await eventually(async () => expect((await dropIn(["check", nameOf(a)])).code).toBe(0));
    const theirs = await runOriginal(engine, ["--cluster", "add-node", nameOf(e), nameOf(a)]);
    // It quotes the server's answer.
    const withoutAnswer = fromFunctionsOn(theirs.stdout).replace(/ \(error = .*$/m, "");
    expect(fromFunctionsOn(ours.stdout)).toBe(withoutAnswer);
  });
});

function idIn(lines: Awaited<ReturnType<typeof viewOf>>["lines"], { port }: TestServer) {
  return lines.find((line) => line.port === port)?.id;
}
