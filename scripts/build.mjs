// Bundles src/ into dist/: few files, so that slotctl starts fast; what a command needs is split off and loaded late.
import { readFileSync, rmSync } from "node:fs";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

rmSync(new URL("../dist", import.meta.url), { recursive: true, force: true });
await build({
  absWorkingDir: new URL("..", import.meta.url).pathname,
  entryPoints: ["src/run.ts", "src/library.ts"],
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  define: { SLOTCTL_VERSION: JSON.stringify(version) },
  logLevel: "warning",
});
