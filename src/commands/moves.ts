import { ExitCode, SlotctlError } from "../errors.ts";
import { atomicDialectOf } from "../execute/atomic/dialect.ts";
import { type Cluster, type ClusterNode, type NodeId, nodeById } from "../model/cluster.ts";
import { type MovePlanExtras, type MovePreview, mayMigrate, planMoves, shardsEmptiedBy } from "../plan/move-plan.ts";
import type { MoveMethod, Plan } from "../plan/plan.ts";
import { applyMoves, type MoveProblem, type SlotMove } from "../plan/slot-moves.ts";
import { type KeysAsked, surveyKeys } from "../survey/key-evidence.ts";
import { moveProblemText } from "../view/moves-text.ts";
import { nodeName } from "../view/words.ts";
import { carryOutPlan, type PlanOptions } from "./carry-out-plan.ts";
import type { Context } from "./context.ts";
import { MovedKeys } from "./moved-keys.ts";
import { judgePreflight, lookForPreflight } from "./preflight.ts";
import { findUnfinished } from "./unfinished-plan.ts";

/** What all commands have in common that move slots. */
export interface MoveOptions extends PlanOptions {
  readonly method: "auto" | MoveMethod;
  /** Primaries that lose all their slots stay primaries. */
  readonly keepEmpty: boolean;
  /** From how many bytes on a key is named in the plan. */
  readonly bigKeyBytes: number;
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
  { reasons, load }: Pick<MovePlanExtras, "reasons"> & Pick<MovePreview, "load"> = {},
): Promise<ExitCode> {
  const { keepEmpty } = options;
  if (keepEmpty) refuseUnknownSetting(cluster, moves);
  const { methodOf, preview, warnings } = await prepareMoves(cluster, moves, options, context);
  const plan = withWarnings(planMoves(command, cluster, moves, methodOf, { keepEmpty, reasons }), warnings);
  const shown = { kind: "moves", plan, preview: { ...preview, load } } as const;
  const keys = new MovedKeys();
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

/** Moves as they can be carried out, and what there is to know of them. */
export interface PreparedMoves {
  readonly methodOf: (move: SlotMove) => MoveMethod;
  readonly preview: MovePreview;
  /** What may go wrong. */
  readonly warnings: readonly string[];
}

/**
 * What is to be found out about moves, whatever plan they are part of, before anybody agrees to them.
 * @throws SlotctlError, exit code 3, when they would fail or do harm
 */
export async function prepareMoves(
  cluster: Cluster,
  moves: readonly SlotMove[],
  options: MoveOptions,
  context: Context,
): Promise<PreparedMoves> {
  const methods = await methodsFor(cluster, moves, options.method, context);
  const methodOf = (move: SlotMove) => methods.get(move) ?? "keys";
  const ends = moves.map((move) => ({ ...move, method: methodOf(move) }));
  const [preview, look] = await Promise.all([
    previewOf(cluster, moves, methodOf, options, context),
    lookForPreflight(cluster, ends, context.connections),
  ]);
  const intended = preview.moves.map(({ move, evidence }) => ({
    ...move,
    method: methodOf(move),
    keys: evidence.keys,
    largestKey: evidence.bigKeys?.[0],
  }));
  const warnings = judgePreflight({ cluster, moves: intended, ignoreMemory: options.ignoreMemory }, look);
  const isUnpaced = options.limits.rate !== undefined && intended.some(({ method }) => method === "atomic");
  return { methodOf, preview, warnings: isUnpaced ? [...warnings, UNPACED] : warnings };
}

const UNPACED = "--rate does not slow down the servers' own migration (atomic); with --method keys it does";

/** The plan with what was found out about its moves, which comes first. */
export function withWarnings(plan: Plan, warnings: readonly string[]): Plan {
  return { ...plan, warnings: [...warnings, ...plan.warnings] };
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

/** What is to be put back afterwards has to be known. */
function refuseUnknownSetting(cluster: Cluster, moves: readonly SlotMove[]): void {
  const silent = shardsEmptiedBy(cluster, moves).find((node) => mayMigrate(node) === undefined);
  if (silent === undefined) return;
  throw new SlotctlError(`${nodeName(silent)} does not tell its cluster-allow-replica-migration`, {
    code: "CONFIG_REFUSED",
    exitCode: ExitCode.Usage,
    hint: "Nothing was changed. Let the user run CONFIG GET and CONFIG SET; or set it to no on the server, and leave out --keep-empty",
  });
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

async function previewOf(
  cluster: Cluster,
  moves: readonly SlotMove[],
  methodOf: PreparedMoves["methodOf"],
  { bigKeyBytes, limits }: Pick<MoveOptions, "bigKeyBytes" | "limits">,
  { connections }: Context,
): Promise<MovePreview> {
  const asked = moves.map((move): KeysAsked => {
    // Servers that move slots themselves go on serving however big a key is.
    const sample = methodOf(move) === "atomic" ? "estimate" : "search";
    return { node: nodeOrThrow(cluster, move.from), slots: move.slots, sample };
  });
  const evidence = await surveyKeys(asked, { connections, bigKeyBytes });
  return {
    moves: moves.map((move, i) => ({ move, evidence: evidence[i]! })),
    before: cluster,
    after: applyMoves(cluster, moves),
    rate: limits.rate,
    window: limits.window,
  };
}

function nodeOrThrow(cluster: Cluster, id: NodeId): ClusterNode {
  const node = nodeById(cluster, id);
  if (node === undefined) throw new RangeError(`${id} is no node of this cluster`);
  return node;
}
