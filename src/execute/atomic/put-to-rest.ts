import { formatAddress } from "../../model/address.ts";
import { subtractRanges } from "../../model/slot.ts";
import { waitUntil } from "../../node/wait-until.ts";
import { forgive, nodeOf } from "../executor.ts";
import { type AtomicMove, driverOf, isOnItsWay, peerOf } from "./atomic-move.ts";
import { jobsOn } from "./ends.ts";
import type { Job } from "./job.ts";

/** Cancels our migration and waits until neither end works at it any more, whatever became of it. */
export async function putToRest(move: AtomicMove): Promise<void> {
  const look = async () => {
    const [driving, other] = await Promise.all([jobsOn(driverOf(move), move), jobsOn(peerOf(move), move)]);
    const running = driving?.find((job) => isOurs(job, move));
    if (running !== undefined) await cancel(running, move);
    const atRest = driving !== undefined && running === undefined && !other?.some((job) => isOurs(job, move));
    return atRest || undefined;
  };
  // It has to come to rest also, and above all, when the run is being interrupted.
  const patience = { timeout: move.executor.timeout, signal: new AbortController().signal };
  if ((await waitUntil(look, patience)) !== undefined) return;
  const { from } = move.step;
  const text = `The migration of slots ${move.step.slots} from ${formatAddress(from.address)} could not be cancelled and may go on`;
  move.executor.emit({ type: "notice", text });
}

function isOurs(job: Job, move: AtomicMove): boolean {
  return isOnItsWay(job, move) && subtractRanges(job.slots, move.slots).length === 0;
}

/** It may end by itself before the command arrives, so what the server answers tells nothing: look again. */
async function cancel(job: Job, move: AtomicMove): Promise<void> {
  const { executor, commands } = move;
  const driver = driverOf(move);
  try {
    await (await nodeOf(executor, driver)).sendAll([commands.cancel(job.id)]);
  } catch (error) {
    forgive(executor, driver, error);
  }
}
