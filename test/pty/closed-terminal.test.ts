import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { openClient } from "../helpers/data-set.ts";
import { ENGINES } from "../helpers/engines.ts";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { startCluster } from "../helpers/start-cluster.ts";
import { startServers } from "../helpers/start-servers.ts";
import { openSlotctl } from "../helpers/terminal.ts";

const engine = ENGINES[0]!;

describe("a terminal that is closed", () => {
  test("while slots move: the ones in flight arrive, and resume goes on elsewhere", async () => {
    await using cluster = await startCluster(engine, { a: [0, 8191], b: [8192, 16_383] });
    const client = openClient(cluster.seeds);
    await Promise.all(Array.from({ length: 700 }, (_, i) => client.set(`key:${i}`, "v")));
    client.disconnect();
    const { a, b } = cluster.nodes;
    const move = ["reshard", formatAddress(a.address), "--slots", "0-8191", "--to", b.id, "--keep-empty", "--yes"];
    using session = openSlotctl([...move, "--method", "keys", "--rate", "60", "--pipeline", "5"]);
    await session.waitFor(/\d+ of 8,192 slots/);
    session.hangUp();
    expect(await session.exitCode).toBe(6);
    const nodes = await Promise.all(cluster.members.map((node) => node.call("CLUSTER", "NODES")));
    expect(nodes.join("\n")).not.toMatch(/\[\d+-[<>]-/);
    expect(await runSlotctl(["resume", formatAddress(b.address), "--yes"])).toMatchObject({ code: 0 });
    expect(await runSlotctl(["check", formatAddress(b.address)])).toMatchObject({ code: 0 });
  });

  test.each(["Create this cluster?", "Please input password:"])(
    "while it asks %s changes nothing",
    async (question) => {
      await using servers = await startServers(engine, { count: 3 });
      const addresses = servers.map(({ address }) => formatAddress(address));
      const asking = question.startsWith("Please") ? ["--askpass"] : [];
      using session = openSlotctl(["create", ...addresses, ...asking]);
      await session.waitFor(question);
      session.hangUp();
      expect(await session.exitCode).toBe(130);
      for (const server of servers) expect(String(await server.call("CLUSTER", "INFO"))).toContain("known_nodes:1");
    },
  );

  test("while the wizard asks ends it", async () => {
    using session = openSlotctl(["wizard"]);
    await session.waitFor("What do you want to do?");
    session.hangUp();
    expect(await session.exitCode).toBe(130);
  });
});

describe("a question", () => {
  test.each(["SIGTERM", "SIGHUP", "SIGINT"] as const)("is left on the first %s", async (signal) => {
    await using servers = await startServers(engine, { count: 3 });
    using session = openSlotctl(["create", ...servers.map(({ address }) => formatAddress(address))]);
    await session.waitFor("Create this cluster?");
    session.kill(signal);
    expect(await session.exitCode).toBe(130);
    expect(session.text).toContain("Interrupted: nothing was changed");
    for (const server of servers) expect(String(await server.call("CLUSTER", "INFO"))).toContain("known_nodes:1");
  });
});
