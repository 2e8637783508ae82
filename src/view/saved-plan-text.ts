import type { ChalkInstance } from "chalk";
import { type Address, formatAddress } from "../model/address.ts";
import { countSlots, parseRanges } from "../model/slot.ts";
import type { Plan, Step } from "../plan/plan.ts";
import { count } from "./words.ts";

/** A saved plan, step by step: all that can be said of it without looking at the cluster. */
export function savedPlanText({ command, steps, warnings }: Plan, chalk: ChalkInstance): string {
  return [
    chalk.bold(`Plan: ${command}, ${count(steps.length, "step")}`),
    ...steps.map((step) => `  ${stepText(step)}`),
    ...warnings.map((warning) => `${chalk.yellow("warning:")} ${warning}`),
  ].join("\n");
}

function stepText(step: Step): string {
  const name = ({ address }: { readonly address: Address }) => formatAddress(address);
  switch (step.kind) {
    case "set-config-epoch":
      return `give ${name(step.node)} config epoch ${step.epoch}`;
    case "add-slots":
      return `give ${name(step.node)} slots ${step.slots}`;
    case "meet":
      return `join ${count(step.nodes.length, "node")} into one cluster`;
    case "move-slots":
      return `move ${count(countSlots(parseRanges(step.slots) ?? []), "slot")} from ${name(step.from)} to ${name(step.to)}: ${step.slots}`;
    case "replicate":
      return `make ${name(step.node)} a replica of ${name(step.primary)}`;
  }
}
