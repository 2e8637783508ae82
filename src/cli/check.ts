import { type Command, Option } from "commander";
import { inBulk, type Running, runFromSeed } from "./open-context.ts";
import { durationArgument, seedsArgument } from "./options.ts";

interface Flags {
  readonly searchMultipleOwners?: boolean;
  readonly wait: boolean;
  readonly settle?: number;
  readonly quick?: boolean;
  readonly strict?: boolean;
}

export function addCheck(program: Command, running: Running): void {
  program
    .command("check")
    .summary("say what is wrong with a cluster")
    .description(
      "Asks every node for its own view and lists what is wrong, with the evidence and what helps. " +
        "A disagreement is given twice the node timeout to pass before it counts. Exits 3 when there are problems.",
    )
    .argument("[seed]", "any node of the cluster, host:port; several with commas", seedsArgument)
    .option("--search-multiple-owners", "look for keys in slots that their node does not own, slot by slot")
    .addOption(
      new Option("--settle <time>", "let a disagreement settle for this long (twice the node timeout)").argParser(
        durationArgument,
      ),
    )
    .option("--no-wait", "do not let a disagreement settle")
    .option("--quick", "one stable line for monitoring")
    .option("--strict", "exit 3 on warnings as well")
    .addHelpText(
      "after",
      `
Examples:
  slotctl check 10.0.0.1:7000
  slotctl check 10.0.0.1:7000,10.0.0.2:7000 --quick
  SLOTCTL_AUTH=… slotctl check --user admin --tls --cacert ca.pem redis.example.com:6379 -o json`,
    )
    .action(
      async (seeds, { searchMultipleOwners = false, wait, settle, quick = false, strict = false }: Flags, command) => {
        const { check } = await import("../commands/check.ts");
        const options = { searchMultipleOwners, settle: wait ? settle : 0, quick, strict };
        await runFromSeed(
          running,
          command,
          seeds,
          inBulk((context) => check(options, context)),
        );
      },
    );
}
