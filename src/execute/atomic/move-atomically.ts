import type { SlotctlError } from "../../errors.ts";
import { formatAddress } from "../../model/address.ts";
import {
  ALL_SLOTS,
  countSlots,
  formatRanges,
  intersectRanges,
  parseRanges,
  type SlotRanges,
  subtractRanges,
  unionRanges,
} from "../../model/slot.ts";
import { ServerError } from "../../node/node.ts";
import { waitUntil } from "../../node/wait-until.ts";
import type { MoveSlots } from "../../plan/plan.ts";
import { type Executor, forgive, nodeOf, type OnChange } from "../executor.ts";
import { waitForWindow } from "../move/keep-window.ts";
import { adviceOn, isConnectionLoss, mayHaveLostWrites } from "./advice.ts";
import {
  atomicFailed,
  atomicUnsettled,
  atomicUnsupported,
  notAPrimary,
  notTheOwner,
  slotsOpen,
} from "./atomic-failures.ts";
import { type AtomicMove, driverOf, isOnItsWay } from "./atomic-move.ts";
import { atomicDialectOf } from "./dialect.ts";
import { type Ends, hasArrived, openSlotsOf, readEnds, settle, slotsToGo, tryReadEnds } from "./ends.ts";
import { hasSlots, overlaps } from "./job.ts";
import { putToRest } from "./put-to-rest.ts";
import { REDIS } from "./redis.ts";
import { inTurn } from "./turns.ts";
import { VALKEY } from "./valkey.ts";
import { waitForTrim } from "./wait-for-trim.ts";
import { type Outcome, RETRIES, watch } from "./watch.ts";

export interface AtomicProgress {
  /** Arrived since it was told the last time, as Redis writes them. */
  readonly slots: string;
  readonly slotsDone: number;
  readonly slotsTotal: number;
  /** The server's own word for what it is doing. */
  readonly state: string;
}

/**
 * Moves the slots of the step by the servers' own migration and returns whether anything had to be changed. Slots that
 * the target owns already are left out, and a job that runs for exactly the rest is adopted. When the signal aborts,
 * the job is cancelled, and both ends are at rest before this throws.
 * @throws SlotctlError: with code ATOMIC_FAILED the slots are untouched, and can be moved another way
 */
export async function moveAtomically(
  step: MoveSlots,
  executor: Executor,
  onChange: OnChange,
  progress: (progress: AtomicProgress) => void,
): Promise<boolean> {
  const [source, target] = await Promise.all([nodeOf(executor, step.from), nodeOf(executor, step.to)]);
  const dialect = await atomicDialectOf(source, target);
  if (dialect === undefined) throw atomicUnsupported(step);
  const commands = dialect === "valkey" ? VALKEY : REDIS;
  const move: AtomicMove = { step, slots: parseRanges(step.slots) ?? [], executor, commands };
  // A source forks for each of its migrations and pauses all its writes at the end of each: one after the other. And
  // cancelling one on Valkey cancels all that leave the node, so that there must be no other of ours.
  const busy = commands.oneAtATime ? [step.from.id, step.to.id] : [step.from.id];
  return inTurn(executor.connections, busy, () => moveInTurn(move, onChange, progress));
}

async function moveInTurn(
  move: AtomicMove,
  onChange: OnChange,
  progress: (progress: AtomicProgress) => void,
): Promise<boolean> {
  const { signal } = move.executor;
  let begun = false;
  const begin = () => {
    begun = true;
    onChange();
  };
  signal.throwIfAborted();
  await waitForWindow(move.step, move.executor);
  try {
    await makeAttempts(move, begin, reporter(move, progress));
  } catch (error) {
    if (!begun || !signal.aborted) throw error;
    await putToRest(move);
    // It may have been too late to cancel it.
    if (!hasArrived(await tryReadEnds(move), move)) throw error;
  }
  return begun;
}

/** Tells of a state once. */
function reporter({ slots }: AtomicMove, progress: (progress: AtomicProgress) => void): Report {
  const slotsTotal = countSlots(slots);
  let last: string | undefined;
  let wereToGo = slots;
  return (state, slotsToGo) => {
    if (state === last) return;
    last = state;
    const arrived = formatRanges(subtractRanges(wereToGo, slotsToGo));
    wereToGo = slotsToGo;
    progress({ slots: arrived, slotsDone: slotsTotal - countSlots(slotsToGo), slotsTotal, state });
  };
}

type Report = (state: string, slotsToGo: SlotRanges) => void;

async function makeAttempts(move: AtomicMove, begin: () => void, report: Report): Promise<void> {
  const reasons: string[] = [];
  for (;;) {
    const ends = reasons.length === 0 ? await readEnds(move) : await tryReadEnds(move);
    const toGo = ends === undefined ? move.slots : slotsToGo(ends, move);
    if (toGo.length === 0) return conclude(move, report);
    const outcome = ends === undefined ? SILENT : await attempt(move, ends, { toGo, begin, report });
    warn(move, outcome, reasons);
    if (outcome.kind === "arrived") return conclude(move, report);
    reasons.push(outcome.reason);
    if (outcome.next === "cancel") {
      await putToRest(move);
      if (hasArrived(await tryReadEnds(move), move)) return conclude(move, report);
    }
    if (outcome.next !== "retry" || reasons.length > RETRIES) throw await giveUp(move, toGo, reasons);
    await pause(move.executor, FIRST_PAUSE_MS * 3 ** (reasons.length - 1));
  }
}

const FIRST_PAUSE_MS = 250;

const SILENT: Outcome = { kind: "failed", reason: "one of the nodes does not answer", next: "retry" };

function pause({ signal }: Executor, timeout: number): Promise<undefined> {
  return waitUntil<undefined>(async () => undefined, { timeout, signal });
}

async function conclude(move: AtomicMove, report: Report): Promise<void> {
  await settle(move);
  if (move.commands.oneAtATime) await waitForTrim(move);
  report("done", []);
}

interface Attempt {
  readonly toGo: SlotRanges;
  readonly begin: () => void;
  readonly report: Report;
}

async function attempt(move: AtomicMove, ends: Ends, { toGo, begin, report }: Attempt): Promise<Outcome> {
  refuseUnfit(move, ends, toGo);
  const running = ends[move.commands.driver].jobs.find((job) => isOnItsWay(job, move) && hasSlots(job, toGo));
  if (running === undefined && isBusy(move, ends, toGo)) {
    const reason = "another migration of some of these slots, or of one of these nodes, runs already";
    return { kind: "failed", reason, next: "retry" };
  }
  begin();
  const id = running?.id ?? (await start(move, toGo));
  return typeof id === "string" ? watch(move, id, (state) => report(state, toGo)) : id;
}

/** @throws SlotctlError when an end is no primary, the source does not own the slots, or they are not at rest */
function refuseUnfit({ step, commands }: AtomicMove, { source, target }: Ends, toGo: SlotRanges): void {
  if (source.view.myself.role === "replica") throw notAPrimary(step.from);
  if (target.view.myself.role === "replica") throw notAPrimary(step.to);
  const open = unionRanges(openSlotsOf(source), openSlotsOf(target));
  // Redis wants all slots at rest, and deletes what it holds of foreign ones: of a half moved slot the only copy.
  const inTheWay = intersectRanges(open, commands.oneAtATime ? ALL_SLOTS : toGo);
  if (inTheWay.length > 0) throw slotsOpen(step, inTheWay);
  const foreign = subtractRanges(toGo, source.view.myself.slots);
  if (foreign.length > 0) throw notTheOwner(step, foreign);
}

function isBusy({ commands }: AtomicMove, { source, target }: Ends, slots: SlotRanges): boolean {
  const running = [...source.jobs, ...target.jobs].filter(({ result }) => result === undefined);
  return running.some((job) => commands.oneAtATime || overlaps(job, slots));
}

/** The id of the job, or why there is none. */
async function start(move: AtomicMove, slots: SlotRanges): Promise<string | Outcome> {
  const { executor, commands, step } = move;
  const driver = driverOf(move);
  try {
    return await commands.start(await nodeOf(executor, driver), slots, step.to.id);
  } catch (error) {
    if (error instanceof ServerError) {
      return { kind: "failed", reason: error.message, next: adviceOn(error.message).retry ? "retry" : "give-up" };
    }
    // It may have begun all the same: the next look at the ends tells.
    forgive(executor, driver, error);
    return { kind: "failed", reason: (error as SlotctlError).message, next: "retry" };
  }
}

/** What the operator should know of, whatever comes of it. `reasons` are those of the attempts before. */
function warn({ executor, step, commands }: AtomicMove, outcome: Outcome, reasons: readonly string[]): void {
  const text = outcome.kind === "arrived" ? outcome.remark : outcome.reason;
  if (mayHaveLostWrites(text)) {
    const place = `from ${formatAddress(step.from.address)} to ${formatAddress(step.to.address)}`;
    const notice = `Writes to slots ${step.slots} may have been lost while they moved ${place}: ${text}`;
    executor.emit({ type: "notice", text: notice });
  }
  const losses = reasons.filter(isConnectionLoss).length;
  if (commands === VALKEY && isConnectionLoss(text) && losses === 1) {
    const notice =
      "Valkey 9 is known to break off a migration under heavy writes to its slots (valkey-io/valkey#4545): a quieter time helps, or --method keys";
    executor.emit({ type: "notice", text: notice });
  }
}

async function giveUp(move: AtomicMove, toGo: SlotRanges, reasons: readonly string[]): Promise<SlotctlError> {
  const ends = await tryReadEnds(move);
  return ends !== undefined && isUntouched(move, ends, toGo)
    ? atomicFailed(move.step, toGo, reasons)
    : atomicUnsettled(move.step, toGo, reasons);
}

/** The source owns all of it, nothing is half moved, and nobody works at it. */
function isUntouched(move: AtomicMove, ends: Ends, slots: SlotRanges): boolean {
  const { source, target } = ends;
  const open = unionRanges(openSlotsOf(source), openSlotsOf(target));
  const isWhole = subtractRanges(slots, source.view.myself.slots).length === 0;
  return isWhole && intersectRanges(open, slots).length === 0 && !isBusy(move, ends, slots);
}
