import { SlotctlError } from "../errors.ts";
import { formatAddress } from "../model/address.ts";
import { countSlots, parseRanges } from "../model/slot.ts";
import type { BringKeys, MoveSlots, Plan, Step } from "../plan/plan.ts";
import { carryOut, type NumberedStep, type Shared } from "./carry-out.ts";
import type { Emit, RunEvent } from "./events.ts";
import type { Executor } from "./executor.ts";
import { interrupted, keysLeft, stoppedPartWay } from "./failures.ts";
import { Incoming } from "./move/incoming.ts";
import { Throttle } from "./move/pace.ts";
import { Turns } from "./move/turns.ts";
import { puttingBack, setConfig } from "./set-config.ts";
import { awaitAgreement, verify } from "./verify.ts";

/**
 * Carries out a plan and returns whether anything had to be changed. Each step first looks whether it is true already,
 * so that a run can be repeated after any interruption; afterwards every node itself has to report what was planned.
 * @throws SlotctlError that says what was done before it
 */
export async function runPlan(plan: Plan, executor: Executor): Promise<boolean> {
  const run = new Run(plan, executor);
  executor.emit({ type: "run-started", steps: plan.steps.length });
  try {
    for (const phase of phasesOf(plan.steps)) await run.phase(phase);
    run.refuseLeft();
    await verify(plan.expected, executor);
  } catch (error) {
    await run.putBack();
    throw run.explain(error);
  }
  executor.emit({ type: "run-done", changed: run.changed });
  return run.changed;
}

/**
 * Steps of one kind that stand together are carried out side by side, except those that are there for the sake of a later
 * one. And nobody takes slots while it gives some away: between the moment in which a target claims a slot and the one
 * in which the source hears of it, a larger epoch that the source got as a target of its own would make its old claim
 * win, and the target would delete the keys. Nor can servers send each other keys at the same time: MIGRATE stops all
 * else on the source until the target has answered, so both would wait for each other until the time for it is over.
 */
function phasesOf(steps: readonly Step[]): readonly (readonly NumberedStep[])[] {
  const phases: NumberedStep[][] = [];
  for (const [index, step] of steps.entries()) {
    const phase = phases.at(-1);
    if (phase?.[0]?.step.kind === step.kind && !isAlone(step) && !phase.some((other) => crosses(other.step, step))) {
      phase.push({ index, step });
    } else {
      phases.push([{ index, step }]);
    }
  }
  return phases;
}

/** How long a run that has failed waits for the nodes to agree before it puts settings back. */
const PUT_BACK_MS = 5000;

/** Elections of several shards at once compete for the same votes, and a copy costs its primary a fork. */
function isAlone(step: Step): boolean {
  return step.kind === "failover" || (step.kind === "replicate" && step.inSync === true);
}

function crosses(one: Step, other: Step): boolean {
  if (!movesKeys(one) || !movesKeys(other)) return false;
  return one.from.id === other.to.id || one.to.id === other.from.id;
}

function movesKeys(step: Step): step is MoveSlots | BringKeys {
  return step.kind === "move-slots" || step.kind === "bring-keys";
}

class Run {
  readonly #plan: Plan;
  readonly #executor: Executor;
  readonly #shared: Shared;
  readonly #begun = new Set<number>();
  /** Of each move that was begun, how many of its slots have arrived. */
  readonly #arrived = new Map<number, number>();
  #done = 0;
  changed = false;

  constructor(plan: Plan, executor: Executor) {
    this.#plan = plan;
    this.#executor = { ...executor, emit: (event) => this.#tell(event, executor.emit) };
    this.#shared = {
      executor: this.#executor,
      turns: new Turns(executor.limits.concurrency),
      oneByOne: new Turns(1),
      left: [],
      throttle: new Throttle(executor.limits.rate?.perSecond),
      incoming: new Incoming(),
      onChange: () => {
        this.changed = true;
      },
    };
  }

  #tell(event: RunEvent, emit: Emit): void {
    if (event.type === "move-progress") this.#arrived.set(event.index, event.slotsDone);
    emit(event);
  }

  /** Lets every step of the phase come to its end before the first failure is reported. */
  async phase(steps: readonly NumberedStep[]): Promise<void> {
    this.#executor.signal.throwIfAborted();
    if (this.#isPuttingBack(steps)) await awaitAgreement(this.#executor);
    const outcomes = await Promise.allSettled(steps.map((numbered) => this.#step(numbered)));
    const failed = outcomes.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  async #step({ index, step }: NumberedStep): Promise<void> {
    const { emit } = this.#executor;
    this.#begun.add(index);
    emit({ type: "step-started", index, step });
    try {
      const changed = await carryOut({ index, step }, this.#shared);
      this.#done++;
      emit({ type: "step-done", index, step, changed });
    } catch (error) {
      if (error instanceof SlotctlError) emit({ type: "step-failed", index, step, message: error.message });
      throw error;
    }
  }

  /** A node acts by its settings when it hears of a change, so they stay until everybody has heard. */
  #isPuttingBack(steps: readonly NumberedStep[]): boolean {
    const toPutBack = puttingBack(this.#plan.steps, this.#begun);
    return steps.some(({ step }) => step.kind === "set-config" && toPutBack.includes(step));
  }

  /** Undoes what was only meant for as long as the run lasts. What fails here is done by whoever goes on with the plan. */
  async putBack(): Promise<void> {
    const steps = puttingBack(this.#plan.steps, this.#begun);
    if (steps.length === 0) return;
    const { timeout, emit } = this.#executor;
    // The run may have been told to stop, and this still has to be done.
    const executor = {
      ...this.#executor,
      signal: new AbortController().signal,
      timeout: Math.min(timeout, PUT_BACK_MS),
    };
    await awaitAgreement(executor).catch(() => undefined);
    const outcomes = await Promise.allSettled(steps.map((step) => setConfig(step, executor, () => undefined)));
    for (const [i, { status }] of outcomes.entries()) {
      const { setting, value, node } = steps[i]!;
      const where = formatAddress(node.address);
      if (status === "rejected")
        emit({ type: "notice", text: `${setting} of ${where} could not be set back to ${value}` });
    }
  }

  /** Everything else was done: the keys about which only a person can decide come last. */
  refuseLeft(): void {
    const { left } = this.#shared;
    if (left.length > 0) throw keysLeft(left);
  }

  explain(error: unknown): unknown {
    const { signal } = this.#executor;
    const { command } = this.#plan;
    const goOn =
      command === "create" || command === "fix"
        ? "Run the same command again to go on from there"
        : "slotctl resume goes on from there";
    const progress = { howFar: this.#howFar(), goOn };
    if (signal.aborted) return interrupted(this.changed, progress);
    if (!(error instanceof SlotctlError) || !this.changed) return error;
    return stoppedPartWay(error, progress);
  }

  /** In slots where slots are what takes time, else in steps. */
  #howFar(): string {
    const { steps } = this.#plan;
    const slots = steps.map((step) => (step.kind === "move-slots" ? countSlots(parseRanges(step.slots) ?? []) : 0));
    const total = slots.reduce((sum, count) => sum + count, 0);
    if (total === 0 || this.#arrived.size === 0) return `${this.#done} of ${steps.length} steps were done`;
    const arrived = [...this.#arrived.values()].reduce((sum, count) => sum + count, 0);
    return `${arrived} of ${total} slots have arrived`;
  }
}
