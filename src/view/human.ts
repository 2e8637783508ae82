import type { ChalkInstance } from "chalk";
import { errorText } from "./error-text.ts";
import { importChalk } from "./packages.ts";
import { planText } from "./plan-text.ts";
import { type Progress, silentProgress } from "./progress.ts";
import { resultText } from "./result-text.ts";
import { savedPlanText } from "./saved-plan-text.ts";
import { fitText } from "./table.ts";
import type { Result, View } from "./view.ts";

export interface HumanOptions {
  /** Writes to stdout: results only. */
  readonly out: (text: string) => void;
  /** Writes to stderr: everything else. */
  readonly talk: (text: string) => void;
  /** Whether colour is wanted there. */
  readonly colour: { readonly out: boolean; readonly talk: boolean };
  /** Of the terminal that stdout is; undefined elsewhere. */
  readonly columns?: number | undefined;
  /** Of the terminal that stderr is; undefined elsewhere. */
  readonly talkColumns?: number | undefined;
  /** Plans are told in sentences, to be read out, and not in tables. */
  readonly told?: boolean;
  readonly quiet: boolean;
  readonly progress?: Progress;
}

/** For people: sentences and tables, understandable without colour. */
export async function humanView({
  out,
  talk,
  colour,
  columns,
  talkColumns,
  told = false,
  quiet,
  progress = silentProgress,
}: HumanOptions): Promise<View> {
  // Where no colour is wanted, nothing that could paint is loaded.
  const Chalk = colour.talk || colour.out ? (await importChalk()).Chalk : undefined;
  const chalk = Chalk !== undefined && colour.talk ? new Chalk({ level: 1 }) : PLAIN;
  const outChalk = Chalk !== undefined && colour.out ? new Chalk({ level: 1 }) : PLAIN;
  const fitting = (text: string) => (talkColumns === undefined ? text : fitText(text, talkColumns));
  const say = (text: string) => {
    progress.pause();
    if (!quiet) talk(`${fitting(text)}\n`);
  };
  return {
    plan: (shown) => say(planText(shown, chalk, { width: talkColumns, told })),
    saved: (plan) => say(savedPlanText(plan, chalk)),
    event: (event) => progress.event(event),
    busy: (text) => progress.busy(text),
    note: say,
    warning: (text) => say(`${chalk.yellow("warning:")} ${text}`),
    result: (result) => {
      progress.pause();
      const text = resultText(result, outChalk, columns);
      out(columns === undefined || isVerbatim(result) ? text : fitText(text, columns));
    },
    error: (error) => {
      progress.pause();
      talk(fitting(errorText(error, chalk)));
    },
    end: () => progress.pause(),
  };
}

/** Leaves every text as it is, whatever colour it is asked for. What is awaited must not have a then: it would never come. */
const PLAIN = new Proxy((text: string) => text, {
  get: (_, name) => (name === "then" ? undefined : name === "level" ? 0 : PLAIN),
}) as unknown as ChalkInstance;

/** Lines that belong to somebody else: what servers answered, and what programs read one line of. */
function isVerbatim(result: Result): boolean {
  return result.kind === "call" || result.kind === "sandbox" || (result.kind === "check" && result.quick);
}
