import { ExitCode, SlotctlError } from "../errors.ts";
import { atomicDialectOf } from "../execute/atomic/dialect.ts";
import { type Cluster, type ClusterNode, type NodeId, nodeById } from "../model/cluster.ts";
import { type MovePreview, planMoves } from "../plan/move-plan.ts";
import type { MoveMethod } from "../plan/plan.ts";
import { applyMoves, type MoveProblem, type SlotMove } from "../plan/slot-moves.ts";
import { countKeysPerSlot } from "../survey/count-keys.ts";
import { moveProblemText } from "../view/moves-text.ts";
import { carryOutPlan, type PlanOptions } from "./carry-out-plan.ts";
import type { Context } from "./context.ts";
import { MovedKeys } from "./moved-keys.ts";
import { preflight } from "./preflight.ts";
import { findUnfinished } from "./unfinished-plan.ts";

/** What all commands have in common that move slots. */
export interface MoveOptions extends PlanOptions {
  readonly method: "auto" | MoveMethod;
}

/** @throws SlotctlError that names every reason why the slots cannot be moved as asked */
export function refuseMoves(problems: readonly MoveProblem[], cluster: Cluster): never {
  const texts = problems.map((problem) => moveProblemText(problem, cluster));
  throw new SlotctlError(`Cannot move the slots: ${texts[0]}`, {
    code: "MOVE_REFUSED",
    exitCode: ExitCode.Usage,
    details: texts.slice(1),
    hint: "Nothing was changed. slotctl info shows who owns what",
  });
}

/** Shows the moves, asks, carries them out and says how it went. */
export async function carryOutMoves(
  command: "reshard" | "rebalance",
  cluster: Cluster,
  moves: readonly SlotMove[],
  options: MoveOptions,
  context: Context,
): Promise<ExitCode> {
  const methods = await methodsFor(cluster, moves, options.method, context);
  const keys = new MovedKeys();
  const methodOf = (move: SlotMove) => methods.get(move) ?? "keys";
  const preview = await previewOf(cluster, moves, context);
  const intended = preview.moves.map(({ move, evidence }) => ({
    ...move,
    method: methodOf(move),
    keys: evidence.keys,
  }));
  const { ignoreMemory } = options;
  const warnings = await preflight({ cluster, moves: intended, ignoreMemory }, context);
  const made = planMoves(command, cluster, moves, methodOf);
  const plan = { ...made, warnings: [...warnings, ...made.warnings] };
  const shown = { kind: "moves", plan, preview } as const;
  return carryOutPlan(
    {
      cluster,
      shown,
      question: "Move these slots?",
      tell: (outcome, seconds) =>
        context.view.result({ kind: "moves", command, outcome, shown, keysMoved: keys.total, seconds }),
    },
    options,
    { ...context, view: { ...context.view, event: keys.counting(context.view.event) } },
  );
}

/**
 * A number of slots must not be counted from zero again because the command was typed a second time.
 * @throws SlotctlError, exit code 3, when a plan of this cluster was begun and not finished
 */
export async function refuseUnfinished(cluster: Cluster, environment: MoveOptions["environment"]): Promise<void> {
  const [latest] = await findUnfinished(
    cluster.nodes.map(({ id }) => id),
    environment,
  );
  if (latest === undefined) return;
  throw new SlotctlError(
    `A ${latest.plan.command} of this cluster was begun at ${latest.begun.toISOString()} and not finished`,
    {
      code: "UNFINISHED_PLAN",
      exitCode: ExitCode.Unhealthy,
      hint: `slotctl resume goes on with it; to give it up, remove ${latest.path}`,
    },
  );
}

/** By the servers' own migration where both ends have it, unless a method was asked for. */
async function methodsFor(
  cluster: Cluster,
  moves: readonly SlotMove[],
  asked: MoveOptions["method"],
  { connections }: Context,
): Promise<ReadonlyMap<SlotMove, MoveMethod>> {
  const found = moves.map(async (move): Promise<readonly [SlotMove, MoveMethod]> => {
    if (asked !== "auto") return [move, asked];
    const [source, target] = await Promise.all(
      [move.from, move.to].map((id) => connections.to(nodeOrThrow(cluster, id).dial)),
    );
    return [move, (await atomicDialectOf(source!, target!)) === undefined ? "keys" : "atomic"];
  });
  return new Map(await Promise.all(found));
}

async function previewOf(cluster: Cluster, moves: readonly SlotMove[], { connections }: Context): Promise<MovePreview> {
  const evidence = await Promise.all(
    moves.map(async ({ from, slots }) => {
      const counts = await countKeysPerSlot(nodeOrThrow(cluster, from), slots, connections);
      return { keys: counts === undefined ? undefined : [...counts.values()].reduce((a, b) => a + b, 0) };
    }),
  );
  return {
    moves: moves.map((move, i) => ({ move, evidence: evidence[i]! })),
    before: cluster,
    after: applyMoves(cluster, moves),
  };
}

function nodeOrThrow(cluster: Cluster, id: NodeId): ClusterNode {
  const node = nodeById(cluster, id);
  if (node === undefined) throw new RangeError(`${id} is no node of this cluster`);
  return node;
}
