import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { publishedSchema } from "../../src/view/schema/published-schema.ts";
import { SCHEMA_NAMES, type SchemaName } from "../../src/view/schema/schema-names.ts";

// Strict: a misspelt keyword is an error, and the schema itself is held against draft 2020-12.
const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
const validators = new Map<SchemaName, ValidateFunction>();

/** @throws Error where the schema that slotctl publishes is none */
export function validatorOf(name: SchemaName): ValidateFunction {
  const validate = validators.get(name) ?? ajv.compile(publishedSchema(name));
  validators.set(name, validate);
  return validate;
}

/** What is wrong with a document by the schema that slotctl publishes for it; "" when nothing is. */
export function misfitOf(name: SchemaName, document: unknown): string {
  const validate = validatorOf(name);
  if (validate(document)) return "";
  const places = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath || "/"} ${message} ${JSON.stringify(params)}`,
  );
  return [...new Set(places)].join("\n");
}

/**
 * Holds what a run of slotctl wrote against the published schemas: stdout where it was asked for JSON, and the events on
 * stderr.
 * @throws Error that shows the document and what is wrong with it
 */
export function refuseUnpublished(
  args: readonly string[],
  { stdout, stderr }: { stdout: string; stderr: string },
): void {
  if (asksFor(args, ["-o", "--output"], "json") && !SPEAKS_OTHERWISE.some((word) => args.includes(word))) {
    refuse(schemaOf(args), stdout, args);
  }
  if (!asksFor(args, ["--progress"], "json")) return;
  for (const line of stderr.split("\n").filter((one) => one.startsWith("{"))) refuse("progress", line, args);
}

/** Help and schemas are no documents of a run, and in drop-in mode it speaks as redis-cli does. */
const SPEAKS_OTHERWISE = ["--help", "help", "--version", "schema", "--cluster"];

function asksFor(args: readonly string[], flags: readonly string[], value: string): boolean {
  return args.some(
    (word, i) => (flags.includes(word) && args[i + 1] === value) || flags.some((flag) => word === `${flag}=${value}`),
  );
}

/** By the words of the command; of a command line that names none only a failure can come. */
function schemaOf(args: readonly string[]): SchemaName {
  const named = SCHEMA_NAMES.filter((name) => name.split(" ").every((word) => args.includes(word)));
  const [longest] = named.sort((a, b) => b.split(" ").length - a.split(" ").length);
  return longest ?? "error";
}

function refuse(name: SchemaName, text: string, args: readonly string[]): void {
  const misfit = misfitOf(name, parsed(text));
  if (misfit === "") return;
  throw new Error(`slotctl ${args.join(" ")} wrote what its schema does not allow:\n${misfit}\n${text}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
