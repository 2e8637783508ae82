import type { MoveProgressEvent, RunEvent, WorkProgressEvent } from "../../src/execute/events.ts";
import { parseAddress } from "../../src/model/address.ts";
import type { NodeId } from "../../src/model/cluster.ts";
import type { MoveSlots, NodeRef } from "../../src/plan/plan.ts";
import { afterEvent, NOTHING_YET, type ProgressState } from "../../src/view/progress-state.ts";

function refTo(address: string): NodeRef {
  return { id: Buffer.from(address).toString("hex").slice(-40) as NodeId, address: parseAddress(address)! };
}

/** A move of slots from one address to another, key by key. */
export function moveOf(from: string, to: string, slots: string): MoveSlots {
  return { kind: "move-slots", from: refTo(from), to: refTo(to), slots, method: "keys" };
}

export function stepStarted(index: number, step: MoveSlots): RunEvent {
  return { type: "step-started", index, step };
}

export function stepDone(index: number, step: MoveSlots): RunEvent {
  return { type: "step-done", index, step, changed: true };
}

export function moved(
  index: number,
  slotsDone: number,
  slotsTotal: number,
  rest: Partial<MoveProgressEvent> = {},
): RunEvent {
  return { type: "move-progress", index, slots: "", slotsDone, slotsTotal, ...rest };
}

export function worked(lane: string, done: number, rest: Partial<WorkProgressEvent> = {}): RunEvent {
  return { type: "work-progress", what: "Importing keys", lane, done, unit: "keys", ...rest };
}

/** The state after events that came at these seconds. */
export function stateAfter(...events: readonly (readonly [seconds: number, event: RunEvent])[]): ProgressState {
  return events.reduce((state, [seconds, event]) => afterEvent(state, event, seconds * 1000), NOTHING_YET);
}
