import { type Command, Option } from "commander";
import { namedAddress } from "./create.ts";
import { addLimitOptions, addPlanOptions, type MoveFlags, moveOptionsOf } from "./move-options.ts";
import { type Environment, guideFor, missingArgument, type Running, runFromSeed } from "./open-context.ts";
import { durationArgument, type GlobalOptions } from "./options.ts";
import { SEED_WORD, seedAndNodes } from "./seed-words.ts";

interface Flags extends MoveFlags {
  readonly replica?: boolean;
  readonly replicaOf?: string;
  readonly rebalance?: boolean;
  readonly ifNotExists?: boolean;
  readonly wait: number;
}

export function addAddNode(program: Command, running: Running, environment: Environment): void {
  const command = program
    .command("add-node")
    .summary("make blank servers members of a cluster")
    .description(
      "Makes one or more blank servers members, as primaries without slots unless told otherwise, and returns when every " +
        "node knows them, they themselves say ok, and as replicas they are in sync. New primaries get the cluster's function " +
        "libraries. A server that is a member already is left as it is. Without nodes a terminal is asked for them.",
    )
    .usage("[options] [seed] <nodes...>")
    .argument("[words...]", `${SEED_WORD}; then the new servers, host:port`)
    .addOption(
      new Option(
        "--replica",
        "as replicas of the shards that need one most, in other zones and on other hosts",
      ).conflicts(["replicaOf", "rebalance"]),
    )
    .addOption(new Option("--replica-of <primary>", "as replicas of this primary").conflicts(["rebalance"]))
    .option("--rebalance", "give the new primaries their share of the slots")
    .option("--if-not-exists", "be content with a member whatever its role")
    .addOption(
      new Option("--wait <time>", "wait for servers that do not answer yet")
        .argParser(durationArgument)
        .default(0, "not at all"),
    );
  addLimitOptions(addPlanOptions(command))
    .addHelpText(
      "after",
      `
Examples:
  slotctl add-node 10.0.0.1:7000 10.0.0.4:7000
  slotctl add-node 10.0.0.1:7000 10.0.0.4:7000 10.0.0.5:7000 --rebalance --yes
  slotctl add-node 10.0.0.1:7000 10.0.0.6:7000 --replica-of 10.0.0.4:7000
  slotctl add-node 10.0.0.1:7000 10.0.0.{6..8}:7000 --replica --wait 60s --yes -o json`,
    )
    .action(async (words: readonly string[], flags: Flags, self: Command) => {
      if (words.length === 0) {
        const guide = guideFor(running, self);
        if (guide !== undefined) return guide(self, "add-node", []);
        missingArgument(self, "words");
      }
      const { addNode } = await import("../commands/add-node.ts");
      const { seeds, rest } = seedAndNodes(words, self.optsWithGlobals<GlobalOptions>(), "node");
      const options = {
        ...moveOptionsOf(flags, environment),
        addresses: rest.map(namedAddress),
        role: roleOf(flags),
        rebalance: flags.rebalance === true,
        ifNotExists: flags.ifNotExists === true,
        wait: flags.wait,
      };
      await runFromSeed(running, self, seeds, (context) => addNode(options, context));
    });
}

function roleOf({ replica, replicaOf }: Flags) {
  if (replicaOf !== undefined) return { kind: "replica-of", primary: replicaOf } as const;
  return replica === true ? ({ kind: "replica" } as const) : ({ kind: "primary" } as const);
}
