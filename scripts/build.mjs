// Bundles src/ into dist/: few files, so that slotctl starts fast; what only some commands need is split off and loaded late.
import { readFileSync, rmSync } from "node:fs";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = fileURLToPath(new URL("../src/", import.meta.url));
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** All that --version needs. */
const FIRST = /^(run|main|streams|errors)\.ts$/;

/** What --help needs. */
const DECLARED = /^(native|cli\/[^/]*)\.ts$/;

/** What all commands share that talk to servers. */
const CORE = /^((model|node|plan|survey|execute)\/|commands\/preflight\.ts$)/;

/** What Node has to compile itself, for it imports packages that cannot be required. */
const IMPORTS = /^(view|wizard)\/packages\.ts$/;

/**
 * What most commands do not need. All else is in four files: finding and linking fifty small ones takes longer than to
 * read the half of it that a command could do without.
 */
const LATE = [
  /^(wizard|sandbox|archive)\//,
  /^(cli\/drop-in|cli\/completion|execute\/transfer|view\/redis-cli|view\/schema)\//,
  /^config\/(fetch-password|parse-config-file|yaml-reader)\.ts$/,
  /^commands\/(backup|completion|drop-in-.*|import|restore.*|sandbox|schema|take-backup)\.ts$/,
  /^node\/(connect|rdb-.*)\.ts$/,
  /^(compiled-code|complete|drop-in|library)\.ts$/,
];

/** A group takes what is ours and fits, by its path in src/. */
const ours = (fits) => (id) => id.startsWith(source) && fits(id.slice(source.length));
const isEarly = (path) => !LATE.some((late) => late.test(path));

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

const shared = {
  cwd: root,
  platform: "node",
  external: (id) => !id.startsWith(".") && !isAbsolute(id),
  plugins: [plainJavaScript],
  checks: { ineffectiveDynamicImport: false },
};

/** What is CommonJS itself is required: for an import() Node sets up its other loader first. */
const requireLate = {
  name: "require-late",
  transform: (code) => code.replace(/\bimport\("(ioredis|node:tls)"\)/g, 'Promise.resolve(require("$1"))'),
};

/** CommonJS: it is found and linked in less time, and what V8 compiles of it can be kept on every Node. */
async function buildProgram() {
  const bundle = await rolldown({
    ...shared,
    plugins: [...shared.plugins, requireLate],
    input: { run: "src/run.ts", "compiled-code": "src/compiled-code.ts" },
  });
  await bundle.write({
    dir: "dist",
    format: "cjs",
    entryFileNames: "[name].cjs",
    chunkFileNames: "[name]-[hash].cjs",
    codeSplitting: {
      groups: [
        { name: "imports", test: ours((path) => IMPORTS.test(path)), priority: 3 },
        { name: "first", test: ours((path) => FIRST.test(path)), priority: 2 },
        { name: "declared", test: ours((path) => DECLARED.test(path)), priority: 1 },
        { name: "core", test: ours((path) => isEarly(path) && CORE.test(path)), priority: 1 },
        { name: "commands", test: ours(isEarly), priority: 0 },
      ],
    },
  });
  await bundle.close();
}

async function buildLibrary() {
  const bundle = await rolldown({ ...shared, input: { library: "src/library.ts" } });
  await bundle.write({ dir: "dist", format: "esm", entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js" });
  await bundle.close();
}

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
await buildProgram();
await buildLibrary();
