import { ExitCode, SlotctlError } from "../errors.ts";

/** Where a person sits. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stderr: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** Somebody left while something was asked, before anything was agreed to. */
export function left(): SlotctlError {
  return new SlotctlError("Interrupted: nothing was changed", {
    code: "INTERRUPTED",
    exitCode: ExitCode.Declined,
  });
}
