import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { errorCodesIn, errorCodesInText } from "../../scripts/man/error-codes.ts";
import { manPages } from "../../scripts/man/pages.ts";
import { readProgram } from "../../scripts/man/program-help.ts";
import { ENVIRONMENT } from "../../scripts/man/prose.ts";
import { commandLines, escaped, marked, usage } from "../../scripts/man/roff.ts";

const { version, man } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string; man: string[] };
const pages = manPages(".", version);

test("the pages in man/ are what npm run man writes", () => {
  expect(readdirSync("man").sort()).toEqual(pages.map(({ file }) => file).sort());
  for (const { file, text } of pages) expect(readFileSync(join("man", file), "utf8"), `man/${file}`).toBe(text);
});

test("package.json installs every page", () => {
  expect([...man].sort()).toEqual(pages.map(({ file }) => `man/${file}`).sort());
});

test("every command has a page with its options, and the overview names it", () => {
  const { program } = readProgram(version);
  const commands = program.commands.filter((command) => !command.name().startsWith("_"));
  expect(commands.length).toBeGreaterThan(15);
  for (const command of commands) {
    const { text = "" } = pages.find(({ file }) => file === `slotctl-${command.name()}.1`) ?? {};
    for (const { long } of [command, ...command.commands].flatMap(({ options }) => options)) {
      expect(text, command.name()).toContain(escaped(long!));
    }
    expect(pages[0]!.text).toContain(`\\fBslotctl\\-${escaped(command.name())}\\fR(1)`);
  }
});

test("a page refers only to pages of ours that there are", () => {
  for (const { file, text } of pages) {
    const references = [...text.matchAll(/\\fB(slotctl[\w\\-]*)\\fR\(1\)/g)].map(
      ([, name]) => `${name!.replaceAll("\\-", "-")}.1`,
    );
    expect(
      references.filter((name) => !pages.some((page) => page.file === name)),
      file,
    ).toEqual([]);
  }
});

const hasMandoc = spawnSync("mandoc", ["-T", "lint", "/dev/null"]).error === undefined;

test.skipIf(!hasMandoc)("mandoc has nothing to say against a page", () => {
  const { stdout } = spawnSync("mandoc", ["-T", "lint", ...pages.map(({ file }) => join("man", file))], {
    encoding: "utf8",
  });
  expect(stdout).toBe("");
});

test("every error code of src is told", () => {
  const told = [...pages[0]!.text.matchAll(/^\.TP\n\\fB([A-Z][A-Z0-9_]+)\\fR$/gm)].map(([, code]) => code);
  const codes = errorCodesIn("src");
  expect(codes).toEqual(
    expect.arrayContaining(["USAGE", "NODE_UNREACHABLE", "TLS_FAILED", "PORT_IN_USE", "PLAN_STALE"]),
  );
  expect(told).toEqual(expect.arrayContaining([...codes]));
});

test.each([
  ['{ code: "PLAN_STALE", exitCode: 5 }', ["PLAN_STALE"]],
  ['code: isLost ? "PORT_IN_USE" : "SERVER_START_FAILED",', ["PORT_IN_USE", "SERVER_START_FAILED"]],
  ['const code = "TLS_FAILED";', ["TLS_FAILED"]],
  ['function explained(why: string, { code = "NODE_UNREACHABLE" } = {}) {', ["NODE_UNREACHABLE"]],
  ['if (error.code === "EACCES") return;', []],
  ['readonly code: string; readonly name = "X_Y"', []],
])("%s has the codes %j", (source, codes) => {
  expect(errorCodesInText(source)).toEqual(codes);
});

test("every environment variable that src asks for by name is told", () => {
  const told = Object.keys(ENVIRONMENT).flatMap((names) => names.split(", "));
  expect(environmentIn("src").filter((name) => !told.includes(name))).toEqual([]);
});

/** `env.NAME`, `{ NAME = "" } = environment`, and the names of our own variables as texts. */
function environmentIn(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const names = files.flatMap((file) => {
    const source = readFileSync(join(folder, file), "utf8");
    const taken = [...source.matchAll(/\{([^{}]*)\} = (?:env|environment)\b/g)].map(([, list]) => list!).join(" ");
    return [
      ...[...source.matchAll(/\b(?:env|environment)\??\.([A-Z][A-Z0-9_]*)\b/g)].map(([, name]) => name!),
      ...[...taken.matchAll(/\b([A-Z][A-Z0-9_]*)\b/g)].map(([, name]) => name!),
      ...[...source.matchAll(/"((?:SLOTCTL|VALKEYCLI|REDISCLI)_[A-Z_]+)"/g)].map(([, name]) => name!),
    ];
  });
  expect(names).toContain("NO_COLOR");
  return [...new Set(names)];
}

describe("roff", () => {
  test.each([
    ["a-b --yes", "a\\-b \\-\\-yes"],
    ["C:\\new", "C:\\enew"],
    ["'it`s' ^~", "\\(aqit\\(gas\\(aq \\(ha\\(ti"],
    ["SLOTCTL_AUTH=… é", "SLOTCTL_AUTH=... \\[u00E9]"],
  ])("%s is escaped", (text, roff) => {
    expect(escaped(text)).toBe(roff);
  });

  test("prose is marked, and an asterisk that marks nothing stays", () => {
    expect(marked("Use `--yes` with *file*, 2 * 3 * 4")).toBe("Use \\fB\\-\\-yes\\fR with \\fIfile\\fR, 2 * 3 * 4");
  });

  test.each([
    ["-r, --replicas <count>", "\\fB\\-r\\fR, \\fB\\-\\-replicas\\fR \\fIcount\\fR"],
    ["-h, --host [host]", "\\fB\\-h\\fR, \\fB\\-\\-host\\fR [\\fIhost\\fR]"],
    ["--shard <primary,replica,…>", "\\fB\\-\\-shard\\fR \\fIprimary,replica,...\\fR"],
    ["slotctl create [options] [nodes...]", "\\fBslotctl\\fR \\fBcreate\\fR [\\fIoptions\\fR] [\\fInodes\\fR...]"],
  ])("%s shows what to type and what to fill in", (text, roff) => {
    expect(usage(text)).toBe(roff);
  });

  test("no line of an example becomes an instruction", () => {
    expect(commandLines([".so /etc/passwd", "'x"])).toEqual([
      ".PP",
      ".RS 4",
      ".EX",
      "\\&.so /etc/passwd",
      "\\(aqx",
      ".EE",
      ".RE",
    ]);
  });

  test("a long command line goes on in the next line, where a shell goes on reading", () => {
    const options = Array.from({ length: 12 }, (_, i) => `--zone 10.0.0.${i}=a`);
    const [, , , ...lines] = commandLines([`slotctl create ${options.join(" ")}`]).slice(0, -2);
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.slice(0, -1).every((line) => line.endsWith(" \\e"))).toBe(true);
    expect(lines.join(" ").replaceAll(" \\e", "").replace(/ +/g, " ")).toBe(
      escaped(`slotctl create ${options.join(" ")}`),
    );
  });
});
