import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { scratchDirectory } from "./scratch.ts";

const BIN = fileURLToPath(new URL("../../bin/slotctl.cjs", import.meta.url));
const BUILT = fileURLToPath(new URL("../../dist/run.cjs", import.meta.url));

/** One for all tests, and for the next run: what was kept is found by the text that was compiled. */
const CACHE_HOME = fileURLToPath(new URL("../../.cache/compiled", import.meta.url));

export type Environment = Readonly<Record<string, string | undefined>>;

/** The built slotctl as a user runs it: file and arguments of the process. */
export function slotctlCommand(args: readonly string[]): readonly [string, string[]] {
  if (!existsSync(BUILT)) throw new Error(`${BUILT} is not there: run npm run build first`);
  return [process.execPath, [BIN, ...args]];
}

/** What the developer or the test runner has set, and would change what slotctl does or shows. */
const DISTURBING = /^(SLOTCTL_.*|REDISCLI_.*|VALKEYCLI_.*|FORCE_COLOR|NO_COLOR|CI|VITEST.*|NODE_ENV|NODE_OPTIONS)$/;

/** The environment of a slotctl under test; `extra` is set on top, and an undefined value removes. */
export function slotctlEnvironment(extra: Environment = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !DISTURBING.test(name));
  const homes = { XDG_STATE_HOME: stateHome(), XDG_CONFIG_HOME: "/dev/null", XDG_CACHE_HOME: CACHE_HOME };
  const all = { ...Object.fromEntries(kept), ...homes, ...extra };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

let state: string | undefined;

/** One for each test file: a run may resume what another one began. */
export function stateHome(): string {
  state ??= scratchDirectory("state").path;
  return state;
}
