import { formatAddress } from "../../model/address.ts";
import { waitUntil } from "../../node/wait-until.ts";
import type { NodeRef } from "../../plan/plan.ts";
import { adviceOn } from "./advice.ts";
import { type AtomicMove, driverOf, peerOf } from "./atomic-move.ts";
import { jobsOn } from "./ends.ts";
import type { Job } from "./job.ts";
import { Movement } from "./movement.ts";

/** How often a migration is begun again after it failed, by us or by the server. */
export const RETRIES = 3;

/** How one attempt ended. */
export type Outcome =
  | { readonly kind: "arrived"; readonly remark: string }
  /** `next`: another attempt may help, or none does; `cancel`: none does, and this one has not ended by itself. */
  | { readonly kind: "failed"; readonly reason: string; readonly next: "retry" | "give-up" | "cancel" };

/** A job at one end: not-there when that end knows nothing of it, undefined when the end does not answer. */
type Sight = Job | "not-there" | undefined;

/** Waits until both ends are done with the job, for as long as it makes progress. */
export async function watch(move: AtomicMove, id: string, report: (state: string) => void): Promise<Outcome> {
  const movement = new Movement();
  let peer: Sight;
  const look = async (): Promise<Outcome | undefined> => {
    const driver = await sightOf(driverOf(move), move, id);
    // Servers list all jobs that they remember, perhaps a thousand: the other end is not asked what it would not change.
    if (!isUnderWay(driver)) peer = await sightOf(peerOf(move), move, id);
    movement.see(jobIn(driver), jobIn(peer));
    if (jobIn(driver) !== undefined) report(jobIn(driver)!.state);
    const outcome = outcomeOf(driver, peer);
    if (outcome !== undefined || movement.stillFor <= move.executor.timeout) return outcome;
    return { kind: "failed", reason: stillText(driver, move), next: "cancel" };
  };
  const { signal } = move.executor;
  const start = performance.now();
  for (;;) {
    // The looks of one wait get rarer. A short move is looked at closely all the time, so as not to be made a long one.
    const timeout = performance.now() - start < CLOSE_MS ? CLOSE_LOOKS_MS : CLOSE_MS;
    const outcome = await waitUntil(look, { timeout, signal });
    if (outcome !== undefined) return outcome;
  }
}

const CLOSE_MS = 2000;
const CLOSE_LOOKS_MS = 40;

async function sightOf(ref: NodeRef, move: AtomicMove, id: string): Promise<Sight> {
  const jobs = await jobsOn(ref, move, id);
  return jobs === undefined ? undefined : (jobs[0] ?? "not-there");
}

/** It goes on, and the servers themselves see to it that it comes to an end. */
function isUnderWay(driver: Sight): boolean {
  const job = jobIn(driver);
  return job !== undefined && job.result === undefined && job.guarded && job.retries <= RETRIES;
}

function jobIn(sight: Sight): Job | undefined {
  return sight === "not-there" ? undefined : sight;
}

/** Undefined while it goes on. */
function outcomeOf(driver: Sight, peer: Sight): Outcome | undefined {
  if (driver === undefined) return undefined;
  if (driver === "not-there") {
    return { kind: "failed", reason: "the server forgot the migration: it was perhaps restarted", next: "retry" };
  }
  if (driver.result === undefined) {
    return driver.retries > RETRIES ? { kind: "failed", reason: driver.message, next: "cancel" } : undefined;
  }
  if (jobIn(peer) !== undefined && jobIn(peer)!.result === undefined) return undefined;
  if (driver.result !== "success") return failureOf(driver, jobIn(peer));
  return peer === undefined ? undefined : { kind: "arrived", remark: jobIn(peer)?.message ?? "" };
}

function failureOf(driver: Job, peer: Job | undefined): Outcome {
  // Who cancelled it wanted it to stop; without a reason that was somebody with the command.
  const byHand = driver.result === "cancelled" && (driver.message === "" || /user request/i.test(driver.message));
  const told = [driver.message, peer?.message].filter(Boolean).join("; the other end: ");
  const reason = byHand ? "somebody cancelled the migration" : told || `it ended as ${driver.state}`;
  return { kind: "failed", reason, next: byHand || !adviceOn(reason).retry ? "give-up" : "retry" };
}

function stillText(driver: Sight, move: AtomicMove): string {
  const { timeout } = move.executor;
  if (driver === undefined) return `${formatAddress(driverOf(move).address)} does not answer`;
  const { state, message } = jobIn(driver) ?? { state: "unknown", message: "" };
  return `no progress for ${timeout / 1000} s in state ${state}${message === "" ? "" : ` (${message})`}`;
}
