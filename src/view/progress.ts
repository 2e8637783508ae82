import type { RunEvent } from "../execute/events.ts";
import { afterEvent, currentWork, NOTHING_YET, type ProgressState, remarkOf } from "./progress-state.ts";
import { totalText } from "./progress-total.ts";

/** Something that moves while a plan is carried out. */
export interface Progress {
  readonly event: (event: RunEvent) => void;
  /** What goes on before there is anything to tell of. */
  busy(text: string): void;
  /** Clears what moves, so that something else can be written. The next event brings it back. */
  pause(): void;
}

export const silentProgress: Progress = { event: () => undefined, busy: () => undefined, pause: () => undefined };

/** One JSON object a line. */
export function jsonProgress(talk: (text: string) => void): Progress {
  return {
    event: (event) => talk(`${JSON.stringify({ ...event, time: new Date().toISOString() })}\n`),
    busy: () => undefined,
    pause: () => undefined,
  };
}

const PLAIN_EVERY_MS = 3000;

/** Without a terminal: one plain line for each phase when it begins, and one more every few seconds while it lasts. */
export function plainProgress(talk: (text: string) => void, now: () => number = () => performance.now()): Progress {
  let state = NOTHING_YET;
  let phase = "";
  let said = "";
  let timer: NodeJS.Timeout | undefined;
  const say = (text: string | undefined) => {
    if (text === undefined || text === said) return;
    said = text;
    talk(`${text}\n`);
  };
  return {
    event: (event) => {
      state = afterEvent(state, event, now());
      timer ??= setInterval(() => say(plainText(state, now())), PLAIN_EVERY_MS).unref();
      const remark = remarkOf(event, state);
      if (remark !== undefined) talk(`${remark}\n`);
      const { name = "", text } = state.phase ?? {};
      if (name === phase) return;
      phase = name;
      timer.refresh();
      say(text);
    },
    // Whoever reads lines has no use for one that only says to be patient.
    busy: () => undefined,
    pause: () => {
      clearInterval(timer);
      timer = undefined;
    },
  };
}

function plainText(state: ProgressState, now: number): string | undefined {
  const work = currentWork(state);
  return work === undefined ? state.phase?.text : totalText(work, now);
}
