import { type Command, InvalidArgumentError, Option } from "commander";
import type { ReshardOptions } from "../commands/reshard.ts";
import { parseRanges, SLOT_COUNT } from "../model/slot.ts";
import { addKeepEmptyOption, addLimitOptions, addPlanOptions, type MoveFlags, moveOptionsOf } from "./move-options.ts";
import { type Environment, guideFor, inBulk, type Running, runFromSeed } from "./open-context.ts";
import { seedsArgument } from "./options.ts";

interface Flags extends MoveFlags {
  readonly from: readonly string[];
  readonly to?: string;
  readonly slots?: ReshardOptions["amount"];
}

export function addReshard(program: Command, running: Running, environment: Environment): void {
  const command = program
    .command("reshard")
    .summary("move slots, with their keys, to a primary")
    .description(
      "Moves a number of slots, or named ranges, to one primary; each source gives in proportion to what it owns. " +
        "Ctrl-C stops once the slots in flight have arrived; slotctl resume goes on. " +
        "In a terminal, what is missing of --to and --slots is asked for.",
    )
    .argument("[seed]", "any node of the cluster, host:port; several with commas", seedsArgument)
    .addOption(
      new Option("--from <nodes>", "sources: ids, addresses or all").argParser(nodesArgument).default(["all"], "all"),
    )
    .option("--to <node>", "the primary that gets them: an id, the beginning of one, or host:port")
    .addOption(new Option("--slots <slots>", "how many, or which: 4096, 0-99, or 7,100-199").argParser(amountArgument));
  addLimitOptions(addKeepEmptyOption(addPlanOptions(command)))
    .addHelpText(
      "after",
      `
Examples:
  slotctl reshard 10.0.0.1:7000 --to 10.0.0.4:7000 --slots 4096
  slotctl reshard 10.0.0.1:7000 --from 3f2a --to 9c01 --slots 0-99,500-599 --dry-run
  slotctl reshard 10.0.0.1:7000 --to 10.0.0.4:7000 --slots 1000 --rate 20000 --max-block 5ms --yes`,
    )
    .action(async (seeds, flags: Flags, self: Command) => {
      const guide = flags.to === undefined || flags.slots === undefined ? guideFor(running, self) : undefined;
      if (guide !== undefined) return guide(self, "reshard", seeds ?? []);
      const { reshard } = await import("../commands/reshard.ts");
      const options = { ...moveOptionsOf(flags, environment), from: flags.from, to: flags.to, amount: flags.slots };
      await runFromSeed(
        running,
        self,
        seeds,
        inBulk((context) => reshard(options, context)),
      );
    });
}

function nodesArgument(text: string): readonly string[] {
  const nodes = text.split(",").map((part) => part.trim());
  if (nodes.includes("")) throw new InvalidArgumentError("Expected node ids or addresses, separated by commas, or all");
  return nodes;
}

/** "4096" is a number of slots and "4096-4096" is a slot: a bare number always counts. */
function amountArgument(text: string): NonNullable<ReshardOptions["amount"]> {
  if (/^\d+$/.test(text)) {
    const slots = Number(text);
    if (slots < 1 || slots > SLOT_COUNT) throw new InvalidArgumentError(`Expected 1 to ${SLOT_COUNT} slots`);
    return { kind: "count", slots };
  }
  const slots = parseRanges(text);
  if (slots === undefined || slots.length === 0) {
    throw new InvalidArgumentError("Expected a number of slots, or ranges such as 0-99,500-599; a single slot is 7-7");
  }
  return { kind: "ranges", slots };
}
