import { ExitCode, SlotctlError } from "../errors.ts";
import type { SlotRanges } from "../model/slot.ts";
import { planReshard } from "../plan/reshard.ts";
import type { Context } from "./context.ts";
import { carryOutMoves, type MoveOptions, refuseMoves, refuseUnfinished } from "./moves.ts";
import { nodeNamed, surveyHealthy } from "./survey-healthy.ts";

export interface ReshardOptions extends MoveOptions {
  /** Nodes as typed, or "all". */
  readonly from: readonly string[];
  readonly to: string | undefined;
  readonly amount:
    | { readonly kind: "count"; readonly slots: number }
    | { readonly kind: "ranges"; readonly slots: SlotRanges }
    | undefined;
}

/** Moves a number of slots, or named ones, to one primary. */
export async function reshard(options: ReshardOptions, context: Context): Promise<ExitCode> {
  const { from, to, amount } = options;
  if (to === undefined || amount === undefined) throw incomplete(to === undefined ? "--to" : "--slots");
  const cluster = await surveyHealthy(context, options.environment);
  if (amount.kind === "count" && !options.dryRun) await refuseUnfinished(cluster, options.environment);
  const target = nodeNamed(cluster, to).id;
  const sources = from.includes("all") ? "all" : from.map((text) => nodeNamed(cluster, text).id);
  const outcome = planReshard(cluster, { sources, target, amount, order: "contiguous" });
  if (outcome.kind === "refused") return refuseMoves(outcome.problems, cluster);
  return carryOutMoves("reshard", cluster, outcome.moves, options, context);
}

function incomplete(option: string): SlotctlError {
  return new SlotctlError(`reshard needs ${option}`, {
    code: "USAGE",
    exitCode: ExitCode.Usage,
    hint: "For example: slotctl reshard 10.0.0.1:7000 --to 10.0.0.4:7000 --slots 4096",
  });
}
