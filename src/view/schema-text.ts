import type { Schema } from "./schema/schema.ts";

/** For people and for scripts alike. */
export function schemaText(schema: Schema): string {
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}
