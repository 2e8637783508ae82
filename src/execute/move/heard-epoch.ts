import { ExitCode, SlotctlError } from "../../errors.ts";
import { formatAddress } from "../../model/address.ts";
import { waitUntil } from "../../node/wait-until.ts";
import { hasHeard, ownEpochs } from "../../plan/heard-epochs.ts";
import type { MoveSlots } from "../../plan/plan.ts";
import type { Executor } from "../executor.ts";
import { type Pair, readPair } from "./look-again.ts";

/**
 * A target takes slots over with a config epoch greater than all that it has heard of. Where it has not heard of its
 * source's yet (it was raised a moment ago, or the link between them is just being opened again), that may be too low: the next
 * packet of a source that was not told yet then takes the slots back, and the target deletes the keys that have just come
 * (clusterUpdateSlotsConfigWith, `dirty_slots`). So that is waited for, before a slot is opened.
 * @throws SlotctlError EPOCH_UNHEARD, exit code 7, when it does not hear of it in time
 */
export async function awaitHeardEpoch(step: MoveSlots, pair: Pair, executor: Executor): Promise<void> {
  if (isHeard(pair)) return;
  executor.emit({ type: "waiting", on: "agreement", done: 0, total: 1 });
  const heard = await waitUntil(async () => isHeard(await readPair(step, executor)) || undefined, executor);
  if (heard === undefined) throw unheard(step, pair);
}

/** A target that does not know its source at all refuses to import from it. */
function isHeard({ source, target }: Pair): boolean {
  return hasHeard(target, ownEpochs([source]));
}

function unheard({ from, to }: MoveSlots, { source }: Pair): SlotctlError {
  const [giver, taker] = [formatAddress(from.address), formatAddress(to.address)];
  return new SlotctlError(
    `${taker} has not heard that the config epoch of ${giver} is ${source.myself.configEpoch}: it would lose the slots to it again, and their keys`,
    {
      code: "EPOCH_UNHEARD",
      exitCode: ExitCode.TimedOut,
      hint: "What has not moved yet stays. Check that the two reach each other's bus port; then slotctl resume",
    },
  );
}
