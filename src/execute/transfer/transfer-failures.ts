import { ExitCode, SlotctlError } from "../../errors.ts";
import { type Address, formatAddress } from "../../model/address.ts";
import { serverRefused } from "../../node/failures.ts";
import type { ServerError } from "../../node/node.ts";

const RERUN = "Run the same command again: what has arrived is passed over";

/** A server that takes no key at all. */
export function restoreRefused(at: Address, cause: ServerError): SlotctlError {
  if (["NOPERM", "NOAUTH", "WRONGPASS"].includes(cause.word)) return serverRefused(at, cause);
  const isFull = cause.word === "OOM";
  return new SlotctlError(`${formatAddress(at)} takes no keys: ${cause.message}`, {
    code: isFull ? "TARGET_OUT_OF_MEMORY" : "COMMAND_REFUSED",
    exitCode: ExitCode.Failed,
    hint: isFull ? `Give it more memory (maxmemory). ${RERUN}` : RERUN,
    cause,
  });
}

export function targetNotServing(keys: number, slot: number, milliseconds: number, why: string): SlotctlError {
  const what = `For ${milliseconds / 1000} s nobody took ${keys} keys, such as those of slot ${slot}`;
  return new SlotctlError(why === "" ? what : `${what}: ${why}`, {
    code: "SLOT_NOT_SERVED",
    exitCode: ExitCode.TimedOut,
    hint: `slotctl check tells how the cluster stands. ${RERUN}`,
  });
}

export function sourceSlotsMoved(): SlotctlError {
  return new SlotctlError("Slots of the source cluster moved while it was read: keys may have been missed", {
    code: "SOURCE_CHANGED",
    exitCode: ExitCode.Partial,
    hint: `Wait until nothing moves there any more. ${RERUN}`,
  });
}

/** A failure once keys had been written. */
export function importStopped(error: SlotctlError, arrived: string): SlotctlError {
  return new SlotctlError(error.message, {
    code: error.code,
    exitCode: ExitCode.Partial,
    details: [...error.details, arrived],
    hint: error.hint?.includes(RERUN) === true || error.hint === undefined ? RERUN : `${error.hint}. ${RERUN}`,
    cause: error.cause,
  });
}

export function importInterrupted(changed: boolean, arrived: string): SlotctlError {
  if (!changed) {
    return new SlotctlError("Interrupted before any change", { code: "INTERRUPTED", exitCode: ExitCode.Declined });
  }
  return new SlotctlError(`Interrupted: ${arrived}`, { code: "INTERRUPTED", exitCode: ExitCode.Partial, hint: RERUN });
}
