import type { SlotRanges } from "../../model/slot.ts";
import type { MoveSlots, NodeRef } from "../../plan/plan.ts";
import type { Executor } from "../executor.ts";
import type { AtomicCommands, Job } from "./job.ts";

/** What the parts of one atomic move share. */
export interface AtomicMove {
  readonly step: MoveSlots;
  /** Those of the step, as ranges. */
  readonly slots: SlotRanges;
  readonly executor: Executor;
  readonly commands: AtomicCommands;
}

export function driverOf({ step, commands }: AtomicMove): NodeRef {
  return commands.driver === "source" ? step.from : step.to;
}

export function peerOf({ step, commands }: AtomicMove): NodeRef {
  return commands.driver === "source" ? step.to : step.from;
}

/** A job that is under way between the two nodes of the move, in this direction. */
export function isOnItsWay({ source, target, result }: Job, { step }: AtomicMove): boolean {
  return result === undefined && source === step.from.id && target === step.to.id;
}
