import { expect, test } from "vitest";
import { parseDropIn } from "../../../src/cli/drop-in/command-line.ts";
import { runOriginal } from "../../helpers/original-cli.ts";
import { dropIn, OLDEST_AND_NEWEST } from "../../helpers/side-by-side.ts";

/** Nobody listens there, so that a line that is not refused before any node is asked ends quickly as well. */
const NOWHERE = "127.0.0.1:1";

const ASKING = [
  ["info"],
  ["fix"],
  ["rebalance"],
  ["add-node", NOWHERE],
  ["del-node", "id"],
  ["call", "ping"],
  ["backup", "/tmp"],
];

const REFUSED = [
  ["17.1.3 an unknown subcommand", "--cluster bogus", NOWHERE],
  ["17.1.4 capitals", "--cluster Check", NOWHERE],
  ["17.1.5 too few arguments", "--cluster check"],
  ["17.1.5 too few for del-node", "--cluster del-node", NOWHERE],
  ["17.1.5 too many for add-node", "--cluster add-node", NOWHERE, NOWHERE, NOWHERE],
  ["17.1.5 too many for backup", "--cluster backup", NOWHERE, "/tmp", "/tmp"],
  ["17.1.7 two words where one is wanted", "--cluster call 127.0.0.1 1"],
  ["17.1.10 no port", "--cluster check 127.0.0.1"],
  ["17.1.10 port 0", "--cluster info 127.0.0.1:0"],
  ["17.1.11 create names the address", "--cluster create 127.0.0.1 127.0.0.1:1 127.0.0.1:3"],
  ["17.1.13 an unknown option", "--cluster check --zz", NOWHERE],
  ["17.1.13 a negative argument", "--cluster call", NOWHERE, "lrange l -1"],
  ["17.1.13 before an unknown subcommand", "--cluster bogus --zz"],
  ["17.1.14 an option without its value", "--cluster check", NOWHERE, "--cluster-slots"],
  ["17.1.14 the same of -a", "--cluster check", NOWHERE, "-a"],
  ["17.10.127 import without a source", "--cluster import", NOWHERE],
  ["17.10.127 a source without a port", "--cluster import", NOWHERE, "--cluster-from host"],
  ["17.10.126 a node timeout that is too short", "--cluster set-timeout", NOWHERE, "99"],
] as const;

test.each(REFUSED)("%s is refused with the words of the original", async (_, ...parts) => {
  const argv = parts.join(" ").split(" ");
  const parsed = parseDropIn(argv, {});
  for (const engine of OLDEST_AND_NEWEST) {
    const { code, stdout, stderr } = await runOriginal(engine, argv);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(parsed).toEqual({ kind: "error", exitCode: 1, text: stderr });
  }
});

test("17.1.1, 17.1.2 without a subcommand, or with two, the usage is on stderr", async () => {
  for (const line of ["--cluster", "--cluster info 127.0.0.1:1 --cluster check 127.0.0.1:1"]) {
    const outcome = await dropIn(line.split(" ").slice(1));
    expect(outcome).toMatchObject({ code: 1, stdout: "", stderr: expect.stringMatching(/^Usage: slotctl /) });
    for (const engine of OLDEST_AND_NEWEST) {
      expect(await runOriginal(engine, line.split(" "))).toMatchObject({ code: 1, stdout: "" });
    }
  }
});

test("17.1.29 help has the subcommands and options of the original, in its order", async () => {
  const names = (text: string) => text.match(/^ {2}[a-z][a-z-]+|--cluster-[a-z-]+/gm)?.map((name) => name.trim());
  const ours = await dropIn(["help"]);
  expect(ours).toMatchObject({ code: 1, stderr: "" });
  for (const engine of OLDEST_AND_NEWEST) {
    const theirs = await runOriginal(engine, ["--cluster", "help"]);
    expect(theirs).toMatchObject({ code: 1, stderr: "" });
    const inRedisWords = theirs.stdout.replaceAll("primaries", "masters").replace("-primary", "-master");
    const missing = names(inRedisWords)!.filter((name) => !names(ours.stdout)!.includes(name));
    expect(missing.filter((name) => !/^--cluster-(masters-id|replica)$/.test(name))).toEqual([]);
  }
});

test("17.1.19 no node is asked where a number is none", async () => {
  for (const option of ["--cluster-pipeline 0", "--cluster-slots 20000", "--cluster-weight a=-1"]) {
    const refused = await dropIn(["rebalance", NOWHERE, ...option.split(" ")]);
    expect(refused).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^\[ERR\] Invalid --cluster-/),
    });
  }
});

test("17.2.30 an entry node that refuses connections is told of on stderr", async () => {
  const refused = "Could not connect to Redis at 127.0.0.1:1: Connection refused\n";
  expect(await dropIn(["check", NOWHERE])).toMatchObject({ code: 1, stdout: "", stderr: refused });
  for (const [name, ...words] of ASKING) {
    const args = [name!, NOWHERE, ...words];
    for (const engine of OLDEST_AND_NEWEST) {
      const { code, stdout, stderr } = await runOriginal(engine, ["--cluster", ...args]);
      // Whose servers they are cannot be known, so that Redis is spoken of.
      const expected = { code, stdout, stderr: stderr.replace("to Valkey at", "to Redis at") };
      expect(await dropIn(args)).toMatchObject(expected);
    }
  }
});
