import { ExitCode } from "../errors.ts";
import { publishedSchema } from "../view/schema/published-schema.ts";
import { SCHEMA_NAMES, type SchemaName } from "../view/schema/schema-names.ts";
import type { Context } from "./context.ts";

/** Shows the JSON Schema of a command's document, or without a name which there are. */
export async function schema(name: SchemaName | undefined, { view }: Context): Promise<ExitCode> {
  if (name === undefined) view.result({ kind: "schema-names", names: SCHEMA_NAMES });
  else view.result({ kind: "schema", schema: publishedSchema(name) });
  return ExitCode.Ok;
}
