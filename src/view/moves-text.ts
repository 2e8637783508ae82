import type { ChalkInstance } from "chalk";
import type { Cluster } from "../model/cluster.ts";
import { formatDailyWindow } from "../model/daily-window.ts";
import { countSlots, formatRanges } from "../model/slot.ts";
import type { MovePreview, RateLimit } from "../plan/move-plan.ts";
import { bigKeysOf, estimatedSeconds, moveTotals } from "../plan/move-totals.ts";
import type { Plan } from "../plan/plan.ts";
import type { MoveProblem } from "../plan/slot-moves.ts";
import { balanceLines } from "./balance-text.ts";
import type { Layout } from "./layout.ts";
import { moveSentences } from "./sentences.ts";
import { fittingLines } from "./table.ts";
import { tableNames } from "./table-names.ts";
import type { ShownMoves } from "./view.ts";
import { bytesText, count, groupDigits, nameById, roughTimeText, secondsText, shortName, slotsText } from "./words.ts";

const MOVE_COLUMNS = [
  { title: "FROM" },
  { title: "TO" },
  { title: "SLOTS", align: "right" },
  { title: "KEYS", align: "right" },
  { title: "SIZE", align: "right" },
  { title: "BY" },
  { title: "RANGES" },
] as const;

/** A plan of moves: who gives what to whom, what everybody owns before and after, and how long it may take. */
export function movesText(
  { plan, preview }: Omit<ShownMoves, "kind">,
  chalk: ChalkInstance,
  { width, told = false }: Layout = {},
): string {
  return [
    chalk.bold(`Plan: ${plan.command}, ${totalsText(plan, preview)}`),
    ...(told ? moveSentences(preview) : moveLines(plan, preview, width)),
    ...bigKeyLines(preview),
    ...estimateLines(plan, preview),
    ...(preview.window === undefined ? [] : [`slots move only between ${formatDailyWindow(preview.window)}`]),
    ...plan.reasons,
    ...plan.warnings.map((warning) => `${chalk.yellow("warning:")} ${warning}`),
  ].join("\n");
}

function moveLines(plan: Plan, preview: MovePreview, width: number | undefined): readonly string[] {
  const { moves, before } = preview;
  const nameOf = tableNames(before, width);
  const methods = plan.steps.flatMap((step) => (step.kind === "move-slots" ? [step.method] : []));
  const rows = moves.map(({ move, evidence }, i) => [
    nameOf(move.from),
    nameOf(move.to),
    groupDigits(countSlots(move.slots)),
    evidence.keys === undefined ? "?" : groupDigits(evidence.keys),
    evidence.bytes === undefined ? "" : bytesText(evidence.bytes),
    methods[i] ?? "",
    formatRanges(move.slots),
  ]);
  return [...fittingLines(MOVE_COLUMNS, rows, width), "", ...balanceLines(preview, width)];
}

function estimateLines(plan: Plan, preview: MovePreview): readonly string[] {
  const seconds = estimatedSeconds(plan, preview);
  return seconds === undefined || preview.moves.length === 0 ? [] : [`estimate: about ${roughTimeText(seconds)}`];
}

/** "4,096 slots with 60,000 keys, about 12 MB, in 3 moves, at least 3.0 s at 20,000 keys a second" */
function totalsText(plan: Plan, preview: MovePreview): string {
  const { slots, keys, bytes, sampledKeys, atLeastSeconds } = moveTotals(plan, preview);
  const about = sampledKeys < keys ? "about " : "";
  const size = bytes === undefined || bytes === 0 ? "" : `, ${about}${bytesText(bytes)},`;
  const pace =
    atLeastSeconds === undefined || keys === 0
      ? ""
      : `, at least ${secondsText(atLeastSeconds)} at ${rateText(preview.rate)} a second`;
  return `${count(slots, "slot")} with ${count(keys, "key")}${size} in ${count(preview.moves.length, "move")}${pace}`;
}

function rateText(rate: RateLimit | undefined): string {
  return rate?.unit === "bytes" ? bytesText(rate.perSecond) : count(rate?.perSecond ?? 0, "key");
}

/** So many big keys are named. */
const BIG_KEYS = 5;

function bigKeyLines(preview: MovePreview): readonly string[] {
  const keys = bigKeysOf(preview);
  const lines = keys.slice(0, BIG_KEYS).map(({ key, type, bytes, slot, from, to }) => {
    const name = key.length > 60 ? `${key.slice(0, 59)}…` : key;
    const [source, target] = [shortName(preview.before, from), shortName(preview.before, to)];
    return `big key: "${name}", a ${type} of ${bytesText(bytes)} in slot ${slot}, from ${source} to ${target}`;
  });
  return keys.length > BIG_KEYS ? [...lines, `big keys: ${keys.length - BIG_KEYS} more`] : lines;
}

/** Why slots cannot be moved as asked, in a sentence. */
export function moveProblemText(problem: MoveProblem, cluster: Cluster): string {
  switch (problem.kind) {
    case "unknown-node":
      return `${problem.node.slice(0, 8)} is no node of this cluster`;
    case "not-a-primary":
      return `${nameById(cluster, problem.node)} is a replica and owns no slots; its primary is ${nameById(cluster, problem.primary)}`;
    case "several-owners":
      return `${slotsText(problem.slots)}: ${problem.owners.map((id) => nameById(cluster, id)).join(" and ")} each claim to own them`;
    case "target-among-sources":
      return `${nameById(cluster, problem.node)} cannot be source and target at the same time`;
    case "no-sources":
      return "there is no source to take slots from";
    case "nothing-to-move":
      return "there is nothing to move";
    case "invalid-count":
      return `${problem.asked} is no number of slots`;
    case "too-many-slots":
      return `${groupDigits(problem.asked)} slots were asked for, but the sources own ${groupDigits(problem.available)}`;
    case "slots-not-owned":
      return `${slotsText(problem.slots)} ${problem.owner === undefined ? "are owned by nobody" : `belong to ${nameById(cluster, problem.owner)}, which is no source`}`;
    case "invalid-weight":
      return `${problem.weight} is no weight for ${nameById(cluster, problem.node)}`;
    case "all-weights-zero":
      return "with all weights 0 nobody could own the slots";
    case "invalid-threshold":
      return `${problem.thresholdPercent} % is no threshold`;
    case "no-primary-left":
      return "there is no other primary to take the slots";
  }
}
