/** A JSON Schema (draft 2020-12), as data. */
export interface Schema {
  readonly [keyword: string]: unknown;
  readonly optional?: never;
  readonly [DEFINITION]?: () => Schema;
}

/** A field that is not there when there is nothing to say. */
export interface Optional {
  readonly optional: Schema;
}

export type Fields = Readonly<Record<string, Schema | Optional>>;

/** The fields of T and no others, those that may be undefined as optional ones: a change of T fails to compile here. */
export type FieldsOf<T> = { readonly [Name in keyof T]-?: undefined extends T[Name] ? Optional : Schema };

/** What a named schema stands for. No keyword, so it is not in the JSON. */
const DEFINITION = Symbol("definition");

export const text: Schema = { type: "string" };
export const yesOrNo: Schema = { type: "boolean" };
/** A whole number, 0 or more. */
export const count: Schema = { type: "integer", minimum: 0 };
/** A number, 0 or more. */
export const amount: Schema = { type: "number", minimum: 0 };

export function optional(schema: Schema): Optional {
  return { optional: schema };
}

export function word(...words: readonly string[]): Schema {
  return words.length === 1 ? { const: words[0] } : { type: "string", enum: words };
}

/** The words of a union, as a record, so that the compiler misses one that is left out. */
export function wordOf<Word extends string>(words: Readonly<Record<Word, true>>): Schema {
  return word(...Object.keys(words));
}

export function constant(value: boolean | number): Schema {
  return { const: value };
}

export function listOf(items: Schema): Schema {
  return { type: "array", items };
}

export function mapOf(values: Schema): Schema {
  return { type: "object", additionalProperties: values };
}

export function orNull(schema: Schema): Schema {
  return { anyOf: [schema, { type: "null" }] };
}

export function anyOf(...schemas: readonly Schema[]): Schema {
  return schemas.length === 1 ? schemas[0]! : { anyOf: schemas };
}

/** An object with these fields and nothing else: whoever adds one to a document has to add it here. */
export function objectWith(fields: Fields): Schema {
  const entries = Object.entries(fields);
  return {
    type: "object",
    properties: Object.fromEntries(entries.map(([name, field]) => [name, isOptional(field) ? field.optional : field])),
    required: entries.filter(([, field]) => !isOptional(field)).map(([name]) => name),
    additionalProperties: false,
  };
}

/** The same of a type of ours that is written as it is. */
export function objectOf<T>(fields: FieldsOf<T>): Schema {
  return objectWith(fields as Fields);
}

function isOptional(field: Schema | Optional): field is Optional {
  return field.optional !== undefined;
}

/** With a sentence for whoever reads the schema. */
export function about(description: string, schema: Schema): Schema {
  return { ...schema, description };
}

/** A schema that stands once, under a name, in every published schema that uses it. */
export function named(name: string, schema: () => Schema): Schema {
  return { $ref: `#/$defs/${name}`, [DEFINITION]: schema };
}

/** Everything that a schema refers to, also by way of others, by name. */
export function definitionsIn(schema: Schema): Readonly<Record<string, Schema>> {
  const found = new Map<string, Schema>();
  const search = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const part of Object.values(value)) search(part);
    const { $ref, [DEFINITION]: definition } = value as Schema;
    if (typeof $ref !== "string" || definition === undefined) return;
    const name = $ref.slice("#/$defs/".length);
    if (found.has(name)) return;
    found.set(name, {});
    found.set(name, definition());
    search(found.get(name));
  };
  search(schema);
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
