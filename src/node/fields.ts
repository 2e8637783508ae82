import type { Outcome, Reply } from "./node.ts";

/** A flat [name, value, name, value …] reply as a map; anything else as an empty one. */
export function fieldsOf(reply: Outcome | undefined): ReadonlyMap<string, Reply> {
  if (!Array.isArray(reply)) return new Map();
  const list = reply as readonly Reply[];
  const fields = new Map<string, Reply>();
  for (let i = 0; i + 1 < list.length; i += 2) fields.set(String(list[i]), list[i + 1]!);
  return fields;
}
