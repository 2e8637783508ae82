import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseQuoted, quotedText } from "../../../src/model/quoted-text.ts";

describe("quoted text", () => {
  test.each([
    ["user:1", '"user:1"'],
    ['a "b" \\', '"a \\"b\\" \\\\"'],
    ["\u0000\n", '"\\x00\\x0a"'],
  ])("%j is written %s", (text, quoted) => {
    expect(quotedText(Buffer.from(text))).toBe(quoted);
  });

  test.each([
    ['"\\n\\r\\t\\b\\a"', [10, 13, 9, 8, 7]],
    ['"\\xFf\\x00"', [255, 0]],
    ['"\\xZ1"', [120, 90, 49]],
    ['"ä"', [0xc3, 0xa4]],
    ['""', []],
  ])("%s is read as redis-cli reads it", (text, bytes) => {
    expect([...parseQuoted(text)!]).toEqual(bytes);
  });

  test.each(["", '"', '"a', 'a"', '"a\\"', '"a"b"', "'a'"])("%s is no quoted text", (text) => {
    expect(parseQuoted(text)).toBeUndefined();
  });

  test("any bytes come back as they were", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect([...parseQuoted(quotedText(bytes))!]).toEqual([...bytes]);
      }),
    );
  });
});
