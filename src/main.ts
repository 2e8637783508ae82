import { ExitCode } from "./errors.ts";
import type { World } from "./open.ts";

declare const SLOTCTL_VERSION: string;

/** Runs one command line and says how it went. Only bin/ turns the answer into an exit. */
export async function main(argv: readonly string[], world: World): Promise<ExitCode> {
  // Asked for by scripts over and over: it needs nothing that has to be loaded first.
  if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-v")) {
    world.stdout.write(`${SLOTCTL_VERSION}\n`);
    return ExitCode.Ok;
  }
  if (argv[0] === "__complete") return (await import("./complete.ts")).complete(argv.slice(1), world);
  // Cheap to see, so that the words of redis-cli are only taken apart when they can be there at all.
  if (argv.includes("--cluster")) {
    const { isDropIn } = await import("./cli/drop-in/command-line.ts");
    if (isDropIn(argv)) return (await import("./drop-in.ts")).runDropIn(argv, world, SLOTCTL_VERSION);
  }
  return (await import("./native.ts")).runNative(argv, world);
}
