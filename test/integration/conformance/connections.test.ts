import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { quote } from "../../../src/sandbox/server-config.ts";
import { scratchDirectory } from "../../helpers/scratch.ts";
import { clusterForAll, dropIn, keyIn, nameOf, OLDEST_AND_NEWEST, THIRDS } from "../../helpers/side-by-side.ts";
import { type ClusterOptions, startCluster } from "../../helpers/start-cluster.ts";
import { testCertificates } from "../../helpers/tls.ts";

const PASSWORD = `p ä%"'$-`;

const ODD: readonly (readonly [string, ClusterOptions<"a" | "b" | "c">, readonly string[]])[] = [
  ["IPv6", { hosts: ["::1"] }, []],
  [
    "names as preferred endpoints",
    {
      settings: (i) => ({
        "cluster-announce-hostname": `n${i}.example`,
        "cluster-preferred-endpoint-type": "hostname",
      }),
    },
    [],
  ],
  ["unknown endpoints", { settings: { "cluster-preferred-endpoint-type": "unknown-endpoint" } }, []],
  [
    "an ACL user whose password is odd",
    {
      acl: ["user default off", `user op on #${createHash("sha256").update(PASSWORD).digest("hex")} ~* &* +@all`],
      credentials: { user: "op", password: PASSWORD },
      settings: { masteruser: "op", masterauth: quote(PASSWORD) },
    },
    ["--user", "op", "-a", PASSWORD, "--no-auth-warning"],
  ],
];

describe.each(OLDEST_AND_NEWEST)("drop-in connections on $name", (engine) => {
  test.each(ODD)("17.11.134 with %s check passes, and slots move", async (_, options, words) => {
    await using cluster = await startCluster(engine, THIRDS, options);
    const { a, b } = cluster.nodes;
    const run = (...args: readonly string[]) => dropIn([...args, ...words]);
    await b.call("SET", keyIn(5461), "value");
    expect(await run("check", nameOf(a))).toMatchObject({ code: 0, stderr: "" });
    const args = ["reshard", nameOf(a), "--cluster-from", b.id, "--cluster-to", a.id, "--cluster-slots", "1"];
    expect(await run(...args, "--cluster-yes")).toMatchObject({ code: 0, stderr: "" });
    expect(await a.call("GET", keyIn(5461))).toBe("value");
    expect(await run("call", nameOf(a), "ping")).toMatchObject({ code: 0, stdout: expect.stringMatching(/: PONG\n$/) });
  });

  test("17.1.24, 17.1.25, 17.1.27 TLS and a password of a pipe hold for every node", async () => {
    const settings = { requirepass: "geheim", masterauth: "geheim" };
    const credentials = { password: "geheim" };
    await using cluster = await startCluster(engine, THIRDS, { tls: "client-certificate", settings, credentials });
    const { a, b } = cluster.nodes;
    const { ca, client } = await testCertificates();
    const files = ["--cacert", ca.certFile, "--cert", client.certFile, "--key", client.keyFile];
    await b.call("SET", keyIn(5461), "value");
    const args = ["reshard", nameOf(a), "--cluster-from", b.id, "--cluster-to", a.id, "--cluster-slots", "1"];
    const asked = await dropIn([...args, "--tls", "--askpass", ...files], { input: "geheim\nyes\n" });
    expect(asked).toMatchObject({ code: 0, stderr: "" });
    expect(await a.call("GET", keyIn(5461))).toBe("value");
    const uri = ["-u", "rediss://:gehei%6D@nowhere:1", ...files];
    expect(await dropIn(["check", nameOf(a), ...uri])).toMatchObject({ code: 0, stderr: "" });
    expect((await dropIn(["check", nameOf(a), "--tls", ...files], { env: { REDISCLI_AUTH: "geheim" } })).code).toBe(0);
    expect((await dropIn(["check", nameOf(a), ...files], { env: { REDISCLI_AUTH: "geheim" } })).code).toBe(1);
  });
});

describe.each(OLDEST_AND_NEWEST)("drop-in on $name", (engine) => {
  const cluster = clusterForAll(engine, THIRDS, { replicas: { a: 1 } });

  test("17.1.26 --user without a password is no login, and MIGRATE goes without one", async () => {
    const { a, b } = cluster().nodes;
    await b.call("SET", keyIn(5461), "value");
    const args = ["reshard", nameOf(a), "--cluster-from", b.id, "--cluster-to", a.id, "--cluster-slots", "1"];
    expect(await dropIn([...args, "--cluster-yes", "--user", "keys"])).toMatchObject({ code: 0, stderr: "" });
    expect(await a.call("GET", keyIn(5461))).toBe("value");
  });

  test("17.1.22 only 1 in the environment is a yes", async () => {
    const { a, b } = cluster().nodes;
    const args = ["reshard", nameOf(a), "--cluster-from", b.id, "--cluster-to", a.id, "--cluster-slots", "1"];
    expect((await dropIn(args, { env: { REDISCLI_CLUSTER_YES: "yes" } })).code).toBe(1);
    expect((await dropIn(args, { env: { REDISCLI_CLUSTER_YES: "1" } })).code).toBe(0);
  });

  test("nothing is written where a script looks for failures, and a closed pipe is no crash", async () => {
    const { a } = cluster().nodes;
    using scratch = scratchDirectory("state");
    // As exec of Tcl does it: any line on stderr is a failure.
    const env = { TERM: "xterm-256color", XDG_STATE_HOME: scratch.path };
    for (const words of [["check"], ["info"], ["fix"], ["rebalance"], ["call", "ping"], ["set-timeout", "1500"]]) {
      const [name, ...rest] = words;
      expect(await dropIn([name!, nameOf(a), ...rest], { env })).toMatchObject({ code: 0, stderr: "" });
    }
  });

  test("17.1.28 a node that says nothing is waited for once, and the rest is told", async () => {
    const { a, a1, b } = cluster().nodes;
    await a1.pause();
    try {
      expect(await dropIn(["check", nameOf(b)])).toMatchObject({ code: 0, stderr: "" });
    } finally {
      a1.resume();
    }
    await a.pause();
    try {
      const silent = await dropIn(["info", nameOf(a), "-t", "0.2"]);
      expect(silent).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining(nameOf(a)) });
    } finally {
      a.resume();
    }
  });
});
