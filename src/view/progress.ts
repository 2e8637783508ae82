import type { RunEvent, Wait } from "../execute/events.ts";
import type { Step } from "../plan/plan.ts";
import { count, groupDigits } from "./words.ts";

/** Something that moves while a plan is carried out. */
export interface Progress {
  readonly event: (event: RunEvent) => void;
  /** Clears the line, so that something else can be written. */
  pause(): void;
}

export const silentProgress: Progress = { event: () => undefined, pause: () => undefined };

/** One JSON object a line. */
export function jsonProgress(talk: (text: string) => void): Progress {
  return {
    event: (event) => talk(`${JSON.stringify({ ...event, time: new Date().toISOString() })}\n`),
    pause: () => undefined,
  };
}

/** Without a terminal: one plain line for each phase when it begins, and at most one more every few seconds. */
export function plainProgress(talk: (text: string) => void, now: () => number = () => performance.now()): Progress {
  let last = "";
  let saidAt = Number.NEGATIVE_INFINITY;
  return {
    event: (event) => {
      const text = phaseText(event);
      if (text === undefined) return;
      const phase = phaseOf(event);
      if (phase === last && now() - saidAt < 3000) return;
      last = phase;
      saidAt = now();
      talk(`${text}\n`);
    },
    pause: () => undefined,
  };
}

function phaseOf(event: RunEvent): string {
  if (event.type === "step-started") return event.step.kind;
  if (event.type === "notice") return event.text;
  return event.type === "waiting" ? event.on : event.type;
}

/** In a terminal: one line that changes, shown once something takes longer than half a second. */
export function spinnerProgress(): Progress {
  let spinner: { start(text: string): unknown; stop(): unknown; text: string } | undefined;
  let text = "";
  let timer: NodeJS.Timeout | undefined;
  let ended = false;

  const show = async () => {
    const { default: ora } = await import("ora");
    if (ended) return;
    spinner ??= ora({ stream: process.stderr, discardStdin: false, hideCursor: false });
    spinner.start(text);
  };
  return {
    event: (event) => {
      const next = phaseText(event);
      if (next === undefined) return;
      text = next;
      ended = false;
      if (spinner !== undefined) spinner.text = text;
      timer ??= setTimeout(() => void show(), 500).unref();
    },
    pause: () => {
      ended = true;
      clearTimeout(timer);
      timer = undefined;
      spinner?.stop();
      spinner = undefined;
    },
  };
}

function phaseText(event: RunEvent): string | undefined {
  switch (event.type) {
    case "step-started":
      return `${stepPhrase[event.step.kind]}…`;
    case "waiting":
      return `${waitPhrase[event.on]}: ${event.done} of ${count(event.total, event.on === "replica-links" ? "replica" : "node")}`;
    case "move-progress":
      return movePhrase(event);
    case "notice":
      return event.text;
    case "run-started":
    case "step-done":
    case "run-done":
      return undefined;
  }
}

function movePhrase(event: Extract<RunEvent, { type: "move-progress" }>): string {
  const { slotsDone, slotsTotal, keysMoved, batch, blockMs } = event;
  const pace = keysMoved === 0 ? "" : `, ${groupDigits(keysMoved)} keys, ${batch} a write, ${blockMs.toFixed(1)} ms`;
  return `Move ${event.index + 1}: ${groupDigits(slotsDone)} of ${count(slotsTotal, "slot")}${pace}`;
}

const stepPhrase: Record<Step["kind"], string> = {
  "set-config-epoch": "Giving each node its config epoch",
  "add-slots": "Assigning slots",
  meet: "Joining the nodes",
  replicate: "Attaching replicas",
  "move-slots": "Moving slots",
};

const waitPhrase: Record<Wait, string> = {
  start: "Waiting for servers that do not answer yet",
  join: "Waiting until every node knows all others",
  agreement: "Waiting until all nodes agree",
  "cluster-state": "Waiting until every node says cluster_state:ok",
  "replica-links": "Waiting for the replicas to copy their primaries",
};
