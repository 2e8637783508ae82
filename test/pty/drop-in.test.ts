import { describe, expect, test } from "vitest";
import { redisCliAddress } from "../../src/view/redis-cli/style.ts";
import { ENGINES } from "../helpers/engines.ts";
import { startCluster } from "../helpers/start-cluster.ts";
import { Key, openSlotctl } from "../helpers/terminal.ts";

const engine = ENGINES[0]!;
const HALVES = { a: [0, 8191], b: [8192, 16_383] } as const;

describe("drop-in mode in a terminal", () => {
  test("17.1.21, 17.1.24, 17.3.52, 17.3.53, 17.6.92 it asks for the password with stars, warns, colours, and takes answers", async () => {
    const credentials = { password: "geheim" };
    const settings = { requirepass: "geheim", masterauth: "geheim" };
    await using cluster = await startCluster(engine, HALVES, { settings, credentials });
    const { a, b } = cluster.nodes;
    const seed = redisCliAddress(a.address);

    using session = openSlotctl(["--cluster", "reshard", seed, "--askpass"]);
    await session.waitFor("Please input password:");
    session.type("geheim", Key.Enter);
    await session.waitFor("How many slots do you want to move (from 1 to 16384)? ");
    expect(session.raw).not.toContain("geheim");
    expect(session.raw).toContain("\u001b[32;1m[OK] All 16384 slots covered.");
    expect(session.raw).toMatch(/\r\n(?:\u001b\[0m)?M: [0-9a-f]{40} /);
    expect(session.raw).not.toMatch(/\u001b\[[1-9][0-9;]*mHow many/);
    session.type("2", Key.Enter);
    await session.waitFor("What is the receiving node ID? ");
    session.type(b.id, Key.Enter);
    await session.waitFor("Source node #1: ");
    session.type("all", Key.Enter);
    await session.waitFor("Do you want to proceed with the proposed reshard plan (yes/no)? ");
    session.type("yes", Key.Enter);
    await session.waitFor(/Moving slot 1 from/);
    expect(await session.exitCode).toBe(0);

    using warned = openSlotctl(["--cluster", "info", seed, "-a", "geheim"]);
    expect(await warned.exitCode).toBe(0);
    expect(warned.text).toContain("Warning: Using a password with '-a' or '-u' option");
    using plain = openSlotctl(["--cluster", "info", seed, "-a", "geheim", "--no-auth-warning"], {
      env: { NO_COLOR: "1" },
    });
    expect(await plain.exitCode).toBe(0);
    expect(plain.raw).not.toMatch(/Warning|\u001b\[[0-9;]+m/);
  });

  test("Ctrl-C at a question changes nothing and is no success", async () => {
    await using cluster = await startCluster(engine, HALVES);
    const { a, b } = cluster.nodes;
    const words = ["--cluster-from", b.id, "--cluster-to", a.id, "--cluster-slots", "1"];
    for (const [at, args] of [
      ["How many slots", []],
      ["Do you want to proceed", words],
    ] as const) {
      using session = openSlotctl(["--cluster", "reshard", redisCliAddress(a.address), ...args]);
      await session.waitFor(at);
      session.type(Key.CtrlC);
      expect(await session.exitCode).not.toBe(0);
      expect(String(await b.call("CLUSTER", "NODES"))).toMatch(/myself.* 8192-16383\n/);
    }
  });
});
