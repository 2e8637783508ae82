import { type Command, Option } from "commander";
import type { FailoverOptions } from "../commands/failover.ts";
import { ExitCode, SlotctlError } from "../errors.ts";
import { addDryRunOptions, type PlanFlags, planOptionsOf } from "./move-options.ts";
import { type Environment, type Running, runFromSeed } from "./open-context.ts";
import type { GlobalOptions } from "./options.ts";
import { SEED_WORD, seedAndNodes } from "./seed-words.ts";

interface Flags extends PlanFlags {
  readonly to?: string;
  readonly from?: string;
  readonly force?: boolean;
  readonly takeover?: boolean;
}

export function addFailover(program: Command, running: Running, environment: Environment): void {
  const command = program
    .command("failover")
    .summary("let a replica take the place of its primary")
    .description(
      "A replica that is named becomes the primary; a primary that is named gives way to the replica that has read " +
        "furthest. By default no acknowledged write is lost: the primary holds its clients back until the replica has " +
        "everything. Returns when every node agrees and the old primary follows the new one.",
    )
    .usage("[options] [seed] [node]")
    .argument("[words...]", `${SEED_WORD}; then the replica, or the primary: an id, the beginning of one, or host:port`)
    .option("--to <node>", "make this node a primary; when it is one already, nothing is done")
    .option("--from <node>", "make this node a replica; when it is one already, nothing is done")
    .addOption(
      new Option("--force", "the primary is dead: ask only the other primaries; what it alone holds is lost").conflicts(
        "takeover",
      ),
    )
    .option("--takeover", "the majority is dead: ask nobody; what the dead alone hold is lost");
  addDryRunOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  slotctl failover 10.0.0.1:7000 10.0.0.4:7000
  slotctl failover 10.0.0.1:7000 --from 10.0.0.2:7000 --yes
  slotctl failover 10.0.0.1:7000 10.0.0.5:7000 --force`,
    )
    .action(async (words: readonly string[], flags: Flags, self: Command) => {
      const { failover } = await import("../commands/failover.ts");
      const mode = flags.takeover === true ? "takeover" : flags.force === true ? "force" : "safe";
      const isSaid = flags.to !== undefined || flags.from !== undefined;
      const { seeds, rest } = seedAndNodes(words, self.optsWithGlobals<GlobalOptions>(), isSaid ? "seed" : "node");
      const options = { ...planOptionsOf(flags, environment), ...targetOf(rest, flags), mode } as const;
      await runFromSeed(running, self, seeds, (context) => failover(options, context));
    });
}

function targetOf(nodes: readonly string[], { to, from }: Flags): Pick<FailoverOptions, "node" | "direction"> {
  const named = [...nodes, to, from].filter((text) => text !== undefined);
  if (named.length !== 1) {
    throw new SlotctlError("failover needs one node: as an argument, with --to, or with --from", {
      code: "USAGE",
      exitCode: ExitCode.Usage,
      hint: "For example: slotctl failover 10.0.0.1:7000 10.0.0.4:7000",
    });
  }
  return { node: named[0]!, direction: to !== undefined ? "to" : from !== undefined ? "from" : undefined };
}
