// Writes man/*.1 from the commands as they are declared, their errors, and the prose in scripts/man/prose.ts.
// With --check it only compares: exit code 1 when a page is not what it would write.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const isCheck = process.argv.includes("--check");

const { manPages } = await bundled("scripts/man/pages.ts");
for (const { file, text } of manPages(root, version)) {
  const path = join(root, "man", file);
  if (!isCheck) writeFileSync(path, text);
  else if (read(path) !== text) {
    console.error(`man/${file} is not up to date: npm run man`);
    process.exitCode = 1;
  }
}

/** A module of TypeScript with what it imports, without what the commands would load when they run. */
async function bundled(entry) {
  const directory = mkdtempSync(join(tmpdir(), "slotctl-man-"));
  const outfile = join(directory, "pages.cjs");
  const leaveLateImports = {
    name: "leave-late-imports",
    setup: ({ onResolve }) =>
      onResolve({ filter: /.*/ }, ({ kind }) => (kind === "dynamic-import" ? { external: true } : undefined)),
  };
  try {
    await build({
      absWorkingDir: root,
      entryPoints: [entry],
      outfile,
      bundle: true,
      format: "cjs",
      platform: "node",
      target: "node20",
      plugins: [leaveLateImports],
      logLevel: "warning",
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
