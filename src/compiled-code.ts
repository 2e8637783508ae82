import { hash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { Script } from "node:vm";

type Environment = Readonly<Record<string, string | undefined>>;

/** What V8 made of each source, by the hash of that. */
type Parts = ReadonlyMap<string, Buffer>;

/** A run that takes so long does not notice that it has a look in the end whether it compiled more than is kept. */
const LONG_RUN_MS = 500;

/** So much more than is kept, as a factor, is worth a new file. */
const WORTHWHILE = 1.02;

/** Runs that end so were mistyped: what they leave would never be asked for again. */
const USAGE_ERROR = 2;

/**
 * Keeps what V8 compiles for the next run of the same command, below $XDG_CACHE_HOME/slotctl, as Node does by itself from
 * version 22 on (module.enableCompileCache). It holds for CommonJS modules that are loaded from now on. Where nothing can
 * be kept, all is as without it.
 */
export function keepCompiledCode(argv: readonly string[], env: Environment): void {
  const name = nameOf(argv);
  if (name === undefined || isSet(env.NODE_DISABLE_COMPILE_CACHE)) return;
  const home = cacheHome(env);
  if (home === undefined) return;
  const file = join(home, "slotctl", `compiled-${process.version}-${process.arch}`, name);
  const kept = readParts(file);
  const scripts = new Map<string, Script>();
  compileModulesWith((source, filename) => {
    const key = hash("sha256", source, "base64");
    const cachedData = kept.get(key);
    const script = new Script(source, { filename, ...(cachedData && { cachedData }) });
    scripts.set(key, script);
    return script;
  });
  process.once("exit", (code) => {
    if (code === USAGE_ERROR) return;
    const isMissing = [...scripts].some(([key, script]) => !kept.has(key) || script.cachedDataRejected === true);
    if (!isMissing && performance.now() < LONG_RUN_MS) return;
    const parts = new Map([...scripts].map(([key, script]) => [key, script.createCachedData()]));
    if (isMissing || sizeOf(parts) > sizeOf(kept) * WORTHWHILE) writeParts(file, parts);
  });
}

/** By command, for each needs other functions of the same files. */
function nameOf([first = "", second = ""]: readonly string[]): string | undefined {
  const name = first === "--cluster" ? `${first}-${second}` : first;
  return /^[a-z_-]{1,40}$/.test(name) ? name : undefined;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}

function cacheHome({ XDG_CACHE_HOME: cache = "" }: Environment): string | undefined {
  if (isAbsolute(cache)) return cache;
  try {
    return join(homedir(), ".cache");
  } catch {
    // Nobody the system knows, as in some containers.
    return undefined;
  }
}

/**
 * It is code: what others can write is not run, nor what belongs to somebody else, as a user's home does when root runs
 * there.
 */
function readParts(file: string): Parts {
  try {
    for (const path of [dirname(file), file]) {
      const { uid, mode } = statSync(path);
      if (uid !== process.getuid?.() || (mode & 0o022) !== 0) return new Map();
    }
    const bytes = readFileSync(file);
    const end = bytes.indexOf("\n");
    const index = JSON.parse(bytes.toString("latin1", 0, end)) as readonly (readonly [string, number])[];
    let at = end + 1;
    return new Map(
      index.map(([key, length]) => {
        at += length;
        return [key, bytes.subarray(at - length, at)];
      }),
    );
  } catch {
    // The first run, or a file that something else wrote.
    return new Map();
  }
}

/** In one go, for other runs read it meanwhile. */
function writeParts(file: string, parts: Parts): void {
  const draft = `${file}.${process.pid}`;
  try {
    const directory = dirname(file);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const index = [...parts].map(([key, { length }]) => [key, length]);
    writeFileSync(draft, Buffer.concat([Buffer.from(`${JSON.stringify(index)}\n`), ...parts.values()]), {
      mode: 0o600,
    });
    renameSync(draft, file);
  } catch {
    removeDraft(draft);
  }
}

function removeDraft(draft: string): void {
  try {
    rmSync(draft, { force: true });
  } catch {
    // Where it could not be written it is not there either.
  }
}

function sizeOf(parts: Parts): number {
  return [...parts.values()].reduce((sum, { length }) => sum + length, 0);
}

/** What Node calls for each CommonJS module; the hook of all that compile in their own way (pirates, v8-compile-cache). */
interface Compiling {
  _compile(this: Module, source: string, filename: string, ...more: readonly unknown[]): unknown;
}

type ModuleFunction = (
  this: unknown,
  exports: unknown,
  require: NodeJS.Require,
  module: Module,
  filename: string,
  directory: string,
) => unknown;

/** Code that V8 kept cannot import() ("A dynamic import callback was not specified"): one file is for that. */
function compileModulesWith(compile: (source: string, filename: string) => Script): void {
  const prototype = Module.prototype as unknown as Compiling;
  const byNode = prototype._compile;
  prototype._compile = function (source, filename, ...more) {
    if (/^imports-/.test(basename(filename))) return byNode.call(this, source, filename, ...more);
    const run = compile(Module.wrap(source), filename).runInThisContext() as ModuleFunction;
    return run.call(this.exports, this.exports, createRequire(filename), this, filename, dirname(filename));
  };
}
