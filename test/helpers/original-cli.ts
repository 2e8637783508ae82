import { execFile } from "node:child_process";
import type { TestEngine } from "./engines.ts";
import type { RunOptions, RunResult } from "./run-slotctl.ts";
import { slotctlEnvironment } from "./slotctl-program.ts";

/** The engine's own redis-cli or valkey-cli, told to keep its colours to itself. Its stdin ends behind the input. */
export function runOriginal(
  { cli }: TestEngine,
  args: readonly string[],
  { input = "", env: extra = {} }: Pick<RunOptions, "input" | "env"> = {},
): Promise<Pick<RunResult, "code" | "stdout" | "stderr">> {
  return new Promise((resolve) => {
    const env = slotctlEnvironment({ TERM: "dumb", ...extra });
    const child = execFile(cli!, [...args], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    // It may end without reading what it is given.
    child.stdin?.on("error", () => undefined).end(input);
  });
}
