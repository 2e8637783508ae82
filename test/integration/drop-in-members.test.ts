import { describe, expect, test } from "vitest";
import { parseNodes } from "../../src/model/parse-nodes.ts";
import { redisCliAddress } from "../../src/view/redis-cli/style.ts";
import { ENGINES, type TestEngine } from "../helpers/engines.ts";
import { eventually } from "../helpers/eventually.ts";
import { runOriginal } from "../helpers/original-cli.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { startCluster } from "../helpers/start-cluster.ts";
import type { TestServer } from "../helpers/test-server.ts";

const THIRDS = { a: [0, 5460], b: [5461, 10_922], c: [10_923, 16_383] } as const;

function dropIn(args: readonly string[]) {
  return runSlotctl(["--cluster", ...args]);
}

function nameOf({ address }: TestServer): string {
  return redisCliAddress(address);
}

async function viewOf(server: TestServer) {
  return parseNodes(String(await server.call("CLUSTER", "NODES")));
}

/** What the two tools say of different nodes can only be compared without their names; dots are seconds of waiting. */
function withoutNames(text: string): string {
  return text
    .replace(/[0-9a-f]{40}/g, "ID")
    .replace(/\d+\.\d+\.\d+\.\d+:\d+/g, "ADDRESS")
    .replace(/join\n\.*\n/, "join\n\n");
}

/** Node blocks stand in the order of each tool's entry node, and say more the more members there are. */
function fromFunctionsOn(text: string): string {
  return withoutNames(text.slice(text.indexOf("covered.\n")));
}

describe.each(ENGINES.filter(({ cli }) => cli !== undefined))("drop-in members on $name", (engine: TestEngine) => {
  test("17.9-112 to 123: add-node and del-node say what the original says, and do what it leaves undone", async () => {
    await using cluster = await startCluster(engine, THIRDS, { replicas: { a: 1, b: 1 }, spares: 4 });
    const { a, b, c, a1, b1 } = cluster.nodes;
    const [d, e, f, g] = cluster.spares as readonly [TestServer, TestServer, TestServer, TestServer];
    const theirs = (...args: readonly string[]) => runOriginal(engine, ["--cluster", ...args]);
    const settled = async (members: number) => {
      const run = () => runSlotctl(["wait", nameOf(a), "--for", `nodes=${members}`]);
      await eventually(async () => expect((await run()).code).toBe(0));
      await eventually(async () => expect((await runOriginal(engine, ["--cluster", "check", nameOf(a)])).code).toBe(0));
    };

    for (const refused of [
      ["add-node", nameOf(d), nameOf(a), "--cluster-slave", "--cluster-master-id", "0".repeat(40)],
      ["add-node", nameOf(b), nameOf(a)],
      ["del-node", nameOf(a), "1".repeat(40)],
      ["del-node", nameOf(a), c.id],
    ]) {
      const [our, their] = [await dropIn(refused), await theirs(...refused)];
      expect(our).toMatchObject({ code: 1, stdout: their.stdout, stderr: "" });
      expect(their.code).toBe(1);
    }
    const toReplica = await dropIn(["add-node", nameOf(d), nameOf(a), "--cluster-slave", "--cluster-master-id", a1.id]);
    expect(toReplica).toMatchObject({ code: 1, stdout: expect.stringMatching(/No such \w+ ID/) });
    expect((await viewOf(d)).lines).toHaveLength(1);

    await f.call("FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function('f', function() return 1 end)");
    const functions = [
      await dropIn(["add-node", nameOf(f), nameOf(a)]),
      await theirs("add-node", nameOf(f), nameOf(a)),
    ];
    expect(functions[0]).toMatchObject({ code: 1, stdout: functions[1]!.stdout, stderr: "" });
    await f.call("FUNCTION", "FLUSH");

    const our = await dropIn(["add-node", nameOf(d), nameOf(a)]);
    expect(our).toMatchObject({ code: 0, stderr: "" });
    expect(our.stdout).toMatch(/\[OK\] New node added correctly\.\n$/);
    await settled(6);
    const their = await theirs("add-node", nameOf(f), nameOf(a));
    expect(fromFunctionsOn(our.stdout)).toBe(fromFunctionsOn(their.stdout));
    await settled(7);

    const asReplica = ["--cluster-slave", "--cluster-master-id", c.id];
    const ourReplica = await dropIn(["add-node", nameOf(e), nameOf(a), ...asReplica]);
    expect(ourReplica).toMatchObject({ code: 0, stderr: "" });
    expect((await viewOf(e)).myself.primaryId).toBe(c.id);
    const theirReplica = await theirs("add-node", nameOf(g), nameOf(a), ...asReplica);
    expect(fromFunctionsOn(ourReplica.stdout)).toBe(fromFunctionsOn(theirReplica.stdout));
    await settled(9);

    const [dId, fId] = [(await viewOf(d)).myself.id, (await viewOf(f)).myself.id];
    const ourRemoval = await dropIn(["del-node", nameOf(a), dId.toUpperCase()]);
    expect(ourRemoval).toMatchObject({ code: 0, stderr: "" });
    expect((await viewOf(d)).lines).toHaveLength(1);
    const theirRemoval = await theirs("del-node", nameOf(a), fId);
    expect(withoutNames(ourRemoval.stdout.toLowerCase())).toBe(withoutNames(theirRemoval.stdout.toLowerCase()));

    await b1.kill();
    const dead = await dropIn(["del-node", nameOf(a), b1.id]);
    expect(dead).toMatchObject({ code: 0, stdout: expect.stringContaining("unable to send CLUSTER RESET.") });
    for (const node of [a, b, c]) {
      expect((await viewOf(node)).lines.map(({ id }) => id as string)).not.toContain(b1.id);
    }
  });
});
