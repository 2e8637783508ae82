import type { Command } from "commander";
import { addLimitOptions, type MoveFlags, runOptionsOf } from "./move-options.ts";
import { type Environment, inBulk, type Running, runWith } from "./open-context.ts";
import { seedsArgument } from "./options.ts";

export function addApply(program: Command, running: Running, environment: Environment): void {
  const apply = program
    .command("apply")
    .summary("carry out a saved plan")
    .description(
      "Carries out a plan that --plan-out saved, here or elsewhere. Each step is looked at first: what is done is passed " +
        "over, and when the cluster is no longer what the plan was made for it stops and exits 5.",
    )
    .argument("<file>", "the plan; - reads it from standard input")
    .option("--dry-run", "show the plan and change nothing");
  addLimitOptions(apply)
    .addHelpText(
      "after",
      `
Examples:
  slotctl rebalance 10.0.0.1:7000 --dry-run --plan-out plan.json && slotctl apply plan.json --yes`,
    )
    .action(async (file: string, flags: MoveFlags, self: Command) => {
      const [{ apply: run }, { loadPlan }] = await Promise.all([
        import("../commands/apply.ts"),
        import("../commands/plan-file.ts"),
      ]);
      const options = { ...runOptionsOf(flags, environment), dryRun: flags.dryRun === true };
      await runWith(
        running,
        self,
        [],
        inBulk(async (context) => run(await loadPlan(file), options, context)),
      );
    });

  const resume = program
    .command("resume")
    .summary("go on with the plan that was begun and not finished")
    .description(
      "Every plan lies in the state directory from before its first change until it is done. After an interruption, a " +
        "lost connection or a kill, this goes on where it stopped, whatever it was. Without a node it takes the plan " +
        "that is kept; where several clusters have one, it names them.",
    )
    .argument("[seed]", "any node of the cluster, host:port; several with commas", seedsArgument)
    .option("--dry-run", "show the plan and change nothing");
  addLimitOptions(resume)
    .addHelpText(
      "after",
      `
Examples:
  slotctl resume
  slotctl resume 10.0.0.1:7000 --yes`,
    )
    .action(async (seeds, flags: MoveFlags, self: Command) => {
      const { resume: run } = await import("../commands/apply.ts");
      const options = { ...runOptionsOf(flags, environment), dryRun: flags.dryRun === true };
      await runWith(
        running,
        self,
        seeds,
        inBulk((context) => run(options, context)),
      );
    });
}
