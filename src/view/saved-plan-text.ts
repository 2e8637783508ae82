import type { ChalkInstance } from "chalk";
import type { Plan } from "../plan/plan.ts";
import { stepTexts } from "./step-text.ts";
import { count } from "./words.ts";

/** A saved plan, step by step: all that can be said of it without looking at the cluster. */
export function savedPlanText(plan: Plan, chalk: ChalkInstance): string {
  const { command, steps, warnings } = plan;
  return [
    chalk.bold(`Plan: ${command}, ${count(steps.length, "step")}`),
    ...stepTexts(plan).map((text) => `  ${text}`),
    ...warnings.map((warning) => `${chalk.yellow("warning:")} ${warning}`),
  ].join("\n");
}
