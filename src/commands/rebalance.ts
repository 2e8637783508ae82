import type { ExitCode } from "../errors.ts";
import { planRebalance } from "../plan/rebalance.ts";
import type { Context } from "./context.ts";
import { carryOutMoves, type MoveOptions, refuseMoves } from "./moves.ts";
import { nodeNamed, surveyHealthy } from "./survey-healthy.ts";

export interface RebalanceOptions extends MoveOptions {
  /** Nodes as typed, each with its weight. */
  readonly weights: readonly { readonly node: string; readonly weight: number }[];
  readonly thresholdPercent: number;
  readonly useEmptyPrimaries: boolean;
}

/** Gives every primary its share of the slots, with the fewest moved. */
export async function rebalance(options: RebalanceOptions, context: Context): Promise<ExitCode> {
  const cluster = await surveyHealthy(context, options.environment);
  const weights = new Map(options.weights.map(({ node, weight }) => [nodeNamed(cluster, node).id, weight]));
  const { thresholdPercent, useEmptyPrimaries } = options;
  const outcome = planRebalance(cluster, { weights, thresholdPercent, useEmptyPrimaries });
  if (outcome.kind === "refused") return refuseMoves(outcome.problems, cluster);
  const moves = outcome.kind === "planned" ? outcome.moves : [];
  return carryOutMoves("rebalance", cluster, moves, options, context);
}
