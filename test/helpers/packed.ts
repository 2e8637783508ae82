import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { scratchDirectory } from "./scratch.ts";

const run = promisify(execFile);

/** slotctl as npm would publish it, unpacked and next to what it depends on. */
export interface PackedSlotctl {
  /** Every file of the tarball. */
  readonly files: readonly string[];
  /** Where a program stands that imports "slotctl". */
  readonly project: string;
}

/** Packs a copy of this project, because packing builds it anew, and others use what is built here. */
export async function packSlotctl(): Promise<PackedSlotctl> {
  const copy = scratchDirectory("copy").path;
  const { stdout: listed } = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard"]);
  for (const file of listed.split("\n").filter((name) => name !== "" && !name.startsWith("test/"))) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(file, join(copy, file));
  }
  symlinkSync(resolve("node_modules"), join(copy, "node_modules"));
  const { stdout } = await run("npm", ["pack", "--json", "--silent"], { cwd: copy });
  // What prepack prints stands before it.
  const [{ filename, files }] = JSON.parse(stdout.slice(stdout.search(/^\[/m))) as [
    { filename: string; files: { path: string }[] },
  ];
  const project = scratchDirectory("project").path;
  await install(join(copy, filename), project);
  return { files: files.map(({ path }) => path), project };
}

/** As `npm install` does, with the packages that are here already. */
async function install(tarball: string, project: string): Promise<void> {
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, "slotctl"), { recursive: true });
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(modules, "slotctl")]);
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };
  for (const name of [...Object.keys(dependencies), "@types"]) {
    symlinkSync(resolve("node_modules", name), join(modules, name));
  }
  for (const name of readdirSync("examples")) cpSync(join("examples", name), join(project, name));
}
