import type { Command } from "commander";
import { ExitCode, SlotctlError } from "../errors.ts";
import { type Running, runWith } from "./open-context.ts";
import { seedsArgument } from "./options.ts";

export function addWizard(program: Command, running: Running): void {
  program
    .command("wizard")
    .summary("be asked what to do, and see which command does it")
    .description(
      "Asks what you want to do (reshard, rebalance, add-node, del-node, fix or create), then everything that the command has to " +
        "know, shows that command and its plan, and runs it when you agree. Any answer can be changed before, and the plan " +
        "saved. Ctrl-C and Esc leave and change nothing. These commands ask in the same way for what their command line " +
        "leaves out. With ACCESSIBLE=1 or TERM=dumb the lists are numbered and answered by typing, as a screen reader needs it.",
    )
    .argument("[seed]", "any node of the cluster, host:port; several with commas", seedsArgument)
    .addHelpText(
      "after",
      `
Examples:
  slotctl wizard
  slotctl wizard 10.0.0.1:7000
  ACCESSIBLE=1 slotctl wizard 10.0.0.1:7000`,
    )
    .action(async (seeds, _flags, self: Command) => {
      const { guide } = running;
      if (guide !== undefined) return guide(self, undefined, seeds ?? []);
      await runWith(running, self, seeds, () => Promise.reject(nobodyToAsk()));
    });
}

function nobodyToAsk(): SlotctlError {
  return new SlotctlError("The wizard asks questions, and there is no terminal to ask them in", {
    code: "NOTHING_TO_ASK_WITH",
    exitCode: ExitCode.Usage,
    hint: "slotctl --help lists the commands; each takes everything as options",
  });
}
