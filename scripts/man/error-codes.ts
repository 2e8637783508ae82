import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Every code that an error of slotctl can have, in alphabetical order: the words in capitals that src/ gives to
 * something named code, as in `code: "PLAN_STALE"` and `code: isLost ? "PORT_IN_USE" : "SERVER_START_FAILED"`.
 */
export function errorCodesIn(src: string): readonly string[] {
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const codes = files.flatMap((name) => errorCodesInText(readFileSync(join(src, name), "utf8")));
  return [...new Set(codes)].sort();
}

export function errorCodesInText(source: string): readonly string[] {
  const values = [...source.matchAll(/\bcode\s*[:=](?![=>])([^,;})]*)/g)].map(([, value]) => value!);
  return values.flatMap((value) => [...value.matchAll(/"([A-Z][A-Z0-9_]+)"/g)].map(([, code]) => code!));
}
