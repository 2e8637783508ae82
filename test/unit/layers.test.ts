import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { describe, expect, test } from "vitest";

/** What each folder may import besides itself: our folders and files, then the packages that it wraps. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  plan: ["model"],
  config: ["model", "errors", "yaml", "node:"],
  node: ["model", "errors", "ioredis", "node:"],
  survey: ["node", "model", "errors", "node:"],
  execute: ["plan", "node", "model", "errors"],
  sandbox: ["node", "survey", "model", "errors", "node:"],
  archive: ["sandbox", "node", "model", "errors", "node:"],
  view: ["archive", "plan", "execute", "config", "model", "errors", "chalk", "ora", "node:"],
  commands: ["archive", "sandbox", "view", "execute", "survey", "plan", "node", "config", "model", "errors", "node:"],
  wizard: ["commands", "view", "model", "errors", "inquirer", "node:"],
  cli: ["wizard", "commands", "view", "plan", "config", "model", "errors", "commander"],
};

/** The modules that a source file imports, also late, as names of what stands in src (folder or file) or of packages. */
function importsOf(path: string): readonly string[] {
  const source = readFileSync(path, "utf8");
  const specifiers = [...source.matchAll(/(?:from|import\()\s*"([\w@./:-]+)"/g)].map(([, specifier]) => specifier!);
  return specifiers.map((specifier) => {
    if (specifier.startsWith("node:")) return "node:";
    if (!specifier.startsWith(".")) return specifier;
    const [place = ""] = relative("src", join(dirname(path), specifier)).split(sep);
    return place.replace(/\.ts$/, "");
  });
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(join("src", folder), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
}

describe.each(Object.entries(MAY_IMPORT))("src/%s", (folder, allowed) => {
  test.each(filesIn(folder))("%s imports only what lies below it", (file) => {
    const foreign = importsOf(join("src", folder, file)).filter((name) => name !== folder && !allowed.includes(name));
    expect(foreign).toEqual([]);
  });
});

test("the library reaches ioredis and no other package, and neither cli nor wizard", () => {
  const files = runtimeFilesFrom("src/library.ts");
  expect(files.size).toBeGreaterThan(50);
  const imports = [...files].flatMap(importsOf);
  const packages = imports.filter((name) => /^(ioredis|chalk|ora|inquirer|commander|yaml)$/.test(name));
  expect([...new Set(packages)]).toEqual(["ioredis"]);
  expect([...files].filter((file) => /^src\/(cli|wizard)\//.test(file))).toEqual([]);
});

/** A file with all that it loads: what it imports, but not what it only takes types from. */
function runtimeFilesFrom(file: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(file)) return found;
  found.add(file);
  const source = readFileSync(file, "utf8").replace(/^(?:import|export) type [^;]*;$/gm, "");
  for (const [, path] of source.matchAll(/(?:from|import\()\s*"(\.[\w./-]+\.ts)"/g)) {
    runtimeFilesFrom(join(dirname(file), path!), found);
  }
  return found;
}

test("every folder of src has its rule", () => {
  const folders = readdirSync("src", { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map(({ name }) => name).sort()).toEqual(Object.keys(MAY_IMPORT).sort());
});

test("the planner and the model know no clock, no chance, no process", () => {
  for (const folder of ["model", "plan"]) {
    for (const file of filesIn(folder)) {
      const source = readFileSync(join("src", folder, file), "utf8");
      expect(source, `${folder}/${file}`).not.toMatch(
        /\bDate\.now|new Date\(|Math\.random|performance\.now|\bprocess\./,
      );
    }
  }
});
