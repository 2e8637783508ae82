import { describe, expect, test } from "vitest";
import { readProgram } from "../../../scripts/man/program-help.ts";
import { splitLine } from "../../../src/cli/completion/split-line.ts";
import { placeholderOf, suggest, WORDS_BEHIND_SEED } from "../../../src/cli/completion/suggest.ts";
import { pathOf } from "../../../src/cli/completion/typed-line.ts";

const { program } = readProgram("0.0.0");

/** What is suggested at the end of a line, those only that go on with what is typed. */
function suggested(line: string) {
  const { words, typed } = splitLine(line);
  const { prefix, typed: part, words: all, place } = suggest(program, words.slice(1), typed);
  const values = all.map(({ value }) => value).filter((value) => value.startsWith(part));
  return { values: values.map((value) => prefix + value), place };
}

describe("a line is split", () => {
  test.each([
    ["slotctl ", ["slotctl"], ""],
    ["slotctl che", ["slotctl"], "che"],
    ["slotctl  call\t'a b' ", ["slotctl", "call", "a b"], ""],
    [`slotctl call "a 'b" c\\ d`, ["slotctl", "call", "a 'b"], "c d"],
    ["slotctl check 'half a wo", ["slotctl", "check"], "half a wo"],
    ["slotctl check ''", ["slotctl", "check"], ""],
    ["", [], ""],
    ["x\\", [], "x"],
  ])("%j as a shell does", (line, words, typed) => {
    expect(splitLine(line)).toEqual({ words, typed });
  });
});

describe("suggested are", () => {
  test.each([
    ["slotctl reb", ["rebalance", "rebalance-replicas"]],
    ["slotctl -q --output json fai", ["failover"]],
    ["slotctl sandbox s", ["start", "status", "stop"]],
    ["slotctl config ", ["show", "contexts", "get", "set"]],
    ["slotctl help sandbox st", ["start", "status", "stop"]],
    ["slotctl schema backup ", ["verify"]],
    ["slotctl completion ", ["bash", "zsh", "fish"]],
  ])("commands: %s", (line, values) => {
    expect(suggested(line).values).toEqual(values);
  });

  test.each([
    ["slotctl check --q", ["--quick", "--quiet"]],
    ["slotctl check --quick --q", ["--quiet"]],
    ["slotctl check --zone h=a --zo", ["--zone"]],
    ["slotctl --vers", ["--version"]],
    ["slotctl check --vers", []],
    ["slotctl keyslot -- --q", []],
    ["slotctl sandbox start --no", ["--nodes", "--no-color"]],
  ])("options, once each: %s", (line, values) => {
    expect(suggested(line).values).toEqual(values);
  });

  test.each([
    ["slotctl -o ", ["human", "json"]],
    ["slotctl check --output=j", ["--output=json"]],
    ["slotctl create --until ", ["joined", "ok"]],
    ["slotctl reshard --method a", ["auto", "atomic"]],
  ])("the values of an option: %s", (line, values) => {
    expect(suggested(line).values.sort()).toEqual([...values].sort());
  });

  test.each([
    ["slotctl check ", "seeds"],
    ["slotctl check h:1 ", undefined],
    ["slotctl check -h h -p 1 ", undefined],
    ["slotctl failover ", "seeds or nodes"],
    ["slotctl failover h:1 ", "nodes"],
    ["slotctl failover -h h ", "nodes"],
    ["slotctl failover h:1 --to ", "nodes"],
    ["slotctl reshard h:1 --from=a,", "nodes"],
    ["slotctl rebalance h:1 --weight ", "nodes"],
    ["slotctl add-node --replica-of ", "nodes"],
    ["slotctl backup h:1 ", "directories"],
    ["slotctl sandbox start --directory ", "directories"],
    ["slotctl apply ", "files"],
    ["slotctl check --cacert /e", "files"],
    ["slotctl --context ", "contexts"],
    ["slotctl check --timeout ", undefined],
    // The host of -h may be left out.
    ["slotctl check -h --quick ", "seeds"],
  ])("what others know: %s", (line, place) => {
    expect(suggested(line).place).toBe(place);
  });
});

test("all commands and all options of each are suggested", () => {
  expect(suggested("slotctl ").values).toEqual(program.commands.map((command) => command.name()));
  for (const command of program.commands) {
    const { values } = suggested(`slotctl ${command.name()} --`);
    for (const { long } of command.options) expect(values, command.name()).toContain(long);
    expect(values).toContain("--timeout");
  }
});

test("the commands whose words are known are there", () => {
  const paths = program.commands.flatMap((command) => [command, ...command.commands]).map(pathOf);
  expect(paths).toEqual(expect.arrayContaining(Object.keys(WORDS_BEHIND_SEED)));
});

test("every option that takes a value says what it is", () => {
  for (const command of [program, ...program.commands]) {
    for (const option of command.options.filter(({ required }) => required)) {
      expect(placeholderOf(option), option.flags).not.toBe("");
    }
  }
});
