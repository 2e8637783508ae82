import { ExitCode, SlotctlError } from "../errors.ts";
import { type Address, formatAddress } from "../model/address.ts";
import type { Failover, NodeRef } from "../plan/plan.ts";

export function commandRefused(what: string, { address }: NodeRef, cause: Error): SlotctlError {
  return new SlotctlError(`${what} failed on ${formatAddress(address)}: ${cause.message}`, {
    code: "COMMAND_REFUSED",
    exitCode: ExitCode.Failed,
    hint: "Run slotctl check to see how the cluster stands; running the same command again goes on from there",
    cause,
  });
}

export function configRefused(setting: string, { address }: NodeRef, cause: Error): SlotctlError {
  return new SlotctlError(`${formatAddress(address)} does not let ${setting} be changed: ${cause.message}`, {
    code: "CONFIG_REFUSED",
    exitCode: ExitCode.Failed,
    hint: `Let the user run CONFIG GET and CONFIG SET, or set ${setting} in the servers' own configuration`,
    cause,
  });
}

export function otherNodeAnswers({ id, address }: NodeRef, dial: Address, answered: string): SlotctlError {
  return new SlotctlError(`At ${formatAddress(dial)} node ${answered} answers, not ${id} (${formatAddress(address)})`, {
    code: "PLAN_STALE",
    exitCode: ExitCode.Stale,
    hint: "The address has passed to another node since the plan was made: make a new plan",
  });
}

export function joinTimedOut(seconds: number, details: readonly string[]): SlotctlError {
  return new SlotctlError(`The nodes did not all join within ${seconds} s`, {
    code: "JOIN_TIMED_OUT",
    exitCode: ExitCode.TimedOut,
    details,
    hint: "Open the cluster bus port between all nodes and check cluster-announce-*; then run the same command again",
  });
}

export function verifyTimedOut(seconds: number, details: readonly string[]): SlotctlError {
  return new SlotctlError(`All steps are done, but after ${seconds} s the cluster is not as it should be`, {
    code: "VERIFY_TIMED_OUT",
    exitCode: ExitCode.TimedOut,
    details,
    hint: "slotctl check tells how it stands; running the same command again waits on",
  });
}

/** Two nodes hold these keys with different values, and nobody said which counts. */
export function keysLeft(left: readonly string[]): SlotctlError {
  const keys = left.length === 1 ? "1 key has" : `${left.length} keys have`;
  return new SlotctlError(`${keys} one value on one node and another on another; both were left as they are`, {
    code: "KEY_CONFLICT",
    exitCode: ExitCode.Partial,
    details: left.length > 20 ? [...left.slice(0, 20), `and ${left.length - 20} more`] : left,
    hint: "Everything else is done. slotctl fix --on-conflict owner, newest, keep-both or ask decides",
  });
}

/** How far a run got, and how to go on with it. */
interface Progress {
  /** "768 of 4096 slots have arrived" */
  readonly howFar: string;
  readonly goOn: string;
}

/** What a failure means once the run had begun to change the cluster. */
export function stoppedPartWay(error: SlotctlError, { howFar, goOn }: Progress): SlotctlError {
  // A timeout has its own exit code, and says already that the steps are done.
  const exitCode = error.exitCode === ExitCode.TimedOut ? ExitCode.TimedOut : ExitCode.Partial;
  return new SlotctlError(error.message, {
    code: error.code,
    exitCode,
    details: [...error.details, `${howFar} before it`],
    hint: error.hint ?? goOn,
    cause: error.cause,
  });
}

export function interrupted(changed: boolean, { howFar, goOn }: Progress): SlotctlError {
  if (!changed) {
    return new SlotctlError("Interrupted before any change", { code: "INTERRUPTED", exitCode: ExitCode.Declined });
  }
  return new SlotctlError(`Interrupted: ${howFar}`, {
    code: "INTERRUPTED",
    exitCode: ExitCode.Partial,
    hint: goOn,
  });
}

export function copyTimedOut(node: NodeRef, primary: NodeRef, stands: string): SlotctlError {
  return new SlotctlError(
    `${formatAddress(node.address)} has not copied its primary ${formatAddress(primary.address)}: ${stands}`,
    {
      code: "COPY_TIMED_OUT",
      exitCode: ExitCode.TimedOut,
      hint: "A large copy takes its time: --timeout sets how long it is waited for. The log of the replica tells what is wrong",
    },
  );
}

export function failoverFailed(
  { node, primary, mode }: Failover,
  attempts: number,
  details: readonly string[],
): SlotctlError {
  const [promoted, old] = [formatAddress(node.address), formatAddress(primary.address)];
  return new SlotctlError(`${promoted} did not become the primary in place of ${old}, tried ${attempts} times`, {
    code: "FAILOVER_FAILED",
    exitCode: ExitCode.TimedOut,
    details,
    hint:
      mode === "force"
        ? "Do most of the primaries live, and answer? They have to vote for it; where they cannot, only --takeover is left"
        : "The servers gave it up by themselves and the primary serves on, if it lives; their logs tell why",
  });
}

export function failoverStale({ node, primary }: Failover, is: string): SlotctlError {
  return new SlotctlError(
    `${formatAddress(node.address)} is no longer what the plan was made for: ${is}, not a replica of ${formatAddress(primary.address)}`,
    { code: "PLAN_STALE", exitCode: ExitCode.Stale, hint: "The cluster changed since: make a new plan" },
  );
}
