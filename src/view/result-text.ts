import type { ChalkInstance } from "chalk";
import { checkLines, quickLine } from "./check-text.ts";
import { createLines } from "./create-text.ts";
import { infoLines } from "./info-text.ts";
import { sandboxLines } from "./sandbox-text.ts";
import { sizeText } from "./size-text.ts";
import { slotMapLines } from "./slot-map.ts";
import type { Result } from "./view.ts";
import { secondsText } from "./words.ts";

export function resultText(result: Result, chalk: ChalkInstance, columns: number): string {
  switch (result.kind) {
    case "check":
      return result.quick
        ? `${quickLine(result.cluster, result.problems)}\n`
        : linesText(checkLines(result.cluster, result.problems, chalk, columns));
    case "info":
      return linesText([
        ...infoLines(result.cluster),
        ...(result.map ? ["", ...slotMapLines(result.cluster, chalk)] : []),
      ]);
    case "create":
      return linesText(createLines(result));
    case "create-exists":
      return linesText([`done: the cluster is there already, ${sizeText(result.cluster)}; nothing was changed`]);
    case "wait":
      return linesText([`ok       ${result.condition}, after ${secondsText(result.seconds)}`]);
    case "sandbox":
      return linesText(sandboxLines(result));
  }
}

function linesText(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
