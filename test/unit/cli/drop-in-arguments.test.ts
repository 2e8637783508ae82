import { describe, expect, test } from "vitest";
import { type DropIn, isDropIn, parseDropIn } from "../../../src/cli/drop-in-arguments.ts";

/** Words as a shell would split them; quotes are not needed here. */
function words(line: string): readonly string[] {
  return line.split(" ").filter(Boolean);
}

function parse(line: string, env: Record<string, string> = {}, stdin?: string): DropIn {
  return parseDropIn(words(line), env, stdin === undefined ? undefined : () => stdin);
}

function commandOf(line: string, env: Record<string, string> = {}, stdin?: string) {
  const parsed = parse(line, env, stdin);
  if (parsed.kind !== "command") throw new Error(`"${line}" is no command: ${JSON.stringify(parsed)}`);
  return parsed.command;
}

function connectionOf(line: string, env: Record<string, string> = {}) {
  const parsed = parse(line, env);
  if (parsed.kind !== "command") throw new Error(`"${line}" is no command: ${JSON.stringify(parsed)}`);
  return parsed.connection;
}

function errorOf(line: string): string {
  const parsed = parse(line);
  if (parsed.kind !== "error") throw new Error(`"${line}" is no error: ${JSON.stringify(parsed)}`);
  expect(parsed.exitCode).toBe(1);
  return parsed.text;
}

const a = { host: "127.0.0.1", port: 7001 };
const b = { host: "127.0.0.1", port: 7002 };
const c = { host: "127.0.0.1", port: 7003 };
const PLAIN = { askPass: false, noAuthWarning: false, tls: false, insecure: false };
const MOVES = { timeout: 60_000, pipeline: 10, pipelineGiven: false, replace: false };
const CHECKS = { address: a, searchMultipleOwners: false };

const WRONG_NUMBER = "[ERR] Wrong number of arguments for specified --cluster sub command\n";
const INVALID_ADDRESS =
  "[ERR] Invalid arguments: you need to pass either a valid address (ie. 120.0.0.1:7000) or space separated IP and port (ie. 120.0.0.1 7000)\n";
const PASSWORD_WARNING =
  "Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.";

describe("isDropIn", () => {
  test.each([
    ["--cluster check 127.0.0.1:7001", true],
    ["-a secret --tls --cluster info 127.0.0.1:7001", true],
    ["--cluster-weight a=1 b=2 --cluster rebalance 127.0.0.1:7001", true],
    ["--cluster", true],
    ["--no-such-option --cluster check", true],
    ["-a --cluster check 127.0.0.1:7001", false],
    ["-h --cluster", false],
    ["--cluster-to --cluster check", false],
    ["call 127.0.0.1:7001 get --cluster", false],
    ["check 127.0.0.1:7001 --cluster-yes", false],
    ["--help", false],
    ["", false],
  ])("of '%s' is %s", (line, expected) => {
    expect(isDropIn(words(line))).toBe(expected);
  });
});

describe("every subcommand", () => {
  test.each<[string, object]>([
    [
      "create 127.0.0.1:7001 127.0.0.1:7002 127.0.0.1:7003 --cluster-replicas 1 --cluster-yes",
      { subcommand: "create", addresses: [a, b, c], replicas: 1, searchMultipleOwners: false, yes: true },
    ],
    ["check 127.0.0.1:7001", { subcommand: "check", ...CHECKS }],
    [
      "check 127.0.0.1:7001 --cluster-search-multiple-owners",
      { subcommand: "check", address: a, searchMultipleOwners: true },
    ],
    ["info 127.0.0.1:7001", { subcommand: "info", address: a }],
    ["fix 127.0.0.1:7001", { subcommand: "fix", ...CHECKS, ...MOVES, withUnreachablePrimaries: false, yes: false }],
    [
      "fix 127.0.0.1:7001 --cluster-yes --cluster-replace --cluster-timeout 5 --cluster-pipeline 20",
      {
        subcommand: "fix",
        ...CHECKS,
        ...{ timeout: 5, pipeline: 20, pipelineGiven: true, replace: true },
        withUnreachablePrimaries: false,
        yes: true,
      },
    ],
    ["reshard 127.0.0.1:7001", { subcommand: "reshard", ...CHECKS, ...MOVES, atomic: false, yes: false }],
    [
      "reshard 127.0.0.1:7001 --cluster-from aaa,bbb --cluster-to CCC --cluster-slots 100 --cluster-yes --cluster-use-atomic-slot-migration",
      {
        subcommand: "reshard",
        ...CHECKS,
        ...MOVES,
        from: ["aaa", "bbb"],
        to: "CCC",
        slots: 100,
        atomic: true,
        yes: true,
      },
    ],
    [
      "rebalance 127.0.0.1:7001",
      {
        subcommand: "rebalance",
        ...CHECKS,
        ...MOVES,
        weights: [],
        useEmptyPrimaries: false,
        threshold: 2,
        simulate: false,
        verbose: false,
        atomic: false,
      },
    ],
    [
      "rebalance 127.0.0.1:7001 --cluster-weight aaa=2 bbb=.5 --cluster-use-empty-masters --cluster-threshold 0.5 --cluster-simulate --verbose",
      {
        subcommand: "rebalance",
        ...CHECKS,
        ...MOVES,
        weights: [
          { prefix: "aaa", weight: 2 },
          { prefix: "bbb", weight: 0.5 },
        ],
        useEmptyPrimaries: true,
        threshold: 0.5,
        simulate: true,
        verbose: true,
        atomic: false,
      },
    ],
    ["add-node 127.0.0.1:7002 127.0.0.1:7001", { subcommand: "add-node", newAddress: b, ...CHECKS, replica: false }],
    [
      "add-node 127.0.0.1:7002 127.0.0.1:7001 --cluster-slave --cluster-master-id abc",
      { subcommand: "add-node", newAddress: b, ...CHECKS, replica: true, primaryId: "abc" },
    ],
    ["del-node 127.0.0.1:7001 abc", { subcommand: "del-node", address: a, nodeId: "abc" }],
    ["call 127.0.0.1:7001 config get save", { subcommand: "call", address: a, words: ["config", "get", "save"] }],
    [
      "call 127.0.0.1:7001 ping --cluster-only-masters",
      { subcommand: "call", address: a, words: ["ping"], only: "primaries" },
    ],
    [
      "call 127.0.0.1:7001 ping --cluster-only-replicas",
      { subcommand: "call", address: a, words: ["ping"], only: "replicas" },
    ],
    ["set-timeout 127.0.0.1:7001 5000", { subcommand: "set-timeout", address: a, milliseconds: 5000 }],
    [
      "import 127.0.0.1:7001 --cluster-from 127.0.0.1:7002",
      { subcommand: "import", ...CHECKS, from: b, fromAskPass: false, copy: false, replace: false, timeout: 60_000 },
    ],
    [
      "import 127.0.0.1:7001 --cluster-from 127.0.0.1:7002 --cluster-from-user u --cluster-from-pass p --cluster-copy --cluster-replace --cluster-timeout 9",
      {
        subcommand: "import",
        ...CHECKS,
        from: b,
        fromUser: "u",
        fromPassword: "p",
        fromAskPass: false,
        copy: true,
        replace: true,
        timeout: 9,
      },
    ],
    [
      "import 127.0.0.1:7001 --cluster-from 127.0.0.1:7002 --cluster-from-pass p --cluster-from-askpass",
      { subcommand: "import", ...CHECKS, from: b, fromAskPass: true, copy: false, replace: false, timeout: 60_000 },
    ],
    ["backup 127.0.0.1:7001 /tmp/dir", { subcommand: "backup", ...CHECKS, directory: "/tmp/dir" }],
  ])("reads '--cluster %s'", (line, expected) => {
    expect(parse(`--cluster ${line}`)).toEqual({ kind: "command", command: expected, connection: PLAIN, warnings: [] });
  });
});

describe("17.1-1 to 17.1-5: subcommands and arity", () => {
  test.each([
    ["17.1-1 --cluster without a value", "--cluster"],
    ["17.1-2 --cluster given twice", "--cluster check 127.0.0.1:7001 --cluster info 127.0.0.1:7001"],
  ])("%s shows the usage on stderr and fails", (_title, line) => {
    expect(parse(line)).toEqual({
      kind: "usage",
      text: expect.stringMatching(/^Usage: slotctl .*\n$/s),
      stream: "stderr",
      exitCode: 1,
    });
  });

  test.each([
    ["17.1-3 an unknown subcommand", "--cluster bogus 127.0.0.1:7001"],
    ["17.1-4 a subcommand in capitals", "--cluster Check 127.0.0.1:7001"],
    ["17.1-3 an option in place of a subcommand", "--cluster --cluster-yes"],
    ["17.1-3 --help in place of a subcommand", "--cluster --help"],
    ["17.1-3 a word that every object knows", "--cluster constructor 127.0.0.1:7001"],
  ])("%s is refused", (_title, line) => {
    expect(errorOf(line)).toBe("Unknown --cluster subcommand\n");
  });

  test.each([
    "create",
    "check",
    "info",
    "fix",
    "reshard",
    "rebalance",
    "add-node 127.0.0.1:7001",
    "add-node 127.0.0.1:7001 127.0.0.1:7002 127.0.0.1:7003",
    "del-node 127.0.0.1:7001",
    "del-node 127.0.0.1 7001 abc",
    "call 127.0.0.1:7001",
    "set-timeout 127.0.0.1:7001",
    "import",
    "import 127.0.0.1:7001 127.0.0.1:7002",
    "backup 127.0.0.1:7001",
  ])("17.1-5 'too few or too many arguments' is the answer to '--cluster %s'", (line) => {
    expect(errorOf(`--cluster ${line}`)).toBe(WRONG_NUMBER);
  });

  test("17.1-5 a third word of check is not looked at", () => {
    expect(commandOf("--cluster check 127.0.0.1 7001 more")).toEqual({ subcommand: "check", ...CHECKS });
  });
});

describe("17.1-6 to 17.1-11: addresses", () => {
  test.each(["check", "info", "fix", "reshard", "rebalance"])("17.1-6 %s takes host and port as two words", (name) => {
    expect(commandOf(`--cluster ${name} 127.0.0.1 7001`)).toEqual(commandOf(`--cluster ${name} 127.0.0.1:7001`));
  });

  test.each([
    "add-node 127.0.0.1 7001",
    "add-node 127.0.0.1:7001 127.0.0.1",
    "del-node 127.0.0.1 7001",
    "call 127.0.0.1 7001",
    "set-timeout 127.0.0.1 7001",
    "import 127.0.0.1 --cluster-from 127.0.0.1:7002",
    "backup 127.0.0.1 7001",
  ])("17.1-7 a host without a port is refused in '--cluster %s'", (line) => {
    expect(errorOf(`--cluster ${line}`)).toBe(INVALID_ADDRESS);
  });

  test.each(["127.0.0.1:7001@17001", "127.0.0.1:7001@17001,host.example", "127.0.0.1:7001@x"])(
    "17.1-8 the bus port of %s is dropped",
    (address) => {
      expect(commandOf(`--cluster info ${address}`)).toEqual({ subcommand: "info", address: a });
      expect(commandOf(`--cluster call ${address} ping`)).toMatchObject({ address: a });
      expect(commandOf(`--cluster create ${address}`)).toMatchObject({ addresses: [a] });
      expect(commandOf(`--cluster import ${address} --cluster-from ${address}`)).toMatchObject({ address: a, from: a });
    },
  );

  test.each(["::1:7001", "::1 7001", "[::1]:7001", "[::1] 7001"])("17.1-9 '%s' is the IPv6 address ::1", (address) => {
    expect(commandOf(`--cluster info ${address}`)).toEqual({
      subcommand: "info",
      address: { host: "::1", port: 7001 },
    });
  });

  test.each([
    "127.0.0.1",
    "127.0.0.1:0",
    "127.0.0.1:abc",
    "127.0.0.1:70x",
    "127.0.0.1:70000",
    ":7001",
    "127.0.0.1 0",
    "127.0.0.1 x",
    "127.0.0.1:7001 7002",
    "127.0.0.1:7001 stray",
  ])("17.1-10 '%s' is no address", (address) => {
    expect(errorOf(`--cluster check ${address}`)).toBe(INVALID_ADDRESS);
  });

  test("17.1-11 create names the bad address", () => {
    expect(errorOf("--cluster create 127.0.0.1:7001 127.0.0.1 127.0.0.1:7003")).toBe(
      "Invalid address format: 127.0.0.1\n",
    );
  });

  test("a host name is kept as it was typed", () => {
    expect(commandOf("--cluster info Redis-1.Example.com:7001")).toMatchObject({
      address: { host: "Redis-1.Example.com", port: 7001 },
    });
  });
});

describe("17.1-12 to 17.1-18: options", () => {
  test.each([
    "--cluster-replicas 2 --cluster create 127.0.0.1:7001 127.0.0.1:7002",
    "--cluster create --cluster-replicas 2 127.0.0.1:7001 127.0.0.1:7002",
    "--cluster create 127.0.0.1:7001 127.0.0.1:7002 --cluster-replicas 2",
    "--cluster create 127.0.0.1:7001 127.0.0.1:7002 --cluster-replicas 2 127.0.0.1:7003",
    "--cluster create --cluster-replicas 2 127.0.0.1:7001 127.0.0.1:7002 --tls 127.0.0.1:7003",
  ])("17.1-12 options stand anywhere, and later words are not looked at: %s", (line) => {
    expect(commandOf(line)).toMatchObject({ addresses: [a, b], replicas: 2 });
  });

  test.each([
    ["an unknown option", "--cluster check 127.0.0.1:7001 --zz", "--zz"],
    ["an option with its value attached", "--cluster check 127.0.0.1:7001 --cluster-yes=1", "--cluster-yes=1"],
    ["a negative argument", "--cluster call 127.0.0.1:7001 lrange l -1", "-1"],
    ["an unknown option before an unknown subcommand", "--cluster bogus --zz", "--zz"],
    [
      "the name that valkey-cli's help gives to --cluster-primary-id",
      "--cluster info h:1 --cluster-primaries-id x",
      "--cluster-primaries-id",
    ],
    ["two dashes", "--cluster info 127.0.0.1:7001 --", "--"],
  ])("17.1-13 %s is refused", (_title, line, word) => {
    expect(errorOf(line)).toBe(`Unrecognized option or bad number of args for: '${word}'\n`);
  });

  test.each([
    "-a",
    "-u",
    "-t",
    "-p",
    "-n",
    "--user",
    "--sni",
    "--cluster-slots",
    "--cluster-from",
    "--cluster-weight",
    "--cluster-pipeline",
    "-X",
  ])("17.1-14 %s without a value is refused", (option) => {
    const text = `Unrecognized option or bad number of args for: '${option}'\n`;
    expect(errorOf(`--cluster check 127.0.0.1:7001 ${option}`)).toBe(text);
  });

  test.each([
    [
      "add-node 127.0.0.1:7002 127.0.0.1:7001",
      "--cluster-slave --cluster-master-id x",
      "--cluster-replica --cluster-primary-id x",
    ],
    ["call 127.0.0.1:7001 ping", "--cluster-only-masters", "--cluster-only-primaries"],
    ["rebalance 127.0.0.1:7001", "--cluster-use-empty-masters", "--cluster-use-empty-primaries"],
    ["fix 127.0.0.1:7001", "--cluster-fix-with-unreachable-masters", "--cluster-fix-with-unreachable-primaries"],
  ])("17.1-15, 17.1-16 %s takes the old and the new spelling", (line, old, young) => {
    const plain = commandOf(`--cluster ${line}`);
    expect(commandOf(`--cluster ${line} ${old}`)).toEqual(commandOf(`--cluster ${line} ${young}`));
    expect(commandOf(`--cluster ${line} ${old}`)).not.toEqual(plain);
  });

  test("17.1-17 --cluster-weight takes several pairs, and may be repeated", () => {
    const weights = [
      { prefix: "a", weight: 1 },
      { prefix: "b", weight: 0 },
      { prefix: "c", weight: 0.01 },
    ];
    const line = "--cluster rebalance --cluster-weight a=1 b=0 127.0.0.1:7001 --cluster-weight c=.01";
    expect(commandOf(line)).toMatchObject({ address: a, weights });
  });

  test("17.1-17 --cluster-weight without pairs sets none", () => {
    expect(commandOf("--cluster rebalance 127.0.0.1:7001 --cluster-weight --cluster-simulate")).toMatchObject({
      weights: [],
      simulate: true,
    });
  });

  test("17.1-18 the defaults are those of redis-cli", () => {
    expect(commandOf("--cluster rebalance 127.0.0.1:7001")).toMatchObject({
      ...{ timeout: 60_000, pipeline: 10, threshold: 2, weights: [] },
    });
    expect(commandOf("--cluster create 127.0.0.1:7001")).toMatchObject({ replicas: 0 });
  });

  test("the last of several values counts", () => {
    const line = "--cluster reshard 127.0.0.1:7001 --cluster-slots 1 --cluster-slots 2";
    expect(commandOf(line)).toMatchObject({ slots: 2 });
  });

  test("an option that the subcommand has no use for has no effect", () => {
    expect(commandOf("--cluster info 127.0.0.1:7001 --cluster-slots 5 --cluster-copy --cluster-yes")).toEqual({
      subcommand: "info",
      address: a,
    });
  });

  test("--cluster-master-id without --cluster-slave has no effect", () => {
    const line = "--cluster add-node 127.0.0.1:7002 127.0.0.1:7001 --cluster-master-id abc";
    expect(commandOf(line)).not.toHaveProperty("primaryId");
  });

  test.each(["all", "abc,all", "all,abc"])("--cluster-from %s means all primaries", (from) => {
    expect(commandOf(`--cluster reshard 127.0.0.1:7001 --cluster-from ${from}`)).toMatchObject({ from: "all" });
  });

  test("asking for primaries only and for replicas only is refused", () => {
    const line = "--cluster call 127.0.0.1:7001 ping --cluster-only-masters --cluster-only-replicas";
    expect(errorOf(line)).toBe("[ERR] --cluster-only-masters and --cluster-only-replicas exclude each other\n");
  });

  test.each([
    "-h 10.0.0.1 -p 7000 -s /tmp/sock -n 3 -c -r 5 -i 0.1 -2 -3 -e -d x -D x",
    "--raw --no-raw --csv --json --quoted-json --show-pushes no --quoted-input --verbose",
    "--stat --scan --pattern x --count 5 --bigkeys --memkeys --memkeys-samples 3 --hotkeys --latency --rdb f --pipe",
    "--pipe-timeout 1 --lru-test 5 --functions-rdb f --eval f --ldb --intrinsic-latency 5 --slave --replica --mptcp",
  ])("what redis-cli takes besides is taken and has no effect: %s", (options) => {
    const expected = { kind: "command", command: { subcommand: "check", ...CHECKS }, connection: PLAIN, warnings: [] };
    expect(parse(`${options} --cluster check 127.0.0.1:7001`)).toEqual(expected);
    expect(parse(`--cluster check 127.0.0.1:7001 ${options}`)).toEqual(expected);
  });
});

describe("17.1-19: numbers", () => {
  const AT_LEAST_0 = "a whole number of at least 0";
  const AT_LEAST_1 = "a whole number of at least 1";
  const A_WEIGHT = "the beginning of a node id, '=' and a number of 0 or more";

  test.each([
    ["reshard", "--cluster-pipeline", "0", AT_LEAST_1],
    ["reshard", "--cluster-pipeline", "abc", AT_LEAST_1],
    ["fix", "--cluster-pipeline", "10abc", AT_LEAST_1],
    ["fix", "--cluster-pipeline", "-1", AT_LEAST_1],
    ["rebalance", "--cluster-pipeline", "1.5", AT_LEAST_1],
    ["create", "--cluster-replicas", "-1", AT_LEAST_0],
    ["create", "--cluster-replicas", "one", AT_LEAST_0],
    ["create", "--cluster-replicas", "99999999999", AT_LEAST_0],
    ["reshard", "--cluster-slots", "0", "a whole number from 1 to 16384"],
    ["reshard", "--cluster-slots", "-5", "a whole number from 1 to 16384"],
    ["reshard", "--cluster-slots", "16385", "a whole number from 1 to 16384"],
    ["reshard", "--cluster-slots", "10abc", "a whole number from 1 to 16384"],
    ["reshard", "--cluster-timeout", "soon", AT_LEAST_0],
    ["reshard", "--cluster-timeout", "-1", AT_LEAST_0],
    ["rebalance", "--cluster-threshold", "abc", "a percentage of 0 or more"],
    ["rebalance", "--cluster-threshold", "-1", "a percentage of 0 or more"],
    ["rebalance", "--cluster-threshold", "inf", "a percentage of 0 or more"],
    ["rebalance", "--cluster-weight", "a=abc", A_WEIGHT],
    ["rebalance", "--cluster-weight", "a=-1", A_WEIGHT],
    ["rebalance", "--cluster-weight", "a=nan", A_WEIGHT],
    ["rebalance", "--cluster-weight", "a=", A_WEIGHT],
    ["rebalance", "--cluster-weight", "=1", A_WEIGHT],
    ["rebalance", "--cluster-weight", "a=1=2", A_WEIGHT],
    ["rebalance", "--cluster-weight", "a:1", A_WEIGHT],
    ["rebalance", "--cluster-weight", "12", A_WEIGHT],
  ])("17.1-19 %s refuses %s %s", (name, option, value, expected) => {
    const text = `[ERR] Invalid ${option} '${value}': it must be ${expected}\n`;
    expect(errorOf(`--cluster ${name} 127.0.0.1:7001 ${option} ${value}`)).toBe(text);
  });

  test("17.1-19 the bounds themselves are taken", () => {
    expect(commandOf("--cluster reshard 127.0.0.1:7001 --cluster-slots 16384 --cluster-pipeline 1")).toMatchObject({
      slots: 16384,
      pipeline: 1,
      pipelineGiven: true,
    });
    expect(commandOf("--cluster rebalance 127.0.0.1:7001 --cluster-threshold 0 --cluster-weight a=0")).toMatchObject({
      threshold: 0,
      weights: [{ prefix: "a", weight: 0 }],
    });
  });

  test("a MIGRATE timeout of 0 is the second that servers make of it", () => {
    expect(commandOf("--cluster reshard 127.0.0.1:7001 --cluster-timeout 0")).toMatchObject({ timeout: 1000 });
  });

  test.each(["99", "0", "abc"])("set-timeout refuses %s with redis-cli's words", (value) => {
    const text = "Setting a node timeout of less than 100 milliseconds is a bad idea.\n";
    expect(errorOf(`--cluster set-timeout 127.0.0.1:7001 ${value}`)).toBe(text);
  });

  test("set-timeout refuses what only begins with a number", () => {
    const text = "[ERR] Invalid node timeout '5000ms': it must be a whole number of at least 100\n";
    expect(errorOf("--cluster set-timeout 127.0.0.1:7001 5000ms")).toBe(text);
  });

  test.each(["foo", "-1", "70000"])("-p %s is no port", (port) => {
    expect(errorOf(`--cluster info 127.0.0.1:7001 -p ${port}`)).toBe("Invalid server port.\n");
  });
});

describe("17.1-20 to 17.1-26: passwords and questions", () => {
  const check = "--cluster check 127.0.0.1:7001";
  const create = "--cluster create 127.0.0.1:7001";

  test.each([
    ["REDISCLI_AUTH alone", { REDISCLI_AUTH: "r" }, "r"],
    ["17.1-23 VALKEYCLI_AUTH before REDISCLI_AUTH", { REDISCLI_AUTH: "r", VALKEYCLI_AUTH: "v" }, "v"],
    ["SLOTCTL_AUTH before both", { REDISCLI_AUTH: "r", VALKEYCLI_AUTH: "v", SLOTCTL_AUTH: "s" }, "s"],
    ["a variable that is not empty", { REDISCLI_AUTH: "r", VALKEYCLI_AUTH: "", SLOTCTL_AUTH: "" }, "r"],
  ])("17.1-20 the password comes from %s, without a warning", (_title, env, password) => {
    expect(parse(check, env)).toMatchObject({ connection: { password }, warnings: [] });
  });

  test.each(["-a x", "--pass x", "-u redis://u:x@h:1"])("17.1-20 %s beats the environment", (option) => {
    expect(connectionOf(`${check} ${option}`, { REDISCLI_AUTH: "r" })).toMatchObject({ password: "x" });
  });

  test("17.1-20 -u without a password leaves the environment's", () => {
    expect(connectionOf(`${check} -u redis://h:1`, { REDISCLI_AUTH: "r" })).toMatchObject({ password: "r" });
  });

  test.each(["-a x", "--pass x", "-u redis://u:x@h", "-a x --askpass"])("17.1-21 %s gives the warning", (option) => {
    expect(parse(`${check} ${option}`)).toMatchObject({ warnings: [PASSWORD_WARNING] });
    expect(parse(`--no-auth-warning ${check} ${option}`)).toMatchObject({ warnings: [] });
  });

  test.each([
    [{ REDISCLI_CLUSTER_YES: "1" }, true],
    [{ REDISCLI_CLUSTER_YES: "yes" }, false],
    [{ REDISCLI_CLUSTER_YES: "0" }, false],
    [{ VALKEYCLI_CLUSTER_YES: "1" }, true],
    [{ VALKEYCLI_CLUSTER_YES: "1", REDISCLI_CLUSTER_YES: "0" }, true],
    [{ VALKEYCLI_CLUSTER_YES: "0", REDISCLI_CLUSTER_YES: "1" }, false],
  ])("17.1-22, 17.1-23 the environment %o means yes: %s", (env, yes) => {
    expect(commandOf(create, env)).toMatchObject({ yes });
  });

  test("17.1-24 --askpass overrides every other password", () => {
    const connection = connectionOf(`${check} --askpass -a x`, { REDISCLI_AUTH: "r" });
    expect(connection).toEqual({ ...PLAIN, askPass: true });
  });

  test.each([
    ["redis://user:p%40ss@host:7000/3", { user: "user", password: "p@ss" }],
    ["REDIS://u:p@h", { user: "u", password: "p" }],
    ["rediss://u:p@h", { user: "u", password: "p", tls: true }],
    ["valkey://u:p@h", { user: "u", password: "p" }],
    ["valkeys://u:p@h", { user: "u", password: "p", tls: true }],
    ["redis://:secret@h", { password: "secret" }],
    ["redis://secret@h", { password: "secret" }],
    ["redis://u:p%C3%A9:q@h", { user: "u", password: "pé:q" }],
    ["rediss://host:7000", { tls: true }],
  ])("17.1-25 -u %s", (uri, expected) => {
    expect(connectionOf(`${check} -u ${uri}`)).toEqual({ ...PLAIN, ...expected });
  });

  test.each([
    ["http://u:p@h", "Invalid URI scheme\n"],
    ["h:7000", "Invalid URI scheme\n"],
    ["redis://u:p%zz@h", "Illegal character in URI encoding\n"],
    ["redis://u:p%ff@h", "Illegal character in URI encoding\n"],
    ["redis://u:p%@h", "Incomplete URI encoding\n"],
  ])("17.1-25 -u %s is refused", (uri, text) => {
    expect(errorOf(`${check} -u ${uri}`)).toBe(text);
  });

  test("17.1-26 --user without a password is only a user", () => {
    expect(connectionOf(`${check} --user bob`)).toEqual({ ...PLAIN, user: "bob" });
  });

  test("the later of --user, -a and -u wins", () => {
    expect(connectionOf(`${check} --user bob -a x -u redis://al:y@h`)).toMatchObject({ user: "al", password: "y" });
    expect(connectionOf(`${check} -u redis://al:y@h --user bob -a x`)).toMatchObject({ user: "bob", password: "x" });
  });

  test.each([
    "-ahunter2",
    "--pass=hunter2",
    "--password=hunter2",
    "--cluster-from-pass=hunter2",
    "-uredis://u:hunter2@h",
    "-a hunter2 --zz",
    "-u redis://u:hunter2%zz@h",
    "-u http://u:hunter2@h",
  ])("no error text holds the password of %s", (option) => {
    expect(errorOf(`${check} ${option}`)).not.toContain("hunter2");
  });

  test("nor does that of a URI where an address belongs", () => {
    expect(errorOf("--cluster create redis://u:hunter2@h:7001")).toBe("Invalid address format: redis://...@h:7001\n");
  });
});

describe("17.1-27 to 17.1-29: connection and help", () => {
  const check = "--cluster check 127.0.0.1:7001";

  test("17.1-27 the TLS options", () => {
    const options =
      "--tls --sni name --cacert ca.pem --cacertdir certs --cert me.pem --key me.key --insecure --tls-ciphers A:B --tls-ciphersuites C";
    expect(connectionOf(`${check} ${options}`)).toEqual({
      ...PLAIN,
      tls: true,
      insecure: true,
      sni: "name",
      cacert: "ca.pem",
      cacertdir: "certs",
      cert: "me.pem",
      key: "me.key",
      ciphers: "A:B",
      cipherSuites: "C",
    });
  });

  test.each([
    ["-t 2", { connectTimeoutSeconds: 2 }],
    ["-t 0.5", { connectTimeoutSeconds: 0.5 }],
    ["-t 0", {}],
    ["-4", { family: 4 }],
    ["-6", { family: 6 }],
  ])("17.1-28 %s", (option, expected) => {
    expect(connectionOf(`${check} ${option}`)).toEqual({ ...PLAIN, ...expected });
  });

  test.each(["foo", "-1", "1abc", "nan"])("17.1-28 -t %s is refused", (value) => {
    expect(errorOf(`${check} -t ${value}`)).toBe("Invalid connection timeout for -t.\n");
  });

  test("-4 and -6 exclude each other", () => {
    expect(errorOf(`${check} -4 -6`)).toBe("Options -4 and -6 are mutually exclusive.\n");
  });

  test("an unknown value of --show-pushes is only warned about", () => {
    expect(parse(`${check} --show-pushes maybe`)).toMatchObject({
      kind: "command",
      warnings: ["Unknown --show-pushes value 'maybe' (valid: '[y]es', '[n]o')"],
    });
  });

  test("17.1-29 help lists all subcommands and their options on stdout, and fails", () => {
    const help = parse("--cluster help with any words --tls");
    expect(help).toMatchObject({ kind: "usage", stream: "stdout", exitCode: 1 });
    const { text } = help as { text: string };
    const lines = text.split("\n");
    expect(lines[0]).toBe("Cluster Manager Commands:");
    const names = "create check info fix reshard rebalance add-node del-node call set-timeout import backup help";
    expect(lines.flatMap((line) => /^ {2}([a-z][a-z-]+) /.exec(line)?.[1] ?? [])).toEqual(names.split(" "));
    const heads = lines.slice(1, lines.indexOf("")).map((line) => line.slice(0, 17));
    for (const head of heads) expect(head).toMatch(/^(?: {2}[a-z][a-z-]+ +| {17})$/);
    expect(text).toMatch(
      /\n\nCluster Manager Options:\n {2}--cluster-yes {2}Automatic yes to cluster commands prompts\n\n$/,
    );
  });

  test("an unknown option is refused even in help", () => {
    expect(errorOf("--cluster help --zz")).toBe("Unrecognized option or bad number of args for: '--zz'\n");
  });

  test.each(["--help", `${check} --help`, `${check} -h`, "--help --cluster check --zz"])(
    "%s shows the usage",
    (line) => {
      expect(parse(line)).toMatchObject({ kind: "usage", stream: "stdout", exitCode: 0 });
    },
  );

  test.each([`${check} -v`, "--version --cluster bogus"])("%s shows the version", (line) => {
    expect(parse(line)).toEqual({ kind: "version" });
  });
});

describe("standard input as an argument", () => {
  test("-x appends it", () => {
    expect(commandOf("-x --cluster call 127.0.0.1:7001 set key", {}, "two words\n")).toMatchObject({
      words: ["set", "key", "two words\n"],
    });
    expect(commandOf("-x --cluster info", {}, "127.0.0.1:7001\n")).toMatchObject({ address: a });
  });

  test("-X puts it in place of the tag", () => {
    expect(commandOf("-X tag --cluster call 127.0.0.1:7001 set tag tag", {}, "value")).toMatchObject({
      words: ["set", "value", "tag"],
    });
  });

  test("-X wants its tag among the arguments", () => {
    const parsed = parse("-X tag --cluster call 127.0.0.1:7001 ping", {}, "value");
    expect(parsed).toMatchObject({ kind: "error", text: "Using -X option but stdin tag not match.\n" });
  });

  test("-x and -X exclude each other", () => {
    const parsed = parse("-x -X tag --cluster call 127.0.0.1:7001 tag", {}, "value");
    expect(parsed).toMatchObject({ kind: "error", text: "Options -x and -X are mutually exclusive.\n" });
  });

  test("behind --cluster both have no effect, and nothing is read", () => {
    const parsed = parseDropIn(words("--cluster call 127.0.0.1:7001 tag -x -X tag"), {}, () => {
      throw new Error("standard input was read");
    });
    expect(parsed).toMatchObject({ command: { words: ["tag"] } });
  });
});
