import type { Step } from "../plan/plan.ts";

/** What a run tells of itself while it goes on. Plain data: it is rendered, or written as one line of JSON. */
export type RunEvent =
  | { readonly type: "run-started"; readonly steps: number }
  | { readonly type: "step-started"; readonly index: number; readonly step: Step }
  /** `changed` is false when the cluster was already so. */
  | { readonly type: "step-done"; readonly index: number; readonly step: Step; readonly changed: boolean }
  /** Something takes its time: what is waited for, and how far it is. */
  | { readonly type: "waiting"; readonly on: Wait; readonly done: number; readonly total: number }
  | { readonly type: "run-done"; readonly changed: boolean };

/** `start`: servers that do not answer yet; `join`: nodes that do not know each other yet; and so on. */
export type Wait = "start" | "join" | "agreement" | "cluster-state" | "replica-links";

export type Emit = (event: RunEvent) => void;
