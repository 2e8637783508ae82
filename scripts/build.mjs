// Bundles src/ into dist/: few files, so that slotctl starts fast; what only some commands need is split off and loaded late.
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** All that --version needs. */
const FIRST = /\/src\/(run|main|streams|errors)\.ts$/;

/** What --help needs. */
const DECLARED = /\/src\/(native|cli\/[^/]*)\.ts$/;

/** What a program that uses slotctl as a library needs. */
const LIBRARY = /\/src\/((model|node|plan|survey|execute)\/|commands\/preflight\.ts$)/;

/**
 * What most commands do not need. All else is in four files: finding and linking fifty small ones takes longer than to
 * read the half of it that a command could do without.
 */
const LATE = [
  /\/src\/(wizard|sandbox|archive)\//,
  /\/src\/(cli\/drop-in|cli\/completion|execute\/transfer|view\/redis-cli|view\/schema)\//,
  /\/src\/config\/(fetch-password|parse-config-file|yaml-reader)\.ts$/,
  /\/src\/commands\/(backup|completion|drop-in-.*|import|restore.*|sandbox|schema|take-backup)\.ts$/,
  /\/src\/node\/(connect|rdb-.*)\.ts$/,
  /\/src\/(complete|drop-in|library)\.ts$/,
];

const isEarly = (id) => isOwn(id) && !LATE.some((late) => late.test(id));
const isOwn = (id) => id.includes("/src/") && !id.includes("/node_modules/");

/** Types removed, and what Node 20 does not know yet, such as `using`, written in what it knows. */
const plainJavaScript = {
  name: "plain-javascript",
  async load(id) {
    if (!id.endsWith(".ts")) return undefined;
    const define = { SLOTCTL_VERSION: JSON.stringify(version) };
    const { code } = await transform(readFileSync(id, "utf8"), { loader: "ts", target: "node20", define });
    return { code, moduleType: "js" };
  },
};

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
const bundle = await rolldown({
  cwd: root,
  input: { run: "src/run.ts", library: "src/library.ts" },
  platform: "node",
  external: (id) => !id.startsWith(".") && !id.startsWith("/"),
  plugins: [plainJavaScript],
  checks: { ineffectiveDynamicImport: false },
});
await bundle.write({
  dir: "dist",
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "[name]-[hash].js",
  codeSplitting: {
    groups: [
      { name: "first", test: FIRST, priority: 2 },
      { name: "declared", test: (id) => DECLARED.test(id), priority: 1 },
      { name: "core", test: (id) => isEarly(id) && LIBRARY.test(id), priority: 1 },
      { name: "commands", test: isEarly, priority: 0 },
    ],
  },
});
await bundle.close();
