import { connectionOf, warningsOf } from "./connection.ts";
import type { DropIn, Environment } from "./drop-in.ts";
import { scan, spanAt } from "./scan.ts";
import { Stop } from "./stop.ts";
import { commandOf } from "./subcommands.ts";

/**
 * True when these words, those after `slotctl`, are meant for redis-cli: `--cluster` stands among the leading options,
 * and is not the value of one. Behind a word of another kind it belongs to that command.
 */
export function isDropIn(argv: readonly string[]): boolean {
  for (let at = 0; argv[at]?.startsWith("-"); at += spanAt(argv, at) ?? 1) {
    if (argv[at] === "--cluster") return true;
  }
  return false;
}

/**
 * Reads a command line for which `isDropIn` holds, as redis-cli 7 and 8 and valkey-cli 8 and 9 do, with all their
 * options. Unlike them it takes no number that is not one, or that makes no sense. `readStdin` is called only for -x
 * and -X, with which standard input becomes an argument.
 */
export function parseDropIn(argv: readonly string[], env: Environment, readStdin: () => string = () => ""): DropIn {
  try {
    const given = scan(argv, readStdin);
    const connection = connectionOf(given, env);
    return { kind: "command", command: commandOf(given, env), connection, warnings: warningsOf(given) };
  } catch (error) {
    if (error instanceof Stop) return error.outcome;
    throw error;
  }
}
