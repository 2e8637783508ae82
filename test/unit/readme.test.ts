import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CommanderError } from "commander";
import { describe, expect, test } from "vitest";
import { isDropIn, parseDropIn } from "../../src/cli/drop-in/command-line.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { parseConfigFile } from "../../src/config/parse-config-file.ts";

const PAGES = ["README.md", "CHANGELOG.md", ...readdirSync("docs").map((name) => join("docs", name))];

describe.each(PAGES)("%s", (page) => {
  const text = readFileSync(page, "utf8");

  test.each(unique(inMarkdown(text)))("%s", async (line) => {
    for (const command of commandsIn(line)) expect(await complaintAbout(command), command.join(" ")).toBeUndefined();
  });

  test("names only npm scripts that there are", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm (?:run (?:--silent )?([\w:]+)|(test)\b)/g)].map(
      ([, run, test]) => run ?? test!,
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test("links only to files that there are", () => {
    const targets = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => join(dirname(page), target!));
    expect(targets.filter((target) => !existsSync(target))).toEqual([]);
  });
});

test("the contexts in README.md are read as they stand", () => {
  const [, text = ""] = /^```yaml\n(current:[\s\S]*?)^```/m.exec(readFileSync("README.md", "utf8")) ?? [];
  const { contexts, current } = parseConfigFile(text, { path: "config.yaml", home: "/" });
  expect([...contexts.keys()]).toEqual(["staging", "production"]);
  expect(current).toBe("staging");
});

describe.each(readdirSync("man"))("the examples in man/%s", (page) => {
  test.each(unique(inManPage(readFileSync(join("man", page), "utf8"))))("%s", async (line) => {
    for (const command of commandsIn(line)) expect(await complaintAbout(command), command.join(" ")).toBeUndefined();
  });
});

describe("the reading of examples", () => {
  test("finds the commands of a line, and what the shell would make of their words", () => {
    const line = "X='a b' slotctl wait a:1 --for nodes=6 && slotctl create a:{1,2} $MORE -y >log | jq '.a | .b'";
    expect(commandsIn(line)).toEqual([
      ["wait", "a:1", "--for", "nodes=6"],
      ["create", "a:1", "a:2", "10.0.0.1:6379", "-y"],
    ]);
  });

  test("looks into a substituted command", () => {
    expect(commandsIn("slotctl create $(slotctl sandbox start --addresses) -r 1")).toEqual([
      ["sandbox", "start", "--addresses"],
      ["create", "10.0.0.1:6379", "-r", "1"],
    ]);
  });

  test.each([
    [["chek", "a:1"], /unknown command/],
    [["check", "a:1", "--nope"], /unknown option/],
    [["check", "a:1", "b:1"], /too many arguments/],
    [["create", "a:1", "--replicas", "x"], /whole number/],
    [["sandbox", "begin"], /unknown command/],
    [["--cluster", "check", "a:1", "--cluster-nope"], /Unrecognized option/],
    [["--cluster", "chek", "a:1"], /Unknown --cluster subcommand/],
  ])("%j is complained about", async (command, complaint) => {
    expect(await complaintAbout(command)).toMatch(complaint);
  });
});

/** Command lines in code blocks (in those with prompts only what stands behind one) and in the running text. */
function inMarkdown(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].flatMap(([, language, body]) =>
    linesOf(body!).flatMap((line) => (language === "console" ? (/^\$ (.*)$/.exec(line)?.[1] ?? []) : line)),
  );
  const spans = [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, span]) => span!);
  // A name with its section, slotctl(1), or alone is no command line.
  return [...blocks, ...spans.map(completed)].filter((line) => /\b(slotctl |redis-cli --cluster )/.test(line));
}

/** The running text may name a command and leave out what it takes. */
function completed(span: string): string {
  const name = /^slotctl (?!help)([\w-]+)$/.exec(span)?.[1];
  if (name !== undefined && !name.startsWith("-")) return `slotctl help ${name}`;
  return /^slotctl --cluster [\w-]+$/.test(span) ? `${span} 10.0.0.1:6379` : span;
}

function inManPage(roff: string): readonly string[] {
  const plain: Readonly<Record<string, string>> = {
    "-": "-",
    e: "\\",
    "&": "",
    "(aq": "'",
    "(ga": "`",
    "(ha": "^",
    "(ti": "~",
  };
  const blocks = [...roff.matchAll(/^\.EX\n([\s\S]*?)^\.EE/gm)].map(([, body]) => body!);
  expect(blocks.length).toBeGreaterThan(0);
  return blocks.flatMap((body) => linesOf(body.replace(/\\(\(..|.)/g, (_, name: string) => plain[name] ?? "?")));
}

/** A backslash at the end continues a line. */
function linesOf(body: string): readonly string[] {
  return body
    .replace(/\\\n */g, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
}

function unique(lines: readonly string[]): readonly string[] {
  return [...new Set(lines)];
}

/** The arguments of each slotctl, and of each redis-cli that slotctl can stand in for, in a shell's command line. */
function commandsIn(line: string): readonly (readonly string[])[] {
  const inner = [...line.matchAll(/\$\(([^()]*)\)/g)].flatMap(([, command]) => commandsIn(command!));
  const outer = simpleCommands(line.replace(/\$\([^()]*\)/g, "$NODES")).flatMap((words) => {
    const at = words.findIndex((word) => word === "slotctl" || word === "redis-cli");
    return at < 0 ? [] : [words.slice(at + 1)];
  });
  return [...inner, ...outer];
}

/** Words by command. Quotes keep blanks and operators together, variables become an address, redirections go. */
function simpleCommands(line: string): readonly (readonly string[])[] {
  const tokens = [...line.replace(/\s\d?>>?\s*\S+/g, "").matchAll(/((?:'[^']*'|"[^"]*"|[^\s'"|&;])+)|(\|\|?|&&|;)/g)];
  const commands: string[][] = [[]];
  for (const [, word, operator] of tokens) {
    if (operator !== undefined) commands.push([]);
    else commands.at(-1)!.push(...braced(word!.replace(/['"]/g, "").replace(/\$\w+/g, "10.0.0.1:6379")));
  }
  return commands;
}

/** "a{1..3}" and "a{b,c}" as the words that a shell makes of them. */
function braced(word: string): readonly string[] {
  const [, before = "", first, last, list, after = ""] =
    /^(.*?)\{(?:(\d+)\.\.(\d+)|([^{}]*,[^{}]*))\}(.*)$/.exec(word) ?? [];
  if (first === undefined && list === undefined) return [word];
  const parts =
    list?.split(",") ?? Array.from({ length: Number(last) - Number(first) + 1 }, (_, i) => String(Number(first) + i));
  return parts.flatMap((part) => braced(`${before}${part}${after}`));
}

class Understood extends Error {}

/** What slotctl says against a command line before it would connect to anything; undefined when it is fine. */
async function complaintAbout(argv: readonly string[]): Promise<string | undefined> {
  if (isDropIn(argv)) {
    const parsed = parseDropIn(argv, {});
    return parsed.kind === "error" ? parsed.text : undefined;
  }
  const program = buildProgram({
    version: "0.0.0",
    environment: {},
    // Commander has read everything by now, and the command would begin.
    open: () => Promise.reject(new Understood()),
    done: () => undefined,
    out: () => undefined,
    talk: () => undefined,
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return "it runs without a context";
  } catch (error) {
    if (error instanceof Understood) return undefined;
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? undefined : error.message;
  }
}
