import { ExitCode } from "../errors.ts";
import type { NodeId } from "../model/cluster.ts";
import { planRebalance, type RebalanceOutcome } from "../plan/rebalance.ts";
import { listedNodes } from "../view/redis-cli/listing.ts";
import {
  ambiguousPrimaryText,
  balancesText,
  fixBeforeRebalancingText,
  noRebalancingText,
  noSuchPrimaryText,
  rebalanceWords,
  rebalancingText,
} from "../view/redis-cli/moves-text.ts";
import type { DropInContext } from "./drop-in-context.ts";
import { type DropInMoveOptions, discover, moveSlots, passesCheck, type Scene, sayRefused } from "./drop-in-moves.ts";

export interface DropInRebalanceOptions extends DropInMoveOptions {
  /** Nodes that no prefix names have weight 1. */
  readonly weights: readonly { readonly prefix: string; readonly weight: number }[];
  readonly useEmptyPrimaries: boolean;
  /** Percent. */
  readonly threshold: number;
  readonly simulate: boolean;
  readonly verbose: boolean;
}

type Weights = ReadonlyMap<NodeId, number>;

/** `--cluster rebalance`: the planner and the executor of `slotctl rebalance`, in the words of redis-cli. It never asks. */
export async function dropInRebalance(options: DropInRebalanceOptions, context: DropInContext): Promise<ExitCode> {
  const scene = await discover(options, context);
  const weights = weightsOf(options, scene, context);
  if (weights === undefined) return ExitCode.Failed;
  if (!passesCheck(scene, options, { quiet: true, context })) {
    context.out(fixBeforeRebalancingText(scene.style));
    return ExitCode.Failed;
  }
  const { threshold: thresholdPercent, useEmptyPrimaries } = options;
  const listed = { nodes: listedNodes(scene.cluster) };
  const outcome = planRebalance(listed, { weights, thresholdPercent, useEmptyPrimaries });
  if (outcome.kind === "refused") {
    sayRefused(outcome.problems, scene, context);
    return ExitCode.Failed;
  }
  // A threshold of 0 switches rebalancing off there: whoever has it in a script must not see slots move.
  if (outcome.kind === "balanced" || thresholdPercent === 0) {
    context.out(noRebalancingText(thresholdPercent, scene.style));
    return ExitCode.Ok;
  }
  return carryOut(outcome, weights, options, { scene, context });
}

/**
 * What the planner is told. An empty primary that takes no part is left out: a weight alone does not make it do so.
 * Undefined, after saying why, when a prefix is not that of one primary. That holds for replicas as well, whose weight
 * redis-cli would quietly ignore.
 */
function weightsOf(
  { weights, useEmptyPrimaries }: DropInRebalanceOptions,
  { primaries, style }: Scene,
  { out }: DropInContext,
): Weights | undefined {
  const found = new Map<NodeId, number>();
  for (const { prefix, weight } of weights) {
    const named = primaries.filter(({ id }) => id.startsWith(prefix.toLowerCase()));
    const [node] = named;
    if (node === undefined || named.length > 1) {
      out(node === undefined ? noSuchPrimaryText(prefix, style) : ambiguousPrimaryText(prefix, named, style));
      return undefined;
    }
    if (node.slots.length > 0 || useEmptyPrimaries) found.set(node.id, weight);
  }
  return found;
}

async function carryOut(
  { moves, before }: RebalanceOutcome & { kind: "planned" },
  weights: Weights,
  options: DropInRebalanceOptions,
  { scene, context }: { readonly scene: Scene; readonly context: DropInContext },
): Promise<ExitCode> {
  const { cluster, style } = scene;
  const totalWeight = before.reduce((sum, { id }) => sum + (weights.get(id) ?? 1), 0);
  context.out(rebalancingText(before.length, totalWeight, style));
  if (options.verbose) context.out(balancesText(before, cluster, style));
  const failure = "*** clusterManagerMoveSlot: ";
  if (!options.simulate) {
    return moveSlots({ command: "rebalance", moves, wordsOf: rebalanceWords, failure }, scene, options, context);
  }
  for (const move of moves) {
    const { head, slots, tail } = rebalanceWords(move, cluster, style);
    context.out([head, ...slots.values(), tail].join(""));
  }
  return ExitCode.Ok;
}
