import type { ChalkInstance } from "chalk";
import { formatAddress } from "../model/address.ts";
import { type Cluster, type NodeId, nodeById, shardsOf, slotCountOf } from "../model/cluster.ts";
import { countSlots, formatRanges } from "../model/slot.ts";
import type { MovePreview } from "../plan/move-plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { MoveProblem } from "../plan/slot-moves.ts";
import { tableLines } from "./table.ts";
import { count, groupDigits, nameById, slotsText } from "./words.ts";

const MOVE_COLUMNS = [
  { title: "FROM" },
  { title: "TO" },
  { title: "SLOTS", align: "right" },
  { title: "KEYS", align: "right" },
  { title: "BY" },
  { title: "RANGES" },
] as const;

const BALANCE_COLUMNS = [
  { title: "PRIMARY" },
  { title: "BEFORE", align: "right" },
  { title: "AFTER", align: "right" },
  { title: "RANGES AFTERWARDS" },
] as const;

/** A plan of moves: who gives what to whom, and what everybody owns before and after. */
export function movesText(plan: Plan, preview: MovePreview, chalk: ChalkInstance): string {
  const { moves, before } = preview;
  const methods = plan.steps.map((step) => (step.kind === "move-slots" ? step.method : ""));
  const rows = moves.map(({ move, evidence }, i) => [
    shortName(before, move.from),
    shortName(before, move.to),
    groupDigits(countSlots(move.slots)),
    evidence.keys === undefined ? "?" : groupDigits(evidence.keys),
    methods[i] ?? "",
    fewRanges(formatRanges(move.slots)),
  ]);
  const slots = moves.reduce((sum, { move }) => sum + countSlots(move.slots), 0);
  const keys = moves.reduce((sum, { evidence }) => sum + (evidence.keys ?? 0), 0);
  return [
    chalk.bold(
      `Plan: ${plan.command}, ${count(slots, "slot")} with ${count(keys, "key")} in ${count(moves.length, "move")}`,
    ),
    ...tableLines(MOVE_COLUMNS, rows).map((line) => `  ${line}`),
    "",
    ...balanceLines(preview),
    ...plan.reasons,
    ...plan.warnings.map((warning) => `${chalk.yellow("warning:")} ${warning}`),
  ].join("\n");
}

/** What every primary owns before and after. */
export function balanceLines(preview: MovePreview): readonly string[] {
  return tableLines(BALANCE_COLUMNS, balanceRows(preview)).map((line) => `  ${line}`);
}

function balanceRows({ before, after }: MovePreview): readonly (readonly string[])[] {
  return shardsOf(before).map(({ primary }) => {
    const then = nodeById(after, primary.id) ?? primary;
    return [
      shortName(before, primary.id),
      groupDigits(slotCountOf(primary)),
      groupDigits(slotCountOf(then)),
      fewRanges(formatRanges(then.slots)),
    ];
  });
}

function shortName(cluster: Cluster, id: NodeId): string {
  const node = nodeById(cluster, id);
  return node === undefined ? id.slice(0, 8) : formatAddress(node.address);
}

/** As many ranges as fit beside the rest in 80 columns. */
function fewRanges(ranges: string): string {
  if (ranges.length <= 28) return ranges;
  const cut = ranges.slice(0, 26);
  return `${cut.slice(0, cut.lastIndexOf(",") + 1 || 26)}…`;
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
