import { ExitCode, SlotctlError } from "../../errors.ts";
import { formatAddress } from "../../model/address.ts";
import { quotedText } from "../../model/quoted-text.ts";
import { formatRanges, toRanges } from "../../model/slot.ts";
import { ServerError } from "../../node/node.ts";
import type { NodeRef } from "../../plan/plan.ts";
import { isNoPrimary } from "./set-slots.ts";
import type { StaleSlot } from "./slot-states.ts";

/**
 * Whether both ends have to be read again: a connection was lost, so that nothing is known of the last commands, or a
 * server's answer tells that the slot or the role of a node has changed since it was looked at, or may have.
 */
export function isWorthAnotherLook(error: unknown): boolean {
  if (!(error instanceof SlotctlError)) return false;
  if (error.exitCode === ExitCode.Unreachable) return true;
  const { cause } = error;
  return cause instanceof ServerError && (isNoPrimary(cause.message) || MOVED_ON.test(cause.message));
}

const MOVED_ON = /not the owner of hash slot|Target node is not a|\bCLUSTERDOWN\b|\bMOVED\b|\bREADONLY\b|\bIOERR\b/;

/** A node of the plan has stopped being a primary. `heir` is who took over, where that is known. */
export function failedOver({ id, address }: NodeRef, heir: string | undefined): SlotctlError {
  const to = heir === undefined ? "" : ` to ${heir}`;
  return new SlotctlError(
    `${formatAddress(address)} (${id.slice(0, 8)}) has failed over${to} since the plan was made`,
    {
      code: "FAILED_OVER",
      exitCode: ExitCode.Stale,
      hint: "slotctl resume, or slotctl apply of the same plan, goes on with the new primary",
    },
  );
}

export function planIsStale(stale: readonly StaleSlot[]): SlotctlError {
  const [first] = stale;
  return new SlotctlError(`The cluster is no longer what the plan was made for: slot ${first?.slot}: ${first?.why}`, {
    code: "PLAN_STALE",
    exitCode: ExitCode.Stale,
    details:
      stale.length > 1
        ? [`in all ${stale.length} slots: ${formatRanges(toRanges(stale.map(({ slot }) => slot)))}`]
        : [],
    hint: "Somebody else moves slots, or did. See slotctl check, then make a new plan",
  });
}

export function setSlotRefused(slot: number, { address }: NodeRef, cause: Error): SlotctlError {
  return new SlotctlError(`CLUSTER SETSLOT ${slot} failed on ${formatAddress(address)}: ${cause.message}`, {
    code: "SETSLOT_REFUSED",
    exitCode: ExitCode.Failed,
    hint: setSlotAdvice(cause.message),
    cause,
  });
}

function setSlotAdvice(message: string): string {
  const goOn = "Slots that were being moved stay open, with all their keys; slotctl resume goes on";
  if (!/^(NOREPLICAS|UNBLOCKED)/.test(message)) return goOn;
  return `Valkey 8 and later take this only once a replica has confirmed it: are its replicas up? ${goOn}`;
}

export function migrateFailed(slot: number, from: NodeRef, to: NodeRef, cause: Error): SlotctlError {
  const what = `Moving keys of slot ${slot} from ${formatAddress(from.address)} to ${formatAddress(to.address)} failed`;
  return new SlotctlError(`${what}: ${cause.message}`, {
    ...adviceFor(cause.message),
    exitCode: ExitCode.Failed,
    cause,
  });
}

function adviceFor(message: string): { readonly code: string; readonly hint: string } {
  if (/\bOOM\b/.test(message)) {
    return {
      code: "TARGET_OUT_OF_MEMORY",
      hint: "Give the target more memory (maxmemory), then go on with slotctl resume",
    };
  }
  if (/NOAUTH|WRONGPASS|NOPERM/.test(message)) {
    return {
      code: "MIGRATE_REFUSED",
      hint: "The target must accept our user and password from the source, with RESTORE-ASKING and SELECT",
    };
  }
  if (/IOERR/.test(message)) {
    return {
      code: "MIGRATE_IO",
      hint: "Can the source reach the target at that address? Then go on with slotctl resume",
    };
  }
  return {
    code: "MIGRATE_FAILED",
    hint: "No key was lost: what did not arrive is still at the source. slotctl resume goes on",
  };
}

export function keyConflict(key: Buffer, slot: number, from: NodeRef, to: NodeRef, others: number): SlotctlError {
  const more = others === 0 ? "" : ` (and ${others} more)`;
  return new SlotctlError(
    `Key ${quotedText(key)}${more} of slot ${slot} has one value on ${formatAddress(from.address)} and another on ${formatAddress(to.address)}`,
    {
      code: "KEY_CONFLICT",
      exitCode: ExitCode.Failed,
      hint: "Both values were left as they are. Decide which one counts, delete the other, then slotctl resume; --replace lets the source's win",
    },
  );
}
