import { describe, expect, test } from "vitest";
import { a, b, CHECKS, c, commandOf, errorOf, MOVES, PLAIN, parse } from "../../../helpers/drop-in-lines.ts";

const WRONG_NUMBER = "[ERR] Wrong number of arguments for specified --cluster sub command\n";

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

describe("subcommands and arity", () => {
  test.each([
    ["17.1.1 --cluster without a value", "--cluster"],
    ["17.1.2 --cluster given twice", "--cluster check 127.0.0.1:7001 --cluster info 127.0.0.1:7001"],
  ])("%s shows the usage on stderr and fails", (_title, line) => {
    expect(parse(line)).toEqual({
      kind: "usage",
      text: expect.stringMatching(/^Usage: slotctl .*\n$/s),
      stream: "stderr",
      exitCode: 1,
    });
  });

  test.each([
    ["17.1.3 an unknown subcommand", "--cluster bogus 127.0.0.1:7001"],
    ["17.1.4 a subcommand in capitals", "--cluster Check 127.0.0.1:7001"],
    ["17.1.3 an option in place of a subcommand", "--cluster --cluster-yes"],
    ["17.1.3 --help in place of a subcommand", "--cluster --help"],
    ["17.1.3 a word that every object knows", "--cluster constructor 127.0.0.1:7001"],
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
  ])("17.1.5 'too few or too many arguments' is the answer to '--cluster %s'", (line) => {
    expect(errorOf(`--cluster ${line}`)).toBe(WRONG_NUMBER);
  });

  test("17.1.5 a third word of check is not looked at", () => {
    expect(commandOf("--cluster check 127.0.0.1 7001 more")).toEqual({ subcommand: "check", ...CHECKS });
  });
});
