import { type Command, InvalidArgumentError, Option } from "commander";
import type { MoveOptions } from "../commands/moves.ts";
import type { RunOptions } from "../commands/run-kept.ts";
import { countArgument, durationArgument, sizeArgument } from "./options.ts";

/** The flags of every command that moves slots. */
export interface MoveFlags {
  readonly concurrency: number;
  readonly pipeline: number;
  readonly maxBlock: number;
  readonly rate?: number;
  readonly migrateTimeout: number;
  readonly replace?: boolean;
  /** Not there for a plan that is made already: it says itself. */
  readonly method?: MoveOptions["method"];
  readonly keepEmpty?: boolean;
  readonly bigKey?: number;
  readonly dryRun?: boolean;
  readonly detailedExitcode?: boolean;
  readonly planOut?: string;
}

const PACE = "Pace:";

/** `replace` is not for every command: what repairs a cluster overwrites nothing without keeping it. */
export function addLimitOptions(command: Command, { replace = true } = {}): Command {
  const add = (flags: string, description: string, more: (option: Option) => Option) =>
    command.addOption(more(new Option(flags, description).helpGroup(PACE)));
  add("--concurrency <moves>", "moves that a node takes part in at a time", (option) =>
    option.argParser(countArgument(1)).default(4),
  );
  add("--pipeline <keys>", "keys in one MIGRATE at the most", (option) =>
    option.argParser(countArgument(1)).default(100),
  );
  add("--max-block <time>", "how long a source may be busy with one write", (option) =>
    option.argParser(positiveDuration).default(10, "10ms"),
  );
  add("--rate <keys>", "keys a second over all moves (as fast as it goes)", (option) =>
    option.argParser(countArgument(1)),
  );
  add("--migrate-timeout <time>", "how long one MIGRATE may take", (option) =>
    option.argParser(positiveDuration).default(60_000, "60s"),
  );
  if (replace)
    add("--replace", "let the source's value win where the target holds the key already", (option) => option);
  return command;
}

export function addPlanOptions(command: Command): Command {
  const method = new Option("--method <how>", "auto takes the servers' own atomic migration where they have it");
  return command
    .addOption(method.choices(["auto", "keys", "atomic"]).default("auto"))
    .option("--keep-empty", "primaries that lose all their slots stay primaries")
    .addOption(
      new Option("--big-key <size>", "name keys in the plan from this size on, as far as it looks at them")
        .argParser(sizeArgument)
        .default(10_000_000, "10MB"),
    )
    .option("--dry-run", "show the plan and change nothing")
    .option("--detailed-exitcode", "with --dry-run: exit 10 when there are changes to make")
    .option("--plan-out <file>", "save the plan as JSON, for slotctl apply");
}

export function limitsOf(flags: MoveFlags): RunOptions["limits"] {
  return {
    concurrency: flags.concurrency,
    pipeline: flags.pipeline,
    maxBlockMs: flags.maxBlock,
    keysPerSecond: flags.rate,
    migrateTimeoutMs: flags.migrateTimeout,
    fallBackToKeys: flags.method !== "atomic",
    replace: flags.replace === true,
  };
}

export function moveOptionsOf(flags: MoveFlags, environment: MoveOptions["environment"]): MoveOptions {
  return {
    limits: limitsOf(flags),
    method: flags.method ?? "auto",
    keepEmpty: flags.keepEmpty === true,
    bigKeyBytes: flags.bigKey ?? Number.POSITIVE_INFINITY,
    dryRun: flags.dryRun === true,
    detailedExitCode: flags.detailedExitcode === true,
    planOut: flags.planOut,
    environment,
  };
}

/** A time that is not nothing, in whole milliseconds. */
export function positiveDuration(text: string): number {
  const milliseconds = durationArgument(text);
  if (milliseconds < 1) throw new InvalidArgumentError("Expected a time of at least 1ms");
  return Math.round(milliseconds);
}
