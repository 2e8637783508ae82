import type { Step } from "../plan/plan.ts";

/** What a run tells of itself while it goes on. Plain data: it is rendered, or written as one line of JSON. */
export type RunEvent =
  | { readonly type: "run-started"; readonly steps: number }
  | { readonly type: "step-started"; readonly index: number; readonly step: Step }
  /** `changed` is false when the cluster was already so. */
  | { readonly type: "step-done"; readonly index: number; readonly step: Step; readonly changed: boolean }
  /** It came to nothing, and the run will end with it once the steps beside it have come to their end. */
  | { readonly type: "step-failed"; readonly index: number; readonly step: Step; readonly message: string }
  /** Something takes its time: what is waited for, and how far it is. */
  | { readonly type: "waiting"; readonly on: Wait; readonly done: number; readonly total: number }
  | MoveProgressEvent
  | WorkProgressEvent
  /** Something that the operator should know and that does not stop the run. */
  | { readonly type: "notice"; readonly text: string }
  | { readonly type: "run-done"; readonly changed: boolean };

/** `start`: servers that do not answer yet; `join`: nodes that do not know each other yet; and so on. */
export type Wait = "start" | "join" | "agreement" | "cluster-state" | "replica-links" | "forgotten";

export type Emit = (event: RunEvent) => void;

/** A move goes on: of step `index` so many slots have arrived. */
export interface MoveProgressEvent {
  readonly type: "move-progress";
  readonly index: number;
  /**
   * The slots that arrived since the last event of this move, as Redis writes them: "0-99,200", or "". The first event
   * has those that were there already; a move that falls back to another method begins with such an event again.
   */
  readonly slots: string;
  /** Key by key only: how many keys those slots brought, by slot; slots without keys, and those there before, are left out. */
  readonly keysOf?: Readonly<Record<number, number>>;
  readonly slotsDone: number;
  readonly slotsTotal: number;
  /** Key by key only, as are the next three: keys that this run took over. The servers do not tell of their own way. */
  readonly keysMoved?: number;
  /** As counted when the run began with this move; writes make it more or less. */
  readonly keysTotal?: number;
  /** Keys that go over in one write, and how long the source was busy with the last one, in milliseconds. */
  readonly batch?: number;
  readonly blockMs?: number;
  /** The servers' own migration only: their word for what they are doing. */
  readonly state?: string;
}

/**
 * Any other work that takes its time and can be counted. Works of one kind that go on side by side are its lanes; each
 * is drawn with a bar, a rate and the time that is left, and all lanes together with a line for the whole.
 */
export interface WorkProgressEvent {
  readonly type: "work-progress";
  /** What is done, the same for all lanes: "Importing keys". */
  readonly what: string;
  /** Which part of it, in few words and unique within `what`: "127.0.0.1:7000", or "10.0.0.1:7000 -> 10.0.0.2:7000". */
  readonly lane: string;
  /** In the unit, since the lane began. The first event of a lane says where it starts: usually at 0. */
  readonly done: number;
  /** Left out where it is not known beforehand. */
  readonly total?: number;
  readonly unit: WorkUnit;
  /** Something about how it goes, shown where there is room: "100 a write". */
  readonly detail?: string;
  /** The lane is done, or given up. Where `done` has reached `total` that goes without saying. */
  readonly ended?: boolean;
}

export type WorkUnit = "keys" | "bytes" | "slots";
