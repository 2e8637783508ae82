import type { RunEvent, Wait, WorkUnit } from "../execute/events.ts";
import { formatAddress } from "../model/address.ts";
import { countSlots, parseRanges } from "../model/slot.ts";
import type { MoveSlots, Step } from "../plan/plan.ts";
import { Samples } from "./progress-rate.ts";
import { count } from "./words.ts";

/** Where a run stands, as its events tell. */
export interface ProgressState {
  readonly phase: Phase | undefined;
  readonly works: ReadonlyMap<string, Work>;
}

/** What goes on, in words. */
export interface Phase {
  /** The same for as long as it goes on. */
  readonly name: string;
  readonly text: string;
}

/** Lanes that do the same side by side. */
export interface Work {
  /** "Moving slots" */
  readonly what: string;
  readonly unit: WorkUnit;
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly samples: Samples;
}

export interface Lane {
  readonly name: string;
  readonly status: "waiting" | "running" | "ended";
  readonly done: number;
  readonly total: number | undefined;
  /** What had been done already when the lane began: that is no pace. */
  readonly base: number;
  /** Of a move: how many keys went over. Undefined where that is not told. */
  readonly keys: { readonly done: number; readonly total: number } | undefined;
  readonly pace: Pace | undefined;
  readonly samples: Samples;
}

/** How it goes: the size of a write and how long it took; or in words. */
export type Pace =
  | { readonly kind: "writes"; readonly batch: number; readonly milliseconds: number }
  | { readonly kind: "text"; readonly text: string };

export const NOTHING_YET: ProgressState = { phase: undefined, works: new Map() };

/** The state after an event that came at a time in milliseconds, from whatever clock. */
export function afterEvent(state: ProgressState, event: RunEvent, now: number): ProgressState {
  switch (event.type) {
    case "run-started":
      return NOTHING_YET;
    case "step-started":
      return event.step.kind === "move-slots"
        ? withLane(state, { ...MOVES, lane: laneOfMove(event.step) }, String(event.index), now)
        : { ...state, phase: phaseOf(stepPhrase[event.step.kind]) };
    case "move-progress":
      return afterMove(state, event, now);
    case "step-done":
      return afterStep(state, event, now);
    case "step-failed":
      return withoutLane(state, event, now);
    case "waiting":
      return { ...state, phase: waitPhase(event) };
    case "work-progress":
      return afterWork(state, event, now);
    case "notice":
    case "run-done":
      return state;
  }
}

/** What of an event is said by itself, and stays on the screen. */
export function remarkOf(event: RunEvent, after: ProgressState): string | undefined {
  if (event.type === "notice") return event.text;
  // Where nothing else goes on, the run ends with it, and says so.
  const isAlone = event.type !== "step-failed" || currentWork(after) === undefined;
  return isAlone ? undefined : `${event.message}; the others go on`;
}

/** The work that has lanes which are not done; undefined while something else goes on. */
export function currentWork({ works }: ProgressState): Work | undefined {
  return [...works.values()].reverse().find(({ lanes }) => lanesOf(lanes, "running").length > 0);
}

export function lanesOf(lanes: Work["lanes"], status: Lane["status"]): readonly Lane[] {
  return [...lanes.values()].filter((lane) => lane.status === status);
}

const MOVES = { what: "Moving slots", unit: "slots" } as const;

function laneOfMove({ from, to, slots }: MoveSlots): Lane {
  const name = `${formatAddress(from.address)} -> ${formatAddress(to.address)}`;
  return { ...newLane(name), total: countSlots(parseRanges(slots) ?? []) };
}

function newLane(name: string): Lane {
  const nothing = { total: undefined, keys: undefined, pace: undefined };
  return { name, status: "waiting", done: 0, base: 0, ...nothing, samples: Samples.NONE };
}

function afterMove(
  state: ProgressState,
  event: Extract<RunEvent, { type: "move-progress" }>,
  now: number,
): ProgressState {
  const lane = state.works.get(MOVES.what)?.lanes.get(String(event.index));
  if (lane === undefined) return state;
  const { slotsDone, slotsTotal, keysMoved, keysTotal, batch, blockMs, state: word } = event;
  const keys = keysMoved === undefined ? undefined : { done: keysMoved, total: Math.max(keysMoved, keysTotal ?? 0) };
  const pace = keysMoved ? writes(batch, blockMs) : inWords(word);
  const next = progressed(lane, { done: slotsDone, total: slotsTotal, keys, pace }, now);
  return withLane(state, { ...MOVES, lane: next }, String(event.index), now);
}

function writes(batch = 0, milliseconds = 0): Pace {
  return { kind: "writes", batch, milliseconds };
}

function inWords(text: string | undefined): Pace | undefined {
  return text === undefined ? undefined : { kind: "text", text };
}

function afterStep(state: ProgressState, event: Extract<RunEvent, { type: "step-done" }>, now: number): ProgressState {
  const lane = state.works.get(MOVES.what)?.lanes.get(String(event.index));
  if (event.step.kind !== "move-slots" || lane === undefined) return state;
  const done = lane.total ?? lane.done;
  // What was true already took no time.
  const base = lane.status === "waiting" ? done : lane.base;
  const ended: Lane = { ...lane, status: "ended", done, base };
  return withLane(state, { ...MOVES, lane: ended }, String(event.index), now);
}

/** A lane that came to nothing is over, as far as it got. */
function withoutLane(state: ProgressState, { index }: { readonly index: number }, now: number): ProgressState {
  const lane = state.works.get(MOVES.what)?.lanes.get(String(index));
  if (lane === undefined) return state;
  return withLane(state, { ...MOVES, lane: { ...lane, status: "ended" } }, String(index), now);
}

function afterWork(
  state: ProgressState,
  event: Extract<RunEvent, { type: "work-progress" }>,
  now: number,
): ProgressState {
  const { what, unit, lane: name, done, total, detail, ended = total !== undefined && done >= total } = event;
  const lane = state.works.get(what)?.lanes.get(name) ?? newLane(name);
  const next = progressed(lane, { done, total, keys: undefined, pace: inWords(detail) }, now);
  return withLane(state, { what, unit, lane: ended ? { ...next, status: "ended" } : next }, name, now);
}

/** The first that is told of a lane is where it begins. */
function progressed(lane: Lane, news: Pick<Lane, "done" | "total" | "keys" | "pace">, now: number): Lane {
  const base = lane.status === "waiting" ? news.done : lane.base;
  const next: Lane = { ...lane, ...news, status: "running", base };
  return { ...next, samples: lane.samples.with(now, amountsOf(next)) };
}

function withLane(
  { works }: ProgressState,
  { what, unit, lane }: { readonly what: string; readonly unit: WorkUnit; readonly lane: Lane },
  key: string,
  now: number,
): ProgressState {
  const before = works.get(what);
  const lanes = new Map(before?.lanes).set(key, lane);
  const samples = before?.samples ?? Samples.NONE;
  // Adding up all lanes is not worth it for each event of each of them.
  const next = samples.isDue(now) && lane.status !== "waiting" ? samples.with(now, sumOf(lanes.values())) : samples;
  return { phase: phaseOf(what), works: new Map(works).set(what, { what, unit, lanes, samples: next }) };
}

/** What was done since the lane began, and how many keys of it. */
export function amountsOf({ done, base, keys }: Lane): { readonly done: number; readonly keys: number } {
  return { done: done - base, keys: keys?.done ?? 0 };
}

export function sumOf(lanes: Iterable<Lane>): { readonly done: number; readonly keys: number } {
  let [done, keys] = [0, 0];
  for (const lane of lanes) {
    const amounts = amountsOf(lane);
    done += amounts.done;
    keys += amounts.keys;
  }
  return { done, keys };
}

function phaseOf(name: string): Phase {
  return { name, text: `${name}…` };
}

function waitPhase({ on, done, total }: Extract<RunEvent, { type: "waiting" }>): Phase {
  const name = waitPhrase[on];
  return { name, text: `${name}: ${done} of ${count(total, on === "replica-links" ? "replica" : "node")}` };
}

const stepPhrase: Record<Exclude<Step["kind"], "move-slots">, string> = {
  "set-config-epoch": "Giving each node its config epoch",
  "add-slots": "Assigning slots",
  meet: "Joining the nodes",
  replicate: "Attaching replicas",
  "set-config": "Changing settings",
  failover: "Failing over",
  "load-functions": "Copying function libraries",
  forget: "Having every node forget who leaves",
  reset: "Resetting who has left",
  shutdown: "Shutting down who has left",
  "del-slots": "Taking back claims to slots",
  "assign-slots": "Assigning slots",
  "close-slots": "Closing slots",
  "bring-keys": "Bringing keys home",
  "bump-epoch": "Giving nodes config epochs of their own",
};

const waitPhrase: Record<Wait, string> = {
  start: "Waiting for servers that do not answer yet",
  join: "Waiting until every node knows all others",
  agreement: "Waiting until all nodes agree",
  "cluster-state": "Waiting until every node says cluster_state:ok",
  forgotten: "Waiting until nobody lists who leaves",
  "replica-links": "Waiting for the replicas to copy their primaries",
};
