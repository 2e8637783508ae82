import { ExitCode } from "../errors.ts";
import type { Context } from "./context.ts";

/** Hands a shell its script. */
export async function completion(shell: string, script: string, { view }: Context): Promise<ExitCode> {
  view.result({ kind: "completion", shell, script });
  return ExitCode.Ok;
}
