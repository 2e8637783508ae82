import type { ChalkInstance } from "chalk";
import { type Cluster, type ClusterNode, shardsOf, slotCountOf } from "../model/cluster.ts";
import { SLOT_COUNT } from "../model/slot.ts";
import { count, nodeName } from "./words.ts";

const CELLS_PER_LINE = 64;
const SLOTS_PER_CELL = 16;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const NOBODY = ".";
const SEVERAL = "*";
const PARTLY = "!";

/** All slots as a picture that fits in 80 columns: a letter for the owner of 16 slots, 1024 slots a line. */
export function slotMapLines(cluster: Cluster, chalk: ChalkInstance): readonly string[] {
  const owners = shardsOf(cluster)
    .map(({ primary }) => primary)
    .filter(({ slots }) => slots.length > 0);
  const paint = painter(chalk);
  const cells = cellsOf(owners);
  const lines: string[] = [];
  for (let first = 0; first < cells.length; first += CELLS_PER_LINE) {
    const label = String(first * SLOTS_PER_CELL).padStart(5);
    lines.push(
      `${label}  ${cells
        .slice(first, first + CELLS_PER_LINE)
        .map(paint)
        .join("")}`,
    );
  }
  return [...lines, "", ...legend(owners, cells, paint)];
}

function cellsOf(owners: readonly ClusterNode[]): readonly string[] {
  const ownerOf = new Array<string>(SLOT_COUNT).fill(NOBODY);
  for (const [i, { slots }] of owners.entries()) {
    const letter = LETTERS[i % LETTERS.length]!;
    for (const { start, end } of slots) ownerOf.fill(letter, start, end + 1);
  }
  return Array.from({ length: SLOT_COUNT / SLOTS_PER_CELL }, (_, cell) => {
    const letters = new Set(ownerOf.slice(cell * SLOTS_PER_CELL, (cell + 1) * SLOTS_PER_CELL));
    if (letters.size === 1) return [...letters][0]!;
    return letters.has(NOBODY) ? PARTLY : SEVERAL;
  });
}

/** Colour only repeats what the letter says. */
function painter(chalk: ChalkInstance): (cell: string) => string {
  const colours = [chalk.cyan, chalk.yellow, chalk.magenta, chalk.green, chalk.bold, chalk.underline];
  return (cell) => {
    const index = LETTERS.indexOf(cell);
    if (index >= 0) return colours[index % colours.length]!(cell);
    return cell === NOBODY || cell === PARTLY ? chalk.red(cell) : cell;
  };
}

function legend(
  owners: readonly ClusterNode[],
  cells: readonly string[],
  paint: (cell: string) => string,
): readonly string[] {
  return [
    ...owners.map(
      (node, i) => `  ${paint(LETTERS[i % LETTERS.length]!)}  ${nodeName(node)}  ${count(slotCountOf(node), "slot")}`,
    ),
    ...(cells.includes(SEVERAL) ? [`  ${SEVERAL}  more than one owner among these 16 slots`] : []),
    ...(cells.includes(PARTLY) ? [`  ${paint(PARTLY)}  some of these 16 slots have no owner`] : []),
    ...(cells.includes(NOBODY) ? [`  ${paint(NOBODY)}  without an owner`] : []),
  ];
}
