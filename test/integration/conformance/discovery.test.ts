import { describe, expect, test } from "vitest";
import { runOriginal } from "../../helpers/original-cli.ts";
import { clusterForAll, dropIn, expectSame, keyIn, nameOf, THIRDS, WITH_CLI } from "../../helpers/side-by-side.ts";
import { startServers } from "../../helpers/start-servers.ts";

describe.each(WITH_CLI)("drop-in discovery on $name", (engine) => {
  const cluster = clusterForAll(engine, THIRDS, {
    replicas: { a: 1 },
    settings: { "cluster-announce-hostname": "node.example" },
  });

  test("17.2.31, 17.2.32 an entry node without cluster mode, or one that wants a password, is told of", async () => {
    await using standalone = await startServers(engine, { mode: "standalone" });
    await using locked = await startServers(engine, {
      settings: { requirepass: "pw" },
      credentials: { password: "pw" },
    });
    expect((await expectSame(engine, ["check", nameOf(standalone[0]!)])).stdout).toContain(
      "not configured as a cluster",
    );
    expect((await expectSame(engine, ["info", nameOf(locked[0]!)])).stdout).toContain(
      "NOAUTH Authentication required.",
    );
    const wrong = ["info", nameOf(locked[0]!), "-a", "wrong", "--no-auth-warning"];
    expect((await expectSame(engine, wrong)).stdout).toContain("replied with error:\nWRONGPASS");
  });

  test("17.2.33 another node that wants another password counts as unreachable", async () => {
    const { a, b } = cluster().nodes;
    await b.call("CONFIG", "SET", "requirepass", "other");
    try {
      const args = ["check", nameOf(a)];
      const [ours, theirs] = [await dropIn(args), await runOriginal(engine, ["--cluster", ...args])];
      // The original says which node it could not ask; that is on our stderr, with the reason.
      expect(ours.stdout).toBe(theirs.stdout.replace(/^\[ERR\] Unable to load info for node .*\n/m, ""));
      expect(ours).toMatchObject({ code: theirs.code, stderr: expect.stringContaining(nameOf(b)) });
      expect(ours.stdout).toContain("[ERR] Not all 16384 slots are covered by nodes.");
    } finally {
      await b.call("CONFIG", "SET", "requirepass", "");
    }
  });

  test("17.2.37, 17.2.38 the entry node comes first, as it was typed", async () => {
    for (const member of cluster().members) {
      for (const name of [nameOf(member), `localhost:${member.port}`]) {
        const { stdout } = await expectSame(engine, ["check", name]);
        const [first] = /^[MS]: .*$/m.exec(stdout)!;
        expect(first).toBe(`${member.name === "a1" ? "S" : "M"}: ${member.id} ${name}`);
      }
    }
  });

  test("17.2.38 keys go to an address that the other servers know, whatever was typed", async () => {
    const { a, b } = cluster().nodes;
    const key = keyIn(5461);
    await b.call("SET", key, "value");
    await b.call("CONFIG", "SET", "slowlog-log-slower-than", "0");
    const args = ["reshard", `localhost:${a.port}`, "--cluster-from", b.id, "--cluster-to", a.id];
    expect(await dropIn([...args, "--cluster-slots", "1", "--cluster-yes"])).toMatchObject({ code: 0, stderr: "" });
    expect(await a.call("GET", key)).toBe("value");
    const entries = (await b.call("SLOWLOG", "GET", "-1")) as readonly (readonly [number, number, number, string[]])[];
    const migrations = entries.map(([, , , words]) => words).filter(([word]) => word === "MIGRATE");
    expect(migrations).toEqual([["MIGRATE", a.host, String(a.port), "", "0", expect.any(String), "KEYS", key]]);
  });
});
