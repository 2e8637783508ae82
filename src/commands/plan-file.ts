import { writeFile } from "node:fs/promises";
import { ExitCode, SlotctlError } from "../errors.ts";
import type { Plan } from "../plan/plan.ts";

/**
 * Saves a plan as JSON.
 * @throws SlotctlError when the file cannot be written
 */
export async function savePlan(plan: Plan, path: string): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(plan, undefined, 2)}\n`);
  } catch (cause) {
    throw new SlotctlError(
      `Cannot write the plan to ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        code: "PLAN_NOT_SAVED",
        exitCode: ExitCode.Failed,
        hint: "Nothing was changed. Check the path given with --plan-out",
        cause,
      },
    );
  }
}
