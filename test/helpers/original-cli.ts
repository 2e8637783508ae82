import { execFile } from "node:child_process";
import type { TestEngine } from "./engines.ts";
import type { RunResult } from "./run-slotctl.ts";
import { slotctlEnvironment } from "./slotctl-program.ts";

/** The engine's own redis-cli or valkey-cli, told to keep its colours to itself. Its stdin is at its end. */
export function runOriginal(
  { cli }: TestEngine,
  args: readonly string[],
): Promise<Pick<RunResult, "code" | "stdout" | "stderr">> {
  return new Promise((resolve) => {
    const env = { ...slotctlEnvironment(), TERM: "dumb" };
    const child = execFile(cli!, [...args], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    child.stdin?.end();
  });
}
