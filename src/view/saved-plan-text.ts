import type { ChalkInstance } from "chalk";
import type { Plan } from "../plan/plan.ts";
import { stepText } from "./step-text.ts";
import { count } from "./words.ts";

/** A saved plan, step by step: all that can be said of it without looking at the cluster. */
export function savedPlanText({ command, steps, warnings }: Plan, chalk: ChalkInstance): string {
  return [
    chalk.bold(`Plan: ${command}, ${count(steps.length, "step")}`),
    ...steps.map((step) => `  ${stepText(step)}`),
    ...warnings.map((warning) => `${chalk.yellow("warning:")} ${warning}`),
  ].join("\n");
}
