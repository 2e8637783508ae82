import type { Command } from "commander";
import { ExitCode, SlotctlError } from "../errors.ts";
import { isSchemaName, type SchemaName } from "../view/schema/schema-names.ts";
import { type Running, runWith } from "./open-context.ts";

export function addSchema(program: Command, running: Running): void {
  program
    .command("schema")
    .summary("show the JSON Schema of what a command writes with -o json")
    .description(
      "Prints the JSON Schema (draft 2020-12) of the document that a command writes with -o json, failures included. " +
        "Besides the commands there are: error, what every command writes when it fails; plan, what --plan-out writes; " +
        "and progress, a line of --progress json. Without a name it lists all names.",
    )
    .argument("[command...]", "name of a command, or error, plan or progress")
    .addHelpText(
      "after",
      `
Examples:
  slotctl schema check
  slotctl schema config get
  slotctl schema`,
    )
    .action(async (words: readonly string[], _flags: unknown, self: Command) => {
      const { schema } = await import("../commands/schema.ts");
      const name = words.length === 0 ? undefined : nameOf(words.join(" "));
      await runWith(running, self, [], (context) => schema(name, context), "none");
    });
}

function nameOf(name: string): SchemaName {
  if (isSchemaName(name)) return name;
  throw new SlotctlError(`There is no schema of the name ${name}`, {
    code: "USAGE",
    exitCode: ExitCode.Usage,
    hint: "slotctl schema lists all names",
  });
}
