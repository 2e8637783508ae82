import type { Step } from "../plan/plan.ts";

/** What a run tells of itself while it goes on. Plain data: it is rendered, or written as one line of JSON. */
export type RunEvent =
  | { readonly type: "run-started"; readonly steps: number }
  | { readonly type: "step-started"; readonly index: number; readonly step: Step }
  /** `changed` is false when the cluster was already so. */
  | { readonly type: "step-done"; readonly index: number; readonly step: Step; readonly changed: boolean }
  /** Something takes its time: what is waited for, and how far it is. */
  | { readonly type: "waiting"; readonly on: Wait; readonly done: number; readonly total: number }
  /** A move goes on: of step `index` so many slots have arrived, and so many keys went over. */
  | {
      readonly type: "move-progress";
      readonly index: number;
      readonly slotsDone: number;
      readonly slotsTotal: number;
      readonly keysMoved: number;
      /** Keys that go over in one write, and how long the source was busy with the last one, in milliseconds. */
      readonly batch: number;
      readonly blockMs: number;
    }
  /** Something that the operator should know and that does not stop the run. */
  | { readonly type: "notice"; readonly text: string }
  | { readonly type: "run-done"; readonly changed: boolean };

/** `start`: servers that do not answer yet; `join`: nodes that do not know each other yet; and so on. */
export type Wait = "start" | "join" | "agreement" | "cluster-state" | "replica-links";

export type Emit = (event: RunEvent) => void;
