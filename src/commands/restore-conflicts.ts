import { ExitCode } from "../errors.ts";
import { restoreValues } from "../execute/fix/restore-values.ts";
import { signatureOf } from "../model/cluster.ts";
import { PLAN_SCHEMA_VERSION, type Plan } from "../plan/plan.ts";
import { survey } from "../survey/survey.ts";
import type { ChangeResult } from "../view/view.ts";
import { count } from "../view/words.ts";
import type { PlanOptions } from "./carry-out-plan.ts";
import { loadConflicts } from "./conflict-file.ts";
import type { Context } from "./context.ts";
import { declined } from "./declined.ts";
import { executorOn } from "./run-kept.ts";

/** Puts the values back that an earlier fix gave up; what they replace goes to a file in its turn. */
export async function restoreConflicts(path: string, options: PlanOptions, context: Context): Promise<ExitCode> {
  const { view, seeds, connections } = context;
  const values = await loadConflicts(path);
  const cluster = await survey(seeds, connections);
  const what = `${count(values.length, "value")} of ${path}`;
  const plan: Plan = {
    schemaVersion: PLAN_SCHEMA_VERSION,
    command: "fix",
    madeFor: signatureOf(cluster),
    steps: [],
    reasons: [`put ${what} back; what is there now is kept in a new file`],
    warnings: [],
    expected: [],
  };
  const shown = { kind: "steps", plan, preview: undefined } as const;
  const started = performance.now();
  const tell = (outcome: ChangeResult, summary: string) =>
    view.result({ kind: "changed", outcome, shown, summary, seconds: (performance.now() - started) / 1000 });
  view.plan(shown);
  if (options.dryRun) {
    tell("dry-run", what);
    return values.length > 0 && options.detailedExitCode ? ExitCode.ChangesPending : ExitCode.Ok;
  }
  if (!(await context.confirm("Put these values back?"))) throw declined();
  const { restored, expired } = await restoreValues(values, executorOn(cluster, options, context));
  const late = expired === 0 ? "" : `, ${count(expired, "more value")} had expired`;
  const same =
    restored === 0 ? "the keys hold these values already" : `${count(restored, "key")} got their values back`;
  tell(restored === 0 ? "nothing" : "done", `${same}${late}`);
  return ExitCode.Ok;
}
