import { SLOT_COUNT } from "../../model/slot.ts";
import type { NodeWeight } from "./drop-in-command.ts";
import { type Given, last } from "./given.ts";
import type { Valued } from "./option-table.ts";
import { refusal, type Stop, throwing } from "./stop.ts";

/** What redis-cli takes where nothing is said. */
export const DROP_IN_DEFAULTS = { replicas: 0, timeout: 60_000, pipeline: 10, threshold: 2 } as const;

export interface Numbers {
  readonly replicas: number;
  readonly slots: number | undefined;
  readonly timeout: number;
  readonly pipeline: number;
  readonly threshold: number;
  readonly weights: readonly NodeWeight[];
}

/** The largest number that redis-cli could hold. */
export const INT_MAX = 2_147_483_647;

/**
 * redis-cli takes "abc" for 0 and "10abc" for 10. Some of what follows from that is harmless; a pipeline of 0 deletes
 * keys. So whatever is no number within its range is refused, even where the subcommand does not use it.
 */
export function numbersOf(given: Given): Numbers {
  const threshold = last(given, "--cluster-threshold");
  return {
    replicas: wholeNumberOption(given, "--cluster-replicas", { least: 0, most: INT_MAX }) ?? DROP_IN_DEFAULTS.replicas,
    slots: wholeNumberOption(given, "--cluster-slots", { least: 1, most: SLOT_COUNT }),
    timeout: timeoutOf(given),
    pipeline: wholeNumberOption(given, "--cluster-pipeline", { least: 1, most: INT_MAX }) ?? DROP_IN_DEFAULTS.pipeline,
    threshold:
      threshold === undefined
        ? DROP_IN_DEFAULTS.threshold
        : (decimal(threshold) ?? throwing(invalid("--cluster-threshold", threshold, "a percentage of 0 or more"))),
    weights: given.options.filter(({ name }) => name === "--cluster-weight").map(({ value }) => weightIn(value)),
  };
}

/** Servers take a MIGRATE timeout of 0 for a second. */
function timeoutOf(given: Given): number {
  const timeout = wholeNumberOption(given, "--cluster-timeout", { least: 0, most: INT_MAX });
  return timeout === 0 ? 1000 : (timeout ?? DROP_IN_DEFAULTS.timeout);
}

/** "87c75b0c=2.5" */
function weightIn(text: string): NodeWeight {
  const [, prefix, number = ""] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  const weight = decimal(number);
  if (prefix === undefined || weight === undefined) {
    throw invalid("--cluster-weight", text, "the beginning of a node id, '=' and a number of 0 or more");
  }
  return { prefix, weight };
}

interface Range {
  readonly least: number;
  readonly most: number;
}

function wholeNumberOption(given: Given, option: Valued, range: Range): number | undefined {
  const text = last(given, option);
  if (text === undefined) return undefined;
  return wholeNumber(text, range) ?? throwing(invalid(option, text, wholeNumberText(range)));
}

export function wholeNumber(text: string, { least, most }: Range): number | undefined {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}

export function wholeNumberText({ least, most }: Range): string {
  return most === INT_MAX ? `a whole number of at least ${least}` : `a whole number from ${least} to ${most}`;
}

/** "2", "0.5", ".01"; nothing below zero, and no infinity. */
export function decimal(text: string): number | undefined {
  const number = /^(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

export function invalid(what: string, value: string, expected: string): Stop {
  return refusal(`[ERR] Invalid ${what} '${value}': it must be ${expected}`);
}
