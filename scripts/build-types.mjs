// Writes dist/types/: what TypeScript has to know of the library. Only the files that src/library.ts shows something of.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const types = join(root, "dist", "types");

rmSync(types, { recursive: true, force: true });
execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.library.json"], {
  cwd: root,
  stdio: "inherit",
});

const shown = new Set();
show(join(types, "library.d.ts"));
for (const name of readdirSync(types, { recursive: true })) {
  const file = join(types, name);
  if (name.endsWith(".d.ts") && !shown.has(file)) rmSync(file);
}
removeEmpty(types);

function show(file) {
  if (shown.has(file)) return;
  shown.add(file);
  // As files that are there in the package, and not as sources that are not.
  const text = readFileSync(file, "utf8").replace(/((?:from|import\() ?")(\.[^"]*)\.ts"/g, '$1$2.js"');
  writeFileSync(file, text);
  for (const [, path] of text.matchAll(/(?:from|import\() ?"(\.[^"]*)\.js"/g))
    show(join(dirname(file), `${path}.d.ts`));
}

function removeEmpty(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmpty(join(directory, entry.name));
  }
  if (readdirSync(directory).length === 0) rmSync(directory, { recursive: true });
}
