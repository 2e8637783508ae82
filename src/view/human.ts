import { Chalk } from "chalk";
import { errorText } from "./error-text.ts";
import { planText } from "./plan-text.ts";
import { type Progress, silentProgress } from "./progress.ts";
import { resultText } from "./result-text.ts";
import { savedPlanText } from "./saved-plan-text.ts";
import type { View } from "./view.ts";

export interface HumanOptions {
  /** Writes to stdout: results only. */
  readonly out: (text: string) => void;
  /** Writes to stderr: everything else. */
  readonly talk: (text: string) => void;
  /** Whether colour is wanted there. */
  readonly colour: { readonly out: boolean; readonly talk: boolean };
  readonly columns: number;
  /** Of the terminal that stderr is; undefined elsewhere. */
  readonly talkColumns?: number | undefined;
  readonly quiet: boolean;
  readonly progress?: Progress;
}

/** For people: sentences and tables, understandable without colour. */
export function humanView({
  out,
  talk,
  colour,
  columns,
  talkColumns,
  quiet,
  progress = silentProgress,
}: HumanOptions): View {
  const chalk = new Chalk({ level: colour.talk ? 1 : 0 });
  const outChalk = new Chalk({ level: colour.out ? 1 : 0 });
  const say = (text: string) => {
    progress.pause();
    if (!quiet) talk(`${text}\n`);
  };
  return {
    plan: (shown) => say(planText(shown, chalk, talkColumns)),
    saved: (plan) => say(savedPlanText(plan, chalk)),
    event: (event) => progress.event(event),
    note: say,
    warning: (text) => say(`${chalk.yellow("warning:")} ${text}`),
    result: (result) => {
      progress.pause();
      out(resultText(result, outChalk, columns));
    },
    error: (error) => {
      progress.pause();
      talk(errorText(error, chalk));
    },
    end: () => progress.pause(),
  };
}
