import { describe, expect, test } from "vitest";
import { formatAddress } from "../../src/model/address.ts";
import { ENGINES } from "../helpers/engines.ts";
import { startServers } from "../helpers/start-servers.ts";
import { Key, openSlotctl } from "../helpers/terminal.ts";
import type { TestServer } from "../helpers/test-server.ts";

const engine = ENGINES[0]!;

async function expectUntouched(servers: readonly TestServer[]): Promise<void> {
  for (const server of servers) {
    const info = String(await server.call("CLUSTER", "INFO"));
    expect(info).toContain("cluster_known_nodes:1");
    expect(info).toContain("cluster_slots_assigned:0");
  }
}

function createArgs(servers: readonly TestServer[]): string[] {
  return ["create", ...servers.map(({ address }) => formatAddress(address))];
}

describe("create in a terminal", () => {
  test("shows the plan, asks, and yes builds the cluster", async () => {
    await using servers = await startServers(engine, { count: 3 });
    using session = openSlotctl(createArgs(servers));
    await session.waitFor("Create this cluster?");
    expect(session.text).toContain("Plan: create a cluster on 3 nodes");
    session.type("y", Key.Enter);
    await session.waitFor(/done: created a cluster of 3 shards on 3 nodes in \d+\.\d s/, { within: 30_000 });
    expect(await session.exitCode).toBe(0);
  });

  test.each([
    ["no", ["n", Key.Enter]],
    ["nothing but Enter", [Key.Enter]],
    ["Ctrl-C", [Key.CtrlC]],
  ])("%s changes nothing and exits 130", async (_, keys) => {
    await using servers = await startServers(engine, { count: 3 });
    using session = openSlotctl(createArgs(servers));
    await session.waitFor("Create this cluster?");
    session.type(...keys);
    expect(await session.exitCode).toBe(130);
    expect(session.text).toMatch(/error: (Declined|Interrupted): nothing was changed/);
    expect(session.raw).not.toMatch(/\u001b\[\?25l(?![\s\S]*\u001b\[\?25h)/);
    await expectUntouched(servers);
  });

  test("one Ctrl-C is enough for the question of the drop-in form, and is no success", async () => {
    await using servers = await startServers(engine, { count: 3 });
    using session = openSlotctl(["--cluster", ...createArgs(servers)]);
    await session.waitFor("Can I set the above configuration?");
    session.type(Key.CtrlC);
    expect(await session.exitCode).not.toBe(0);
    await expectUntouched(servers);
  });

  test("a password is asked for with stars and never shown", async () => {
    const credentials = { password: "geheim" };
    await using servers = await startServers(engine, { count: 1, settings: { requirepass: "geheim" }, credentials });
    using session = openSlotctl(["check", formatAddress(servers[0]!.address), "--quick", "--askpass"]);
    await session.waitFor("Please input password:");
    session.type("geheim", Key.Enter);
    await session.waitFor("nodes=1/1");
    expect(await session.exitCode).toBe(3);
    expect(session.raw).not.toContain("geheim");
  });

  test("NO_COLOR leaves no colour in anything", async () => {
    await using servers = await startServers(engine, { count: 1 });
    using session = openSlotctl(["check", formatAddress(servers[0]!.address), "--no-wait"], { env: { NO_COLOR: "1" } });
    expect(await session.exitCode).toBe(3);
    expect(session.raw).not.toMatch(/\u001b\[\d+m/);
    using colourful = openSlotctl(["check", formatAddress(servers[0]!.address), "--no-wait"]);
    expect(await colourful.exitCode).toBe(3);
    expect(colourful.raw).toMatch(/\u001b\[31mproblem/);
  });
});
