/** How a run ended, for scripts. Stable; documented in slotctl(1). */
export const ExitCode = {
  /** Done, nothing to do, or a dry run. */
  Ok: 0,
  Failed: 1,
  /** Wrong usage, or a question is needed and there is nobody to ask. */
  Usage: 2,
  /** `check` found problems, or a command was refused because of them. */
  Unhealthy: 3,
  /** Cannot connect or authenticate. */
  Unreachable: 4,
  /** The cluster changed under the plan. */
  Stale: 5,
  /** Stopped after changes began; the cluster is consistent and the command can be run again. */
  Partial: 6,
  TimedOut: 7,
  /** `--dry-run --detailed-exitcode`: there are changes to make. */
  ChangesPending: 10,
  /** Declined, or interrupted before any change. */
  Declined: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

interface ErrorDetails {
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Further lines, one finding each, when there is more than one thing to say. */
  readonly details?: readonly string[];
}

/** A failure we foresaw. Anything else that reaches the top is a bug in slotctl. */
export class SlotctlError extends Error {
  override readonly name = "SlotctlError";
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(message: string, { code, exitCode, hint, cause, details = [] }: ErrorDetails) {
    super(message, { cause });
    this.code = code;
    this.exitCode = exitCode;
    this.hint = hint;
    this.details = details;
  }
}
