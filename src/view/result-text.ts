import type { ChalkInstance } from "chalk";
import { countSlots } from "../model/slot.ts";
import { backupLines, verifyLines } from "./backup-text.ts";
import { callLines } from "./call-text.ts";
import { checkLines, quickLine } from "./check-text.ts";
import { configContextsLines, configShowLines } from "./config-show-text.ts";
import { configGetLines, configSetLines } from "./config-text.ts";
import { createLines } from "./create-text.ts";
import { importLines } from "./import-text.ts";
import { infoLines } from "./info-text.ts";
import { keyslotLines } from "./keyslot-text.ts";
import { restoreLines } from "./restore-text.ts";
import { sandboxLines } from "./sandbox-text.ts";
import { schemaText } from "./schema-text.ts";
import { sizeText } from "./size-text.ts";
import { slotMapLines } from "./slot-map.ts";
import { USUAL_WIDTH } from "./table.ts";
import type { Result, ShownMoves } from "./view.ts";
import { count, groupDigits, secondsText } from "./words.ts";

export function resultText(result: Result, chalk: ChalkInstance, columns: number | undefined): string {
  switch (result.kind) {
    case "check":
      return result.quick
        ? `${quickLine(result.cluster, result.problems)}\n`
        : linesText(checkLines(result.cluster, result.problems, chalk, columns ?? USUAL_WIDTH));
    case "info":
      return linesText([
        ...infoLines(result.cluster, columns),
        ...(result.map ? ["", ...slotMapLines(result.cluster, chalk)] : []),
      ]);
    case "create":
      return linesText(createLines(result));
    case "create-exists":
      return linesText([`done: the cluster is there already, ${sizeText(result.cluster)}; nothing was changed`]);
    case "moves":
      return linesText(movesLines(result));
    case "applied":
      return linesText([appliedLine(result)]);
    case "changed":
      return linesText([changedLine(result)]);
    case "import":
      return linesText(importLines(result));
    case "backup":
      return linesText(backupLines(result));
    case "backup-verify":
      return linesText(verifyLines(result.verified));
    case "restore":
      return linesText(restoreLines(result));
    case "wait":
      return linesText([`ok       ${result.condition}, after ${secondsText(result.seconds)}`]);
    case "call":
      return linesText(callLines(result, chalk));
    case "config-show":
      return linesText(configShowLines(result));
    case "config-contexts":
      return linesText(configContextsLines(result, chalk));
    case "config-get":
      return linesText(configGetLines(result, chalk));
    case "config-set":
      return linesText(configSetLines(result, chalk));
    case "keyslot":
      return linesText(keyslotLines(result));
    case "schema":
      return schemaText(result.schema);
    case "completion":
      return result.script;
    case "schema-names":
      return linesText(result.names);
    case "sandbox":
      return linesText(sandboxLines(result));
  }
}

function linesText(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}

function movesLines({
  command,
  outcome,
  shown,
  keysMoved,
  seconds,
}: Extract<Result, { kind: "moves" }>): readonly string[] {
  const slots = shown.preview.moves.reduce((sum, { move }) => sum + countSlots(move.slots), 0);
  switch (outcome) {
    case "nothing":
      return [...shown.plan.reasons, `done: ${nothingToMove(command, shown)}; nothing was changed`];
    case "dry-run":
      return [`done: dry run, nothing was changed; ${count(slots, "slot")} would move`];
    case "done":
      return [`done: moved ${amountText(slots, keysMoved, seconds)}; all nodes ok`];
  }
}

function nothingToMove(command: string, { plan }: ShownMoves): string {
  if (command !== "rebalance") return "the target owns these slots already";
  return plan.reasons.length === 0
    ? "every primary is within the threshold"
    : "no move brings a primary closer to its share";
}

/** "1,365 slots and 20,480 keys in 4.2 s (4,876 keys/s)" */
function amountText(slots: number, keys: number | undefined, seconds: number): string {
  const slotsAndTime = (between: string) => `${count(slots, "slot")}${between} in ${secondsText(seconds)}`;
  if (keys === undefined || keys === 0) return slotsAndTime("");
  return `${slotsAndTime(` and ${count(keys, "key")}`)}${rateText(keys, seconds)}`;
}

function rateText(keys: number, seconds: number): string {
  return seconds < 0.1 ? "" : ` (${groupDigits(Math.round(keys / seconds))} keys/s)`;
}

function appliedLine({ plan, outcome, keysMoved, seconds }: Extract<Result, { kind: "applied" }>): string {
  const steps = count(plan.steps.length, "step");
  switch (outcome) {
    case "nothing":
      return `done: the plan was carried out already (${steps}); nothing was changed`;
    case "dry-run":
      return `done: dry run, nothing was changed; the plan has ${steps}`;
    case "done":
      return `done: carried out the plan's ${steps} in ${secondsText(seconds)}${movedKeysText(keysMoved, seconds)}; all nodes ok`;
  }
}

function changedLine({ outcome, shown, summary, seconds }: Extract<Result, { kind: "changed" }>): string {
  switch (outcome) {
    case "nothing":
      return `done: ${summary}; nothing was changed`;
    case "dry-run":
      return `done: dry run, nothing was changed; the plan has ${count(shown.plan.steps.length, "step")}`;
    case "done":
      // Where nothing is expected of the nodes, the cluster was not well before, and nobody looked in the end.
      return `done: ${summary}, in ${secondsText(seconds)}${shown.plan.expected.length === 0 ? "" : "; all nodes ok"}`;
  }
}

function movedKeysText(keys: number | undefined, seconds: number): string {
  return keys === undefined || keys === 0 ? "" : `, with ${count(keys, "key")}${rateText(keys, seconds)}`;
}
