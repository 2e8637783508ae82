import { type Command, InvalidArgumentError, Option } from "commander";
import type { MoveOptions } from "../commands/moves.ts";
import type { RunOptions } from "../commands/run-kept.ts";
import { type DailyWindow, parseDailyWindow } from "../model/daily-window.ts";
import type { RateLimit } from "../plan/move-plan.ts";
import { countArgument, durationArgument, sizeArgument } from "./options.ts";

/** The flags of every command that makes a plan. */
export interface PlanFlags {
  readonly dryRun?: boolean;
  readonly detailedExitcode?: boolean;
  readonly planOut?: string;
}

/** The flags of every command that moves slots. */
export interface MoveFlags extends PlanFlags {
  readonly concurrency: number;
  readonly pipeline: number;
  readonly maxBlock: number;
  readonly rate?: RateLimit;
  readonly window?: DailyWindow;
  readonly migrateTimeout: number;
  readonly replace?: boolean;
  readonly ignoreMemory?: boolean;
  /** Not there for a plan that is made already: it says itself. */
  readonly method?: MoveOptions["method"];
  readonly keepEmpty?: boolean;
  readonly bigKey?: number;
}

const PACE = "Pace:";

export function addLimitOptions(command: Command): Command {
  addPaceOptions(command)
    .addOption(
      new Option("--window <from-to>", "begin with slots only between these times of the day, for example 01:00-05:00")
        .argParser(windowArgument)
        .helpGroup(PACE),
    )
    .addOption(
      new Option("--replace", "let the source's value win where the target holds the key already").helpGroup(PACE),
    );
  return command.option(
    "--ignore-memory",
    "move slots also to a node without room for them: it may evict keys, or refuse them",
  );
}

/** Without those by which keys may be lost. */
export function addPaceOptions(command: Command): Command {
  const add = (flags: string, description: string, more: (option: Option) => Option) =>
    command.addOption(more(new Option(flags, description).helpGroup(PACE)));
  add("--concurrency <moves>", "moves that a node takes part in at a time", (option) =>
    option.argParser(countArgument(1)).default(4),
  );
  add("--pipeline <keys>", "keys in one MIGRATE at the most", (option) =>
    option.argParser(countArgument(1)).default(100),
  );
  add("--max-block <time>", "how long one write may keep a source busy at the most", (option) =>
    option.argParser(positiveDuration).default(10, "10ms"),
  );
  add("--rate <keys|size>", "keys, or bytes as 20MB, a second over all moves (as fast as it goes)", (option) =>
    option.argParser(rateArgument),
  );
  add("--migrate-timeout <time>", "how long one MIGRATE may take", (option) =>
    option.argParser(positiveDuration).default(60_000, "60s"),
  );
  return command;
}

export function addPlanOptions(command: Command): Command {
  const method = new Option("--method <how>", "auto takes the servers' own atomic migration where they have it");
  return addDryRunOptions(
    command
      .addOption(method.choices(["auto", "keys", "atomic"]).default("auto"))
      .addOption(
        new Option("--big-key <size>", "name keys in the plan from this size on, as far as it looks at them")
          .argParser(sizeArgument)
          .default(10_000_000, "10MB"),
      ),
  );
}

export function addDryRunOptions(command: Command): Command {
  return command
    .option("--dry-run", "show the plan and change nothing")
    .option("--detailed-exitcode", "with --dry-run: exit 10 when there are changes to make")
    .option("--plan-out <file>", "save the plan as JSON, for slotctl apply");
}

/** For those that may leave a primary without slots as a member. */
export function addKeepEmptyOption(command: Command): Command {
  return command.option("--keep-empty", "primaries that lose all their slots stay primaries");
}

export function limitsOf(flags: MoveFlags): RunOptions["limits"] {
  return {
    concurrency: flags.concurrency,
    pipeline: flags.pipeline,
    maxBlockMs: flags.maxBlock,
    rate: flags.rate,
    window: flags.window,
    migrateTimeoutMs: flags.migrateTimeout,
    fallBackToKeys: flags.method !== "atomic",
    replace: flags.replace === true,
  };
}

export function runOptionsOf(flags: MoveFlags, environment: RunOptions["environment"]): RunOptions {
  return { limits: limitsOf(flags), ignoreMemory: flags.ignoreMemory === true, environment };
}

export function moveOptionsOf(flags: MoveFlags, environment: MoveOptions["environment"]): MoveOptions {
  return {
    ...planOptionsOf(flags, environment),
    ...runOptionsOf(flags, environment),
    method: flags.method ?? "auto",
    keepEmpty: flags.keepEmpty === true,
    bigKeyBytes: flags.bigKey ?? Number.POSITIVE_INFINITY,
  };
}

export function planOptionsOf(
  flags: PlanFlags,
  environment: MoveOptions["environment"],
): Omit<MoveOptions, "limits" | "method" | "keepEmpty" | "bigKeyBytes"> {
  return {
    environment,
    dryRun: flags.dryRun === true,
    detailedExitCode: flags.detailedExitcode === true,
    planOut: flags.planOut,
  };
}

function windowArgument(text: string): DailyWindow {
  const window = parseDailyWindow(text);
  if (window === undefined) throw new InvalidArgumentError("Expected two times of the day, for example 01:00-05:00");
  return window;
}

/** "5000" are keys, "20MB" are bytes of what the keys take in memory. */
function rateArgument(text: string): RateLimit {
  if (/b$/i.test(text)) return { unit: "bytes", perSecond: sizeArgument(text) };
  return { unit: "keys", perSecond: countArgument(1)(text) };
}

/** A time that is not nothing, in whole milliseconds. */
export function positiveDuration(text: string): number {
  const milliseconds = durationArgument(text);
  if (milliseconds < 1) throw new InvalidArgumentError("Expected a time of at least 1ms");
  return Math.round(milliseconds);
}
