import { Argument, type Command } from "commander";
import { SHELLS, type Shell } from "./completion/scripts.ts";
import { type Running, runWith } from "./open-context.ts";

export function addCompletion(program: Command, running: Running): void {
  program
    .command("completion")
    .summary("print what makes a shell complete command lines with Tab")
    .description(
      "Prints a script for bash, zsh or fish. It completes commands, options and their values without asking anybody, and " +
        "nodes of the cluster that the command line or a context names; nothing waits for that longer than a second.",
    )
    .addArgument(new Argument("<shell>", "whose script").choices(SHELLS))
    .addHelpText(
      "after",
      `
Examples:
  source <(slotctl completion bash)
  slotctl completion zsh > "\${fpath[1]}/_slotctl"
  slotctl completion fish > ~/.config/fish/completions/slotctl.fish`,
    )
    .action(async (shell: Shell, _flags: unknown, self: Command) => {
      const { completion } = await import("../commands/completion.ts");
      const { SCRIPTS } = await import("./completion/scripts.ts");
      await runWith(running, self, [], (context) => completion(shell, SCRIPTS[shell], context), "none");
    });
}
