import type { Command } from "commander";
import { expect, test } from "vitest";
import { HELP } from "../../src/cli/drop-in/help-text.ts";
import { buildProgram, type ProgramOptions } from "../../src/cli/program.ts";

/**
 * The whole surface, so that a change of it is seen in a review. What was meant to change is written anew by
 * `npx vitest run --project unit test/unit/help.test.ts --update`.
 */
test("the help of every command is the one in test/golden/help.txt", async () => {
  const texts = commandLines(helpProgram().program, []).map((words, i) => {
    const help = helpOf(words);
    return `$ slotctl ${words.join(" ")}\n${i < 2 ? help : withoutShared(help)}`;
  });
  const text = [...texts, `$ slotctl --cluster help\n${HELP}`].join(`\n${"-".repeat(100)}\n`);
  expect(texts.length).toBeGreaterThan(35);
  await expect(text).toMatchFileSnapshot("../golden/help.txt");
});

test("no line of it is wider than a terminal of 100 columns", () => {
  const lines = commandLines(helpProgram().program, []).flatMap((words) => helpOf(words).split("\n"));
  // Examples are there to be copied, and a line cannot be broken everywhere.
  const wide = lines.filter((line) => line.length > 100 && !/^ {2}(\S+=\S+ )*slotctl /.test(line));
  expect(wide).toEqual([]);
});

/** The options that every command has stand in the golden file once. */
function withoutShared(help: string): string {
  const shared = sharedOf(helpOf(["create", "--help"]));
  expect(sharedOf(help)).toBe(shared);
  return help.replace(shared, "\n(and the options of every command, as above)\n");
}

function sharedOf(help: string): string {
  return help.slice(help.indexOf("\nConnection:\n"), help.indexOf("\nManual: "));
}

/** "--help" behind the name of each command, slotctl itself first. */
function commandLines(command: Command, names: readonly string[]): readonly (readonly string[])[] {
  return [[...names, "--help"], ...command.commands.flatMap((one) => commandLines(one, [...names, one.name()]))];
}

test.each(helpProgram().program.commands.map((command) => command.name()))(
  "slotctl %s is declared where it is the first word, with hardly any other, and its help is the same",
  (name) => {
    const alone = helpProgram(name).program;
    expect(alone.commands.map((command) => command.name())).toContain(name);
    expect(alone.commands.length).toBeLessThanOrEqual(2);
    const helpIn = ({ program, shown }: ReturnType<typeof helpProgram>) => {
      expect(() => program.parse([name, "--help"], { from: "user" })).toThrow("(outputHelp)");
      return shown();
    };
    expect(helpIn(helpProgram(name))).toBe(helpIn(helpProgram()));
  },
);

function helpOf(words: readonly string[]): string {
  const { program, shown } = helpProgram();
  expect(() => program.parse(words, { from: "user" })).toThrow("(outputHelp)");
  return shown();
}

function helpProgram(first?: string) {
  let shown = "";
  const options = {
    version: "0.0.0",
    environment: {},
    open: () => Promise.reject(new Error("help runs no command")),
    done: () => undefined,
    out: (text) => {
      shown += text;
    },
    talk: () => undefined,
  } satisfies ProgramOptions;
  return { program: buildProgram(options, first), shown: () => shown };
}
