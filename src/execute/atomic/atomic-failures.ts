import { ExitCode, SlotctlError } from "../../errors.ts";
import { formatAddress } from "../../model/address.ts";
import { formatRanges, type SlotRanges } from "../../model/slot.ts";
import type { MoveSlots, NodeRef } from "../../plan/plan.ts";
import { adviceOn } from "./advice.ts";

/** Neither server, or only one of them, can do it. */
export function atomicUnsupported(step: MoveSlots): SlotctlError {
  return new SlotctlError(`${pairText(step)} do not both have the same atomic slot migration`, {
    code: "ATOMIC_UNSUPPORTED",
    exitCode: ExitCode.Failed,
    hint: "Valkey has it since 9.0 and Redis since 8.4; --method keys works everywhere",
  });
}

/** It was tried and did not work, and everything is as it was before. */
export function atomicFailed(step: MoveSlots, left: SlotRanges, reasons: readonly string[]): SlotctlError {
  const { hint } = adviceOn(reasons.at(-1) ?? "");
  return new SlotctlError(failureText(step, left, reasons), {
    code: "ATOMIC_FAILED",
    exitCode: ExitCode.Failed,
    details: [...attemptsText(reasons), `The slots are still whole on ${formatAddress(step.from.address)}`],
    hint: `${hint === undefined ? "" : `${hint}; or `}move them key by key with --method keys`,
  });
}

/** It was tried, and what came of it cannot be seen now, or is not at rest. */
export function atomicUnsettled(step: MoveSlots, left: SlotRanges, reasons: readonly string[]): SlotctlError {
  const { hint } = adviceOn(reasons.at(-1) ?? "");
  return new SlotctlError(failureText(step, left, reasons), {
    code: "ATOMIC_UNSETTLED",
    exitCode: ExitCode.Failed,
    details: attemptsText(reasons),
    hint: `${hint === undefined ? "" : `${hint}. `}Run slotctl check when both nodes answer; the same command goes on from there`,
  });
}

export function slotsOpen(step: MoveSlots, open: SlotRanges): SlotctlError {
  return new SlotctlError(`Slots ${formatRanges(open)} are half moved already on one of ${pairText(step)}`, {
    code: "SLOTS_OPEN",
    exitCode: ExitCode.Failed,
    hint: "slotctl fix completes or reverts that; atomic slot migration needs slots that are at rest",
  });
}

export function notTheOwner(step: MoveSlots, slots: SlotRanges): SlotctlError {
  return new SlotctlError(`${formatAddress(step.from.address)} does not own slots ${formatRanges(slots)}`, {
    code: "PLAN_STALE",
    exitCode: ExitCode.Stale,
    hint: "Slots have moved since the plan was made: make a new plan",
  });
}

/** A primary whose last slot leaves becomes a replica by itself, unless cluster-allow-replica-migration is off. */
export function notAPrimary(ref: NodeRef): SlotctlError {
  return new SlotctlError(`${formatAddress(ref.address)} is a replica now, and only primaries have slots`, {
    code: "PLAN_STALE",
    exitCode: ExitCode.Stale,
    hint: "A failover took place, or it gave away its last slot: make a new plan",
  });
}

export function ownersDisagree(step: MoveSlots, seconds: number): SlotctlError {
  return new SlotctlError(`${pairText(step)} do not agree within ${seconds} s on who owns slots ${step.slots}`, {
    code: "ATOMIC_UNSETTLED",
    exitCode: ExitCode.TimedOut,
    hint: "slotctl check tells how the cluster stands; the same command goes on from there",
  });
}

function failureText(step: MoveSlots, left: SlotRanges, reasons: readonly string[]): string {
  return `Could not move slots ${formatRanges(left)} from ${formatAddress(step.from.address)} to ${formatAddress(step.to.address)} atomically: ${reasons.at(-1)}`;
}

function attemptsText(reasons: readonly string[]): readonly string[] {
  return reasons.length < 2 ? [] : reasons.map((reason, i) => `Attempt ${i + 1}: ${reason}`);
}

function pairText({ from, to }: MoveSlots): string {
  return `${formatAddress(from.address)} and ${formatAddress(to.address)}`;
}
