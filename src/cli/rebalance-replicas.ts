import { type Command, Option } from "commander";
import { addDryRunOptions, type PlanFlags, planOptionsOf } from "./move-options.ts";
import { type Environment, type Running, runFromSeed } from "./open-context.ts";
import { countArgument, seedsArgument } from "./options.ts";

interface Flags extends PlanFlags {
  readonly replicas?: number;
}

export function addRebalanceReplicas(program: Command, running: Running, environment: Environment): void {
  const command = program
    .command("rebalance-replicas")
    .summary("put replicas and primaries where hosts and zones may fail")
    .description(
      "Moves the fewest replicas, and fails over the fewest primaries, so that no zone or host holds all of a shard, every " +
        "shard has its share of the replicas, and the primaries are spread over zones and hosts. A replica leaves only " +
        "when another is in sync; where none is to spare the plan says so. No slot moves. Zones come from --zone or the servers.",
    )
    .argument("[seed]", "any node of the cluster, host:port; several with commas", seedsArgument)
    .addOption(
      new Option(
        "-r, --replicas <count>",
        "replicas that every shard gets before any gets more (as many as there are)",
      ).argParser(countArgument(0)),
    );
  addDryRunOptions(command)
    .addHelpText(
      "after",
      `
Examples:
  slotctl rebalance-replicas 10.0.0.1:7000 --dry-run
  slotctl rebalance-replicas 10.0.0.1:7000 --zone 10.0.0.1=east --zone 10.0.0.2=west --yes`,
    )
    .action(async (seeds, flags: Flags, self: Command) => {
      const { rebalanceReplicas } = await import("../commands/rebalance-replicas.ts");
      const options = { ...planOptionsOf(flags, environment), replicas: flags.replicas };
      await runFromSeed(running, self, seeds, (context) => rebalanceReplicas(options, context));
    });
}
