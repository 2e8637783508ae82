import { DOCUMENTS } from "./documents.ts";
import { definitionsIn, type Schema } from "./schema.ts";
import type { SchemaName } from "./schema-names.ts";
import { SCHEMA_VERSION } from "./schema-version.ts";

/** The JSON Schema of what slotctl writes, with all that it refers to: it needs no other file. */
export function publishedSchema(name: SchemaName): Schema {
  const schema = DOCUMENTS[name]();
  const definitions = definitionsIn(schema);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `urn:slotctl:schema:${SCHEMA_VERSION}:${name.replace(" ", ":")}`,
    title: titleOf(name),
    ...schema,
    ...(Object.keys(definitions).length === 0 ? {} : { $defs: definitions }),
  };
}

function titleOf(name: SchemaName): string {
  switch (name) {
    case "error":
      return "What every command writes with -o json when it fails";
    case "plan":
      return "A plan as --plan-out writes it and slotctl apply reads it";
    case "progress":
      return "One line of what --progress json writes to stderr";
    default:
      return `What slotctl ${name} writes with -o json`;
  }
}
