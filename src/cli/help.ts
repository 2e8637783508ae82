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

/** The page of a command, which tells of its subcommands as well. */
export function manualOf(command: Command): string {
  const names: string[] = [];
  for (let one: Command | null = command; one !== null; one = one.parent) names.unshift(one.name());
  return `${names.slice(0, 2).join("-")}(1)`;
}
