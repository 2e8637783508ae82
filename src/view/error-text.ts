import type { ChalkInstance } from "chalk";
import type { SlotctlError } from "../errors.ts";

/** "error: what happened", the findings if there are several, "hint: what to do". */
export function errorText({ message, details, hint }: SlotctlError, chalk: ChalkInstance): string {
  const lines = [
    `${chalk.red("error:")} ${message}`,
    ...details.map((detail) => `  ${detail}`),
    ...(hint === undefined ? [] : [`${chalk.cyan("hint:")} ${hint}`]),
  ];
  return `${lines.join("\n")}\n`;
}
