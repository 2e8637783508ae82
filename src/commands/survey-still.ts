import { ExitCode, SlotctlError } from "../errors.ts";
import { type Cluster, membersOf } from "../model/cluster.ts";
import { type SlotRanges, toRanges } from "../model/slot.ts";
import type { SlotEvidence } from "../model/slot-evidence.ts";
import { waitUntil } from "../node/wait-until.ts";
import { surveySlotEvidence } from "../survey/slot-evidence.ts";
import { surveySettled } from "./survey-settled.ts";

export interface Surveyed {
  readonly cluster: Cluster;
  readonly evidence: SlotEvidence;
}

/**
 * The cluster and the evidence for the slots in trouble, once no keys of open slots are on their way: what somebody is
 * moving right now is not broken.
 * @throws SlotctlError, exit code 3, when the move does not end in time
 */
export async function surveyStill(
  options: Parameters<typeof surveySettled>[0],
  slotsOf: (cluster: Cluster) => SlotRanges,
  context: Parameters<typeof surveySettled>[1],
): Promise<Surveyed> {
  const look = async (): Promise<Surveyed> => {
    const cluster = await surveySettled(options, context);
    return { cluster, evidence: await surveySlotEvidence(cluster, slotsOf(cluster), context.connections) };
  };
  let last = await look();
  if (openSlotsOf(last.cluster).length === 0) return last;
  const found = await waitUntil(async () => {
    const before = last;
    last = await look();
    return isMoving(before, last) ? undefined : last;
  }, context);
  if (found === undefined) throw moveGoesOn();
  return found;
}

function openSlotsOf(cluster: Cluster): SlotRanges {
  return toRanges(membersOf(cluster).flatMap(({ openSlots }) => openSlots.map(({ slot }) => slot)));
}

/** Clients write to open slots as well; but only a move makes keys fewer on one side while they get more on the other. */
function isMoving(before: Surveyed, now: Surveyed): boolean {
  if (openTextOf(before.cluster) !== openTextOf(now.cluster)) return true;
  const changes = [...now.evidence.keys].flatMap(([id, counts]) =>
    membersOf(now.cluster)
      .find((node) => node.id === id)!
      .openSlots.map(({ slot }) => (counts.get(slot) ?? 0) - (before.evidence.keys.get(id)?.get(slot) ?? 0)),
  );
  return changes.some((change) => change > 0) && changes.some((change) => change < 0);
}

function openTextOf(cluster: Cluster): string {
  return membersOf(cluster)
    .flatMap(({ id, openSlots }) => openSlots.map(({ slot, state, peerId }) => `${id} ${slot} ${state} ${peerId}`))
    .sort()
    .join("\n");
}

function moveGoesOn(): SlotctlError {
  return new SlotctlError("Somebody is moving slots right now", {
    code: "MOVE_GOES_ON",
    exitCode: ExitCode.Unhealthy,
    hint: "Nothing was changed. Run fix once that has ended; what is being moved is not broken",
  });
}
