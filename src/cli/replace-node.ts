import { type Command, InvalidArgumentError, Option } from "commander";
import type { NamedAddress } from "../commands/create.ts";
import { parseAddress } from "../model/address.ts";
import { addDryRunOptions, type PlanFlags, planOptionsOf } from "./move-options.ts";
import { type Environment, type Running, runFromSeed } from "./open-context.ts";
import { ADDRESS_EXAMPLE, durationArgument, seedsArgument } from "./options.ts";

interface Flags extends PlanFlags {
  readonly wait: number;
}

export function addReplaceNode(program: Command, running: Running, environment: Environment): void {
  const command = program
    .command("replace-node")
    .summary("put a new server into the place of a node")
    .description(
      "The new server joins, copies the shard of the old node and takes its place: as a replica of the same primary, or as " +
        "the primary of its slots, without losing a write. The old node is then forgotten by all and reset. A dead node can " +
        "be replaced as well; of a dead primary the best replica takes over and the new server follows it.",
    )
    .argument("<seed>", "any node of the cluster that stays, host:port; several with commas", seedsArgument)
    .argument("<old>", "whom to replace: an id, the beginning of one, or host:port")
    .argument("<new>", "a blank server, host:port", newcomerArgument)
    .addOption(
      new Option("--wait <time>", "how long to wait for the new server to answer")
        .argParser(durationArgument)
        .default(0, "0s"),
    );
  addDryRunOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  slotctl replace-node 10.0.0.1:7000 10.0.0.4:7000 10.0.0.9:7000
  slotctl replace-node 10.0.0.1:7000 3f2a9c 10.0.0.9:7000 --wait 30s --yes`,
    )
    .action(async (seeds, old: string, newcomer: NamedAddress, flags: Flags, self: Command) => {
      const { replaceNode } = await import("../commands/replace-node.ts");
      const options = { ...planOptionsOf(flags, environment), old, newcomer, wait: flags.wait };
      await runFromSeed(running, self, seeds, (context) => replaceNode(options, context));
    });
}

function newcomerArgument(typed: string): NamedAddress {
  const address = parseAddress(typed);
  if (address === undefined) throw new InvalidArgumentError(ADDRESS_EXAMPLE);
  return { typed, address };
}
