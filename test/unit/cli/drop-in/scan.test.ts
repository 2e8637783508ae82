import { describe, expect, test } from "vitest";
import { parseDropIn } from "../../../../src/cli/drop-in/command-line.ts";
import { a, b, CHECKS, commandOf, errorOf, PLAIN, parse, words } from "../../../helpers/drop-in-lines.ts";

describe("options", () => {
  test.each([
    "--cluster-replicas 2 --cluster create 127.0.0.1:7001 127.0.0.1:7002",
    "--cluster create --cluster-replicas 2 127.0.0.1:7001 127.0.0.1:7002",
    "--cluster create 127.0.0.1:7001 127.0.0.1:7002 --cluster-replicas 2",
    "--cluster create 127.0.0.1:7001 127.0.0.1:7002 --cluster-replicas 2 127.0.0.1:7003",
    "--cluster create --cluster-replicas 2 127.0.0.1:7001 127.0.0.1:7002 --tls 127.0.0.1:7003",
  ])("17.1.12 options stand anywhere, and later words are not looked at: %s", (line) => {
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
  ])("17.1.13 %s is refused", (_title, line, word) => {
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
  ])("17.1.14 %s without a value is refused", (option) => {
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
  ])("17.1.15, 17.1.16 %s takes the old and the new spelling", (line, old, young) => {
    const plain = commandOf(`--cluster ${line}`);
    expect(commandOf(`--cluster ${line} ${old}`)).toEqual(commandOf(`--cluster ${line} ${young}`));
    expect(commandOf(`--cluster ${line} ${old}`)).not.toEqual(plain);
  });

  test("17.1.17 --cluster-weight takes several pairs, and may be repeated", () => {
    const weights = [
      { prefix: "a", weight: 1 },
      { prefix: "b", weight: 0 },
      { prefix: "c", weight: 0.01 },
    ];
    const line = "--cluster rebalance --cluster-weight a=1 b=0 127.0.0.1:7001 --cluster-weight c=.01";
    expect(commandOf(line)).toMatchObject({ address: a, weights });
  });

  test("17.1.17 --cluster-weight without pairs sets none", () => {
    expect(commandOf("--cluster rebalance 127.0.0.1:7001 --cluster-weight --cluster-simulate")).toMatchObject({
      weights: [],
      simulate: true,
    });
  });

  test("17.1.18 the defaults are those of redis-cli", () => {
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
