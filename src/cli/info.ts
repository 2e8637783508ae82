import type { Command } from "commander";
import { inBulk, type Running, runFromSeed } from "./open-context.ts";
import { seedsArgument } from "./options.ts";

export function addInfo(program: Command, running: Running): void {
  program
    .command("info")
    .summary("show the shards of a cluster and their nodes")
    .description("Shows every shard with its slots, nodes, keys, memory and replication lag, and the totals.")
    .argument("[seed]", "any node of the cluster, host:port; several with commas", seedsArgument)
    .option("--map", "draw the 16384 slots by owner")
    .addHelpText(
      "after",
      `
Examples:
  slotctl info 10.0.0.1:7000 --map
  slotctl info 10.0.0.1:7000 -o json | jq '.shards[].primary.address'`,
    )
    .action(async (seeds, { map = false }: { map?: boolean }, command) => {
      const { info } = await import("../commands/info.ts");
      await runFromSeed(
        running,
        command,
        seeds,
        inBulk((context) => info({ map }, context)),
      );
    });
}
