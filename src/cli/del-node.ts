import { type Command, Option } from "commander";
import { addLimitOptions, addPlanOptions, type MoveFlags, moveOptionsOf } from "./move-options.ts";
import { type Environment, guideFor, missingArgument, type Running, runFromSeed } from "./open-context.ts";
import type { GlobalOptions } from "./options.ts";
import { SEED_WORD, seedAndNodes } from "./seed-words.ts";

interface Flags extends MoveFlags {
  readonly drain?: boolean;
  readonly reset: boolean;
  readonly shutdown?: boolean;
  readonly ifExists?: boolean;
}

export function addDelNode(program: Command, running: Running, environment: Environment): void {
  const command = program
    .command("del-node")
    .summary("take nodes out of a cluster")
    .description(
      "Has every node forget the given ones and resets them, so that they are blank and have new ids. Replicas of a primary " +
        "that leaves are given to the shards that need them most. A primary that owns slots stays unless --drain is given. A " +
        "node that is dead can be removed as well. Without nodes a terminal is asked for them.",
    )
    .usage("[options] [seed] <nodes...>")
    .argument("[words...]", `${SEED_WORD}; then whom to remove: id, the beginning of one, host:port, or name`)
    .option("--drain", "move the slots of leaving primaries, keys included, to the others first")
    .option("--no-reset", "leave the removed nodes as they are")
    .option("--shutdown", "shut the removed nodes down")
    .addOption(new Option("--if-exists", "be content when there is no such member"));
  addLimitOptions(addPlanOptions(command))
    .addHelpText(
      "after",
      `
Examples:
  slotctl del-node 10.0.0.1:7000 10.0.0.6:7000
  slotctl del-node 10.0.0.1:7000 10.0.0.4:7000 --drain --dry-run
  slotctl del-node 10.0.0.1:7000 3f2a9c 8d01b7 --drain --shutdown --yes -o json`,
    )
    .action(async (words: readonly string[], flags: Flags, self: Command) => {
      if (words.length === 0) {
        const guide = guideFor(running, self);
        if (guide !== undefined) return guide(self, "del-node", []);
        missingArgument(self, "words");
      }
      const { delNode } = await import("../commands/del-node.ts");
      const { seeds, rest } = seedAndNodes(words, self.optsWithGlobals<GlobalOptions>(), "node");
      const options = {
        ...moveOptionsOf(flags, environment),
        nodes: rest,
        drain: flags.drain === true,
        reset: flags.reset ? ("hard" as const) : ("none" as const),
        shutdown: flags.shutdown === true,
        ifExists: flags.ifExists === true,
      };
      await runFromSeed(running, self, seeds, (context) => delNode(options, context));
    });
}
