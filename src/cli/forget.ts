import type { Command } from "commander";
import { type Environment, type Running, runFromSeed } from "./open-context.ts";
import type { GlobalOptions } from "./options.ts";
import { SEED_WORD, seedAndNodes } from "./seed-words.ts";

interface Flags {
  readonly ghosts?: boolean;
  readonly failed?: boolean;
  readonly dryRun?: boolean;
  readonly detailedExitcode?: boolean;
  readonly planOut?: string;
}

export function addForget(program: Command, running: Running, environment: Environment): void {
  program
    .command("forget")
    .summary("have every node forget those that are gone for good")
    .description(
      "Strikes nodes that do not answer off the list of every node that does, at once, so that nobody brings them back. Nodes " +
        "that answer are taken out with del-node.",
    )
    .usage("[options] [seed] [nodes...]")
    .argument("[words...]", `${SEED_WORD}; then whom to forget: id, the beginning of one, or host:port`)
    .option("--ghosts", "those without an address, and handshakes that do not come to an end")
    .option("--failed", "those that are held for failed, own no slots and have no replicas")
    .option("--dry-run", "show the plan and change nothing")
    .option("--detailed-exitcode", "with --dry-run: exit 10 when there are changes to make")
    .option("--plan-out <file>", "save the plan as JSON, for slotctl apply")
    .addHelpText(
      "after",
      `
Examples:
  slotctl forget 10.0.0.1:7000 --ghosts
  slotctl forget 10.0.0.1:7000 3f2a9c --yes
  slotctl forget 10.0.0.1:7000 --ghosts --failed --dry-run`,
    )
    .action(async (words: readonly string[], flags: Flags, self: Command) => {
      const { forget } = await import("../commands/forget.ts");
      const alone = flags.ghosts === true || flags.failed === true ? "seed" : "node";
      const { seeds, rest } = seedAndNodes(words, self.optsWithGlobals<GlobalOptions>(), alone);
      const options = {
        nodes: rest,
        ghosts: flags.ghosts === true,
        failed: flags.failed === true,
        dryRun: flags.dryRun === true,
        detailedExitCode: flags.detailedExitcode === true,
        planOut: flags.planOut,
        environment,
      };
      await runFromSeed(running, self, seeds, (context) => forget(options, context));
    });
}
