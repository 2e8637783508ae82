import { ExitCode, SlotctlError } from "../errors.ts";

/** The answer to a question was no. */
export function declined(): SlotctlError {
  return new SlotctlError("Declined: nothing was changed", { code: "DECLINED", exitCode: ExitCode.Declined });
}
