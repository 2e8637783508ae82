import { ExitCode, SlotctlError } from "../errors.ts";
import { type ClusterNode, slotCountOf } from "../model/cluster.ts";
import { SLOT_COUNT } from "../model/slot.ts";
import { planReshard } from "../plan/reshard.ts";
import type { SlotMove } from "../plan/slot-moves.ts";
import { listedNodes } from "../view/redis-cli/listing.ts";
import {
  FIX_BEFORE_RESHARDING,
  NO_SOURCES,
  notAPrimaryText,
  RESHARD_QUESTIONS,
  type ReshardSummary,
  reshardSummaryText,
  reshardWords,
  SOURCES_WANTED,
  sourceQuestion,
  targetAsSourceText,
} from "../view/redis-cli/moves-text.ts";
import { answerTo, type DropInContext } from "./drop-in-context.ts";
import { type DropInMoveOptions, discover, moveSlots, passesCheck, type Scene, sayRefused } from "./drop-in-moves.ts";

export interface DropInReshardOptions extends DropInMoveOptions {
  /** Node ids; like `to` and `slots` asked for when left out. */
  readonly from?: "all" | readonly string[];
  readonly to?: string;
  readonly slots?: number;
  readonly yes: boolean;
}

/** `--cluster reshard`: the planner and the executor of `slotctl reshard`, in the words of redis-cli. */
export async function dropInReshard(options: DropInReshardOptions, context: DropInContext): Promise<ExitCode> {
  const scene = await discover(options, context);
  if (!passesCheck(scene, options, { quiet: false, context })) {
    context.talk(FIX_BEFORE_RESHARDING);
    return ExitCode.Failed;
  }
  const slots = options.slots ?? (await askSlots(context));
  const target = namedPrimary(options.to ?? (await askTarget(context)), scene, context);
  const sources = target && (await findSources(options.from, target, scene, context));
  if (target === undefined || sources === undefined) return ExitCode.Failed;
  if (sources.length === 0) {
    context.talk(NO_SOURCES);
    return ExitCode.Failed;
  }
  const moves = planned({ slots, sources, target }, scene, context);
  if (moves === undefined) return ExitCode.Failed;
  context.out(reshardSummaryText({ slots, sources, target, moves }, scene.cluster, scene.style));
  if (!options.yes && (await answerTo(RESHARD_QUESTIONS.proceed, context)) !== "yes") return ExitCode.Failed;
  const failure = "clusterManagerMoveSlot failed: ";
  return moveSlots({ command: "reshard", moves, wordsOf: reshardWords, failure }, scene, options, context);
}

async function askSlots(context: DropInContext): Promise<number> {
  for (;;) {
    const text = await ask(RESHARD_QUESTIONS.slots, context);
    const slots = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (slots >= 1 && slots <= SLOT_COUNT) return slots;
  }
}

async function askTarget(context: DropInContext): Promise<string> {
  for (;;) {
    const text = await ask(RESHARD_QUESTIONS.target, context);
    if (text !== "") return text;
  }
}

/** By its full id. Says so when there is none. */
function namedPrimary(name: string, { primaries, style }: Scene, { out }: DropInContext): ClusterNode | undefined {
  const found = primaries.find(({ id }) => id === name.toLowerCase());
  if (found === undefined) out(notAPrimaryText(name, style));
  return found;
}

/** Undefined, after saying so, when a name is none of a primary. */
async function findSources(
  given: DropInReshardOptions["from"],
  target: ClusterNode,
  scene: Scene,
  context: DropInContext,
): Promise<readonly ClusterNode[] | undefined> {
  const all = scene.primaries.filter((node) => node !== target);
  if (given === "all") return all;
  const names = given?.values();
  if (names === undefined) context.out(SOURCES_WANTED);
  const sources = new Set<ClusterNode>();
  for (;;) {
    const question = sourceQuestion(sources.size + 1);
    const name = names === undefined ? await ask(question, context) : (names.next().value ?? "done");
    if (name === "done") return [...sources];
    if (name === "all") return all;
    const source = namedPrimary(name, scene, context);
    if (source === undefined) return undefined;
    if (source === target) context.out(targetAsSourceText(scene.style));
    else sources.add(source);
  }
}

/** In the order of redis-cli: who owns most gives first. Undefined, after saying why, when it cannot be done. */
function planned(
  { slots, sources, target }: Omit<ReshardSummary, "moves">,
  scene: Scene,
  context: DropInContext,
): readonly SlotMove[] | undefined {
  const outcome = planReshard(
    { nodes: listedNodes(scene.cluster) },
    {
      sources: sources.map(({ id }) => id),
      target: target.id,
      amount: { kind: "count", slots },
      order: "redis-cli",
    },
  );
  if (outcome.kind === "refused") {
    sayRefused(outcome.problems, scene, context);
    return undefined;
  }
  const order = [...sources].sort((a, b) => slotCountOf(b) - slotCountOf(a)).map(({ id }) => id);
  return [...outcome.moves].sort((a, b) => order.indexOf(a.from) - order.indexOf(b.from));
}

/** @throws SlotctlError when nobody answers; redis-cli would go on asking for ever */
async function ask(question: string, context: DropInContext): Promise<string> {
  const text = await answerTo(question, context);
  if (text !== undefined) return text;
  context.out("\n");
  throw new SlotctlError("There is no answer to this question: nothing was changed", {
    code: "NOTHING_TO_ASK_WITH",
    exitCode: ExitCode.Failed,
  });
}
