import { spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import module from "node:module";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { runSlotctl } from "../helpers/run-slotctl.ts";
import { scratchDirectory } from "../helpers/scratch.ts";

interface Program {
  /** Runs it with what compiled code is kept for, and returns what it says. */
  run(args?: readonly string[], env?: Readonly<Record<string, string>>): string;
  /** Of the part that says something. */
  source: string;
  readonly directory: string;
  readonly file: string;
}

/** A program of two files, the second of which says what it is told to. */
function program(): Program {
  const { path } = scratchDirectory("program");
  const built = resolve("dist/compiled-code.cjs");
  const start = `require(${JSON.stringify(built)}).keepCompiledCode(process.argv.slice(2), process.env);`;
  writeFileSync(join(path, "main.cjs"), `${start}\nrequire("./part.cjs");`);
  const directory = join(path, "cache", "slotctl", `compiled-${process.version}-${process.arch}`);
  return {
    run: (args = ["check"], env = {}) =>
      spawnSync(process.execPath, [join(path, "main.cjs"), ...args], {
        env: { XDG_CACHE_HOME: join(path, "cache"), ...env },
        encoding: "utf8",
        stdio: ["ignore", "pipe", "inherit"],
      }).stdout.trim(),
    set source(source: string) {
      writeFileSync(join(path, "part.cjs"), source);
    },
    directory,
    file: join(directory, "check"),
  };
}

const ONE = 'console.log("one");';
const TWO = 'console.log("two");';

function keyOf(source: string): string {
  return hash("sha256", module.wrap(source), "base64");
}

/** What says "two" has been compiled from what says "one", as nobody would: what is said then tells which of them ran. */
function forged(): Program {
  const made = program();
  made.source = ONE;
  expect(made.run()).toBe("one");
  const kept = readFileSync(made.file, "latin1");
  expect(kept).toContain(keyOf(ONE));
  writeFileSync(made.file, kept.replace(keyOf(ONE), keyOf(TWO)), "latin1");
  made.source = TWO;
  return made;
}

test("what was compiled once is run the next time", () => {
  const made = forged();
  expect(statSync(made.file).mode & 0o777).toBe(0o600);
  expect(statSync(made.directory).mode & 0o777).toBe(0o700);
  expect(made.run()).toBe("one");
  // For this command only.
  expect(made.run(["info"])).toBe("two");
  expect(made.run(["check"], { NODE_DISABLE_COMPILE_CACHE: "1" })).toBe("two");
});

test.each(["file", "directory"] as const)("what others could have written is not run: the %s", (what) => {
  const made = forged();
  chmodSync(made[what], 0o770);
  expect(made.run()).toBe("two");
});

test("what belongs to somebody else is not run", () => {
  const made = forged();
  // As if another user had come: the file is not his.
  expect(made.run(["check"], { NODE_OPTIONS: `--require ${otherUser()}` })).toBe("two");
});

function otherUser(): string {
  const file = join(scratchDirectory("user").path, "other-user.cjs");
  writeFileSync(file, "const uid = process.getuid() + 1;\nprocess.getuid = () => uid;\n");
  return file;
}

test("other sources are compiled anew, and kept in place of those before", () => {
  const made = program();
  made.source = ONE;
  made.run();
  made.source = TWO;
  expect(made.run()).toBe("two");
  expect(readFileSync(made.file, "latin1")).toContain(keyOf(TWO));
  expect(readFileSync(made.file, "latin1")).not.toContain(keyOf(ONE));
});

test.each([
  ["cut short", (kept: Buffer) => kept.subarray(0, kept.length - 100)],
  ["empty", () => Buffer.alloc(0)],
  ["something else", () => Buffer.from("[1, 2]\nthree")],
  ["of another V8", (kept: Buffer) => kept.fill(0, kept.indexOf("\n") + 1)],
])("a file that is %s does no harm, and is mended", (_, damage) => {
  const made = program();
  made.source = ONE;
  made.run();
  const whole = statSync(made.file).size;
  writeFileSync(made.file, damage(readFileSync(made.file)));
  expect(made.run()).toBe("one");
  expect(statSync(made.file).size).toBe(whole);
});

test.each([
  ["a mistyped line", "process.exitCode = 2;", ["check"]],
  ["a word that is no command", "", ["127.0.0.1:7000"]],
  ["nothing at all", "", []],
])("%s leaves nothing behind", (_, source, args) => {
  const made = program();
  made.source = `${ONE}${source}`;
  expect(made.run(args)).toBe("one");
  expect(existsSync(made.directory)).toBe(false);
});

test("where nothing can be kept, all is as without it", () => {
  const made = program();
  made.source = ONE;
  expect(made.run(["check"], { XDG_CACHE_HOME: "/dev/null/nowhere" })).toBe("one");
  expect(made.run(["check"], { NODE_OPTIONS: `--require ${nobody()}`, XDG_CACHE_HOME: "" })).toBe("one");
});

/** A container may run as a user that its system has never heard of. */
function nobody(): string {
  const file = join(scratchDirectory("user").path, "nobody.cjs");
  writeFileSync(file, 'require("node:os").homedir = () => { throw new Error("ENOENT"); };\n');
  return file;
}

test("a long run that compiled more adds it", () => {
  const made = program();
  const more = Array.from(
    { length: 50 },
    (_, i) => `function f${i}() { return [${i}, "${i}"].map(String).join("-"); }`,
  );
  const calls = more.map((_, i) => `f${i}();`).join("");
  made.source = `${more.join("\n")}\nif (process.env.MORE) { ${calls} }\nif (process.env.LONG) performance.now = () => 60_000;`;
  made.run();
  const little = statSync(made.file).size;
  made.run(["check"], { MORE: "1" });
  expect(statSync(made.file).size).toBe(little);
  made.run(["check"], { MORE: "1", LONG: "1" });
  const much = statSync(made.file).size;
  expect(much).toBeGreaterThan(little * 1.5);
  // And does not take away what it has no need of.
  made.run(["check"], { LONG: "1" });
  expect(statSync(made.file).size).toBe(much);
  expect(readdirSync(made.directory)).toEqual(["check"]);
});

const SLOT = "KEY   SLOT\nfoo  12182\n";

test("nothing of slotctl that is kept imports: it would fail in the second run, and not before", () => {
  const files = readdirSync("dist").filter((name) => name.endsWith(".cjs"));
  expect(files.length).toBeGreaterThan(10);
  const importing = files.filter((name) => /\bimport\(/.test(readFileSync(join("dist", name), "utf8")));
  expect(importing).toEqual([expect.stringMatching(/^imports-/)]);
});

test("slotctl keeps its own, a file for each command", async () => {
  const { path: cache } = scratchDirectory("cache");
  const env = { XDG_CACHE_HOME: cache };
  expect(await runSlotctl(["keyslot", "foo"], { env })).toMatchObject({ code: 0, stdout: SLOT });
  await runSlotctl(["--cluster", "help"], { env });
  expect(await runSlotctl(["keyslto", "foo"], { env })).toMatchObject({ code: 2 });
  const kept = readdirSync(cache, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\/compiled-[^/]*\//.test(name),
  );
  const names = kept.map((name) => name.split("/").at(-1)).sort();
  // Node keeps it elsewhere when it does it itself.
  expect(names).toEqual(!("enableCompileCache" in module) ? ["--cluster-help", "keyslot"] : []);
  expect(await runSlotctl(["keyslot", "foo"], { env })).toMatchObject({ code: 0, stdout: SLOT });
});
