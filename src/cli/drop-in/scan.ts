import { ExitCode } from "../../errors.ts";
import type { Usage } from "./drop-in.ts";
import { type Given, has, last } from "./given.ts";
import { USAGE } from "./help-text.ts";
import { canonical, FLAG_NAMES, VALUED_NAMES } from "./option-table.ts";
import { refusal, Stop } from "./stop.ts";

export function scan(argv: readonly string[], readStdin: () => string): Given {
  const options: { name: string; value: string }[] = [];
  let subcommand: string | undefined;
  let positionals: readonly string[] = [];
  for (let at = 0; at < argv.length; ) {
    const word = argv[at]!;
    stopAt(word, at + 1 === argv.length);
    if (word === "--cluster") {
      if (subcommand !== undefined || at + 1 === argv.length) throw usage("stderr");
      subcommand = argv[at + 1]!;
      const run = runAt(argv, at + 2, isPositional);
      positionals = withStdin(run, options, readStdin);
      at += 2 + run.length;
    } else if (isPositional(word)) {
      const run = runAt(argv, at, isPositional);
      // As in redis-cli, options may stand between the subcommand and its arguments; further words are not looked at.
      if (positionals.length === 0) positionals = run;
      at += run.length;
    } else {
      const span = spanAt(argv, at);
      if (span === undefined) throw refusal(`Unrecognized option or bad number of args for: '${withoutSecret(word)}'`);
      options.push(...optionsIn(argv.slice(at, at + span)));
      at += span;
    }
  }
  if (subcommand === undefined) throw usage("stderr");
  return { subcommand, positionals, options };
}

function stopAt(word: string, isLast: boolean): void {
  if (word === "--help" || (word === "-h" && isLast)) throw usage("stdout");
  if (word === "--version" || word === "-v") throw new Stop({ kind: "version" });
}

function usage(stream: Usage["stream"]): Stop {
  return new Stop({
    kind: "usage",
    text: USAGE,
    stream,
    exitCode: stream === "stdout" ? ExitCode.Ok : ExitCode.Failed,
  });
}

/** One entry an option; one for each pair of --cluster-weight, so that giving it twice adds up. */
function optionsIn([word = "", ...values]: readonly string[]): Given["options"] {
  const name = canonical(word);
  if (name === "--cluster-weight") return values.map((value) => ({ name, value }));
  return [{ name, value: values[0] ?? "" }];
}

/** redis-cli heeds -x and -X only when they stand before --cluster. */
function withStdin(run: readonly string[], before: Given["options"], readStdin: () => string): readonly string[] {
  const tag = last({ options: before }, "-X");
  const append = has({ options: before }, "-x");
  if (tag === undefined) return append ? [...run, readStdin()] : run;
  if (append) throw refusal("Options -x and -X are mutually exclusive.");
  const place = run.indexOf(tag);
  if (place < 0) throw refusal("Using -X option but stdin tag not match.");
  return run.with(place, readStdin());
}

/** An option with its value attached, "-asecret" or "--pass=secret", is unknown, and must not be quoted in full. */
function withoutSecret(word: string): string {
  return word.replace(/^(-a|-u|--[^=]*(?:pass|auth)[^=]*=)(?=.).*$/is, "$1...");
}

/** How many words the option at this place takes up, itself included; undefined when it is none or lacks its value. */
export function spanAt(argv: readonly string[], at: number): number | undefined {
  const name = canonical(argv[at]!);
  if (FLAG_NAMES.has(name)) return 1;
  const next = argv[at + 1];
  if (!VALUED_NAMES.has(name) || next === undefined) return undefined;
  if (name !== "--cluster-weight") return 2;
  // A first word that is no weight is a mistake to complain of; redis-cli would go on and rebalance without weights.
  return 1 + (isPositional(next) && !isWeight(next) ? 1 : runAt(argv, at + 1, isWeight).length);
}

/** "--cluster-weight a=1 b=2" takes words for as long as they look like this. */
function isWeight(word: string): boolean {
  return word.includes("=") && !word.startsWith("--");
}

function isPositional(word: string): boolean {
  return !word.startsWith("-");
}

function runAt(argv: readonly string[], from: number, belongs: (word: string) => boolean): readonly string[] {
  const rest = argv.slice(from);
  const end = rest.findIndex((word) => !belongs(word));
  return end < 0 ? rest : rest.slice(0, end);
}
