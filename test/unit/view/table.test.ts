import { stripVTControlCharacters } from "node:util";
import { Chalk } from "chalk";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fitText } from "../../../src/view/table.ts";

describe("lines that are too wide", () => {
  test.each([
    ["done: moved all of it to the other", ["done: moved all of", "      it to the", "      other"]],
    ["   2. meet 10.0.0.1:7000 and go", ["   2. meet", "      10.0.0.1:7000", "      and go"]],
    ["ok       every node agrees with it", ["ok       every node", "         agrees", "         with it"]],
    ["  FROM    TO      SLOTS  KEYS  SIZE", ["  FROM    TO", "    SLOTS  KEYS", "    SIZE"]],
    ["a sentence that is too wide for it", ["a sentence that is", "  too wide for it"]],
    ["fits", ["fits"]],
    ["one:averyveryverylongaddress:7000 x", ["one:averyveryverylongaddress:7000", "  x"]],
  ])("%j", (line, broken) => {
    expect(fitText(line, 19).split("\n")).toEqual(broken);
  });

  test("colours do not count", () => {
    const { red } = new Chalk({ level: 1 });
    expect(fitText(`${red("error:")} it is over`, 17)).toBe(`${red("error:")} it is over`);
  });

  test("keep their words in order, whatever the width", () => {
    const text = fc.array(fc.stringMatching(/^[a-z:]{1,12}$/), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(text, fc.integer({ min: 10, max: 60 }), (words, width) => {
        const fitted = stripVTControlCharacters(fitText(words.join(" "), width));
        expect(fitted.split(/\s+/).filter((word) => word !== "")).toEqual(words);
        for (const line of fitted.split("\n"))
          if (line.trim().includes(" ")) expect(line.length).toBeLessThanOrEqual(width);
      }),
    );
  });
});
