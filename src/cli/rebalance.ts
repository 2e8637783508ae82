import { type Command, InvalidArgumentError, Option } from "commander";
import type { RebalanceOptions } from "../commands/rebalance.ts";
import {
  addKeepEmptyOption,
  addLimitOptions,
  addPlanOptions,
  type MoveFlags,
  moveOptionsOf,
  positiveDuration,
} from "./move-options.ts";
import { type Environment, guideFor, inBulk, isSeedless, type Running, runFromSeed } from "./open-context.ts";
import { seedsArgument } from "./options.ts";

interface Flags extends MoveFlags {
  readonly weight: RebalanceOptions["weights"];
  readonly threshold: number;
  readonly useEmptyPrimaries?: boolean;
  readonly by: RebalanceOptions["by"];
  readonly sample: number;
}

export function addRebalance(program: Command, running: Running, environment: Environment): void {
  const command = program
    .command("rebalance")
    .summary("even out the slots between the primaries")
    .description(
      "Gives every primary its share of the slots, with the fewest moved. Nothing happens while all are within the " +
        "threshold. --by evens out what is in the slots instead of their number: the keys, the memory they take, or the " +
        "CPU time or traffic of the next seconds. Weight 0 empties a primary. Ctrl-C stops once the slots in flight have arrived; slotctl resume goes on. " +
        "Without a seed a terminal is asked for everything.",
    )
    .argument("[seed]", "any node of the cluster, host:port; several with commas", seedsArgument)
    .addOption(
      new Option("--weight <node=weight>", "give a primary more or fewer slots (repeatable)")
        .argParser(collectWeight)
        .default([], "every primary 1"),
    )
    .addOption(
      new Option("--threshold <percent>", "leave it when nobody is further from its share")
        .argParser(percentArgument)
        .default(2),
    )
    .option("--use-empty-primaries", "primaries without slots get their share as well")
    .addOption(
      new Option("--by <what>", "what is evened out; cpu and network need servers that measure it")
        .choices(["slots", "keys", "memory", "cpu", "network"])
        .default("slots"),
    )
    .addOption(
      new Option("--sample <time>", "for how long cpu or network is watched")
        .argParser(positiveDuration)
        .default(5000, "5s"),
    );
  addLimitOptions(addKeepEmptyOption(addPlanOptions(command)))
    .addHelpText(
      "after",
      `
Examples:
  slotctl rebalance 10.0.0.1:7000 --use-empty-primaries
  slotctl rebalance 10.0.0.1:7000 --weight 10.0.0.2:7000=0 --dry-run
  slotctl rebalance 10.0.0.1:7000 --weight 3f2a=2 --threshold 5 --yes
  slotctl rebalance 10.0.0.1:7000 --by memory --dry-run
  slotctl rebalance 10.0.0.1:7000 --by cpu --sample 30s`,
    )
    .action(async (seeds, flags: Flags, self: Command) => {
      const guide = isSeedless(self, seeds) ? guideFor(running, self) : undefined;
      if (guide !== undefined) return guide(self, "rebalance", []);
      const { rebalance } = await import("../commands/rebalance.ts");
      const { weight: weights, threshold: thresholdPercent, useEmptyPrimaries = false, by, sample: sampleMs } = flags;
      const options = {
        ...moveOptionsOf(flags, environment),
        weights,
        thresholdPercent,
        useEmptyPrimaries,
        by,
        sampleMs,
      };
      await runFromSeed(
        running,
        self,
        seeds,
        inBulk((context) => rebalance(options, context)),
      );
    });
}

/** The weight stands behind the last "=": a node's name has none, but a typo should not pass for one. */
function collectWeight(text: string, before: RebalanceOptions["weights"] = []): RebalanceOptions["weights"] {
  const at = text.lastIndexOf("=");
  const [node, number] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || !/^\d+(\.\d+)?$|^\.\d+$/.test(number)) {
    throw new InvalidArgumentError(
      "Expected node=weight with a weight of 0 or more, for example 3f2a=2 or 10.0.0.1:7000=0.5",
    );
  }
  if (before.some((given) => given.node === node)) throw new InvalidArgumentError(`${node} was given a weight already`);
  return [...before, { node, weight: Number(number) }];
}

function percentArgument(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError("Expected a percentage of 0 or more");
  return Number(text);
}
