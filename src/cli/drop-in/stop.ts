import { ExitCode } from "../../errors.ts";
import type { DropIn } from "./drop-in.ts";

/** Ends the reading of a command line with something else than a command. Never leaves this folder. */
export class Stop extends Error {
  readonly outcome: DropIn;

  constructor(outcome: DropIn) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

export function refusal(line: string): Stop {
  return new Stop({ kind: "error", text: `${line}\n`, exitCode: ExitCode.Failed });
}

export function throwing(stop: Stop): never {
  throw stop;
}
