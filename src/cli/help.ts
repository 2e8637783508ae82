import type { Command } from "commander";

/** "help sandbox start": commander's own help command knows one level only. */
export function addHelp(program: Command): void {
  program
    .helpCommand(false)
    .command("help")
    .summary("show help for a command")
    .description("Shows the help of a command, also of one that belongs to another.")
    .usage("[command...]")
    .argument("[command...]", "the name of a command")
    .addHelpText(
      "after",
      `
Examples:
  slotctl help
  slotctl help sandbox start`,
    )
    .action((names: readonly string[]) => {
      names.reduce(named, program).help();
    });
}

function named(parent: Command, name: string): Command {
  const command = parent.commands.find((one) => one.name() === name || one.aliases().includes(name));
  if (command === undefined) parent.error(`error: unknown command '${name}'`, { code: "commander.unknownCommand" });
  return command;
}
