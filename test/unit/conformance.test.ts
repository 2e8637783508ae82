import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { HELD_OTHERWISE, STATEMENTS } from "../helpers/drop-in-statements.ts";

const TESTS = readdirSync("test", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".test.ts"));

describe("the statements about drop-in mode", () => {
  test("are numbered without a gap, section by section", () => {
    const numbers = Object.keys(STATEMENTS).map((number) => number.split(".").map(Number));
    expect(numbers.map(([, , number]) => number)).toEqual(numbers.map((_, i) => i + 1));
    const sections = numbers.map(([, section]) => section!);
    expect(sections).toEqual([...sections].sort((a, b) => a - b));
    expect(new Set(sections)).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]));
  });

  test("each have a test whose title begins with the number, or a reason why not", () => {
    const held = new Set([...TESTS.flatMap((file) => numbersIn(join("test", file))), ...Object.keys(HELD_OTHERWISE)]);
    expect(Object.keys(STATEMENTS).filter((number) => !held.has(number))).toEqual([]);
  });

  test("are the only ones that tests claim to hold", () => {
    const claimed = TESTS.flatMap((file) => numbersIn(join("test", file)));
    expect(claimed.filter((number) => !(number in STATEMENTS))).toEqual([]);
    expect(Object.keys(HELD_OTHERWISE).filter((number) => !(number in STATEMENTS))).toEqual([]);
  });
});

/** Those at the beginning of a title, "17.1.15, 17.1.16 …"; titles may stand in a table of cases. */
function numbersIn(file: string): readonly string[] {
  const titles = readFileSync(file, "utf8").matchAll(/["`](17\.\d+\.\d+(?:, 17\.\d+\.\d+)*)[ :"`]/g);
  return [...titles].flatMap(([, numbers]) => numbers!.split(", "));
}
