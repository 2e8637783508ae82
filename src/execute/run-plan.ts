import { SlotctlError } from "../errors.ts";
import type { Plan, Step } from "../plan/plan.ts";
import { carryOut, type NumberedStep, type Shared } from "./carry-out.ts";
import type { Executor } from "./executor.ts";
import { interrupted, stoppedPartWay } from "./failures.ts";
import { KeyRate } from "./move/pace.ts";
import { Turns } from "./move/turns.ts";
import { verify } from "./verify.ts";

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
    await verify(plan.expected, executor);
  } catch (error) {
    throw run.explain(error);
  }
  executor.emit({ type: "run-done", changed: run.changed });
  return run.changed;
}

/**
 * Steps of one kind that stand together touch different nodes and are carried out side by side; those that are there
 * for the sake of a later one come one by one.
 */
function phasesOf(steps: readonly Step[]): readonly (readonly NumberedStep[])[] {
  const phases: NumberedStep[][] = [];
  for (const [index, step] of steps.entries()) {
    const phase = phases.at(-1);
    if (phase?.[0]?.step.kind === step.kind && !isAlone(step)) phase.push({ index, step });
    else phases.push([{ index, step }]);
  }
  return phases;
}

/** Elections of several shards at once compete for the same votes, and a copy costs its primary a fork. */
function isAlone(step: Step): boolean {
  return step.kind === "failover" || (step.kind === "replicate" && step.inSync === true);
}

class Run {
  readonly #plan: Plan;
  readonly #executor: Executor;
  readonly #shared: Shared;
  #done = 0;
  changed = false;

  constructor(plan: Plan, executor: Executor) {
    this.#plan = plan;
    this.#executor = executor;
    this.#shared = {
      executor,
      turns: new Turns(executor.limits.concurrency),
      rate: new KeyRate(executor.limits.keysPerSecond),
      onChange: () => {
        this.changed = true;
      },
    };
  }

  /** Lets every step of the phase come to its end before the first failure is reported. */
  async phase(steps: readonly NumberedStep[]): Promise<void> {
    this.#executor.signal.throwIfAborted();
    const outcomes = await Promise.allSettled(steps.map((numbered) => this.#step(numbered)));
    const failed = outcomes.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  async #step({ index, step }: NumberedStep): Promise<void> {
    const { emit } = this.#executor;
    emit({ type: "step-started", index, step });
    const changed = await carryOut({ index, step }, this.#shared);
    this.#done++;
    emit({ type: "step-done", index, step, changed });
  }

  explain(error: unknown): unknown {
    const { signal } = this.#executor;
    const { command, steps } = this.#plan;
    const goOn =
      command === "create" ? "Run the same command again to go on from there" : "slotctl resume goes on from there";
    const progress = { done: this.#done, total: steps.length, goOn };
    if (signal.aborted) return interrupted(this.changed, progress);
    if (!(error instanceof SlotctlError) || !this.changed) return error;
    return stoppedPartWay(error, progress);
  }
}
