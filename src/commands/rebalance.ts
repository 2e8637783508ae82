import type { ExitCode } from "../errors.ts";
import type { Cluster } from "../model/cluster.ts";
import type { LoadMeasure } from "../model/evidence.ts";
import { loadReasons } from "../plan/load-reasons.ts";
import { planRebalance } from "../plan/rebalance.ts";
import { type SlotLoads, surveySlotLoads } from "../survey/slot-loads.ts";
import { secondsText } from "../view/words.ts";
import type { Context } from "./context.ts";
import { carryOutMoves, type MoveOptions, refuseMoves } from "./moves.ts";
import { nodeNamed, surveyHealthy } from "./survey-healthy.ts";

export interface RebalanceOptions extends MoveOptions {
  /** Nodes as typed, each with its weight. */
  readonly weights: readonly { readonly node: string; readonly weight: number }[];
  readonly thresholdPercent: number;
  readonly useEmptyPrimaries: boolean;
  readonly by: "slots" | LoadMeasure;
  /** Milliseconds for which cpu and network are watched. */
  readonly sampleMs: number;
}

/** Gives every primary its share of the slots, or of what is in them, with the fewest moved. */
export async function rebalance(options: RebalanceOptions, context: Context): Promise<ExitCode> {
  const cluster = await surveyHealthy(context, options.environment);
  const weights = new Map(options.weights.map(({ node, weight }) => [nodeNamed(cluster, node).id, weight]));
  const { thresholdPercent, useEmptyPrimaries } = options;
  const measured = await measure(cluster, options, context);
  const load = measured && ((slot: number) => measured.loads[slot]!);
  const outcome = planRebalance(cluster, { weights, thresholdPercent, useEmptyPrimaries, load });
  if (outcome.kind === "refused") return refuseMoves(outcome.problems, cluster);
  const moves = outcome.kind === "planned" ? outcome.moves : [];
  if (measured === undefined) return carryOutMoves("rebalance", cluster, moves, options, context);
  const { before, after } = outcome.kind === "planned" ? outcome : { before: outcome.balance, after: outcome.balance };
  return carryOutMoves("rebalance", cluster, moves, options, context, {
    reasons: loadReasons(outcome, measured, cluster),
    load: { by: measured.by, before, after },
  });
}

/** What every slot weighs; undefined when it is the slots themselves that count. */
async function measure(
  cluster: Cluster,
  { by, sampleMs }: RebalanceOptions,
  { connections, signal, view }: Context,
): Promise<SlotLoads | undefined> {
  if (by === "slots") return undefined;
  if (by === "cpu" || by === "network")
    view.note(`Watching the load of the slots for ${secondsText(sampleMs / 1000)}…`);
  view.busy("Weighing the slots");
  const measured = await surveySlotLoads(cluster, by, { connections, signal, sampleMs });
  if (measured.loads.every((load) => load === 0))
    view.warning(`no slot has any load by ${by}: there is nothing to even out`);
  return measured;
}
