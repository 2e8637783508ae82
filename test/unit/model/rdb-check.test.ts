import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc64 } from "../../../src/model/crc64.ts";
import { RdbCheck } from "../../../src/model/rdb-check.ts";

function rdb({ header = "REDIS0011", body = "abc", checksum = true } = {}): Buffer {
  const bytes = Buffer.from(`${header}${body}\xff`, "latin1");
  const sum = Buffer.alloc(8);
  if (checksum) sum.writeBigUInt64LE(crc64(bytes));
  return Buffer.concat([bytes, sum]);
}

function verdictOf(...parts: readonly Buffer[]) {
  const check = new RdbCheck();
  for (const part of parts) check.push(part);
  return check.end();
}

describe("an RDB file as it passes by", () => {
  test("is whole, with the version that its header names, however it is cut", () => {
    const file = rdb();
    expect(verdictOf(rdb({ header: "VALKEY080" }))).toEqual({ kind: "whole", version: 80, checksummed: true });
    fc.assert(
      fc.property(fc.array(fc.nat(file.length), { maxLength: 6 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), file.length];
        const parts = at.slice(1).map((end, i) => file.subarray(at[i], end));
        expect(verdictOf(...parts)).toEqual({ kind: "whole", version: 11, checksummed: true });
      }),
    );
  });

  test("may be without a checksum", () => {
    expect(verdictOf(rdb({ checksum: false }))).toEqual({ kind: "whole", version: 11, checksummed: false });
  });

  test("is broken when it was cut off, at any place", () => {
    const file = rdb({ body: "x".repeat(50) });
    for (let length = 0; length < file.length; length++) {
      expect(verdictOf(file.subarray(0, length)).kind).toBe("broken");
    }
  });

  test("is broken when any bit of it is another", () => {
    const file = rdb({ body: "x".repeat(50) });
    for (let bit = 0; bit < file.length * 8; bit++) {
      const flipped = Buffer.from(file);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(verdictOf(flipped).kind).toBe("broken");
    }
  });

  test("is broken when the end of an older, longer file is behind it", () => {
    const older = rdb({ body: "y".repeat(90) });
    const file = rdb();
    expect(verdictOf(file, older.subarray(file.length)).kind).toBe("broken");
  });

  test("is broken when it is too old to have a checksum, or something else", () => {
    for (const header of ["REDIS0004", "GARBAGE01", "VALKEYabc"]) {
      expect(verdictOf(rdb({ header })).kind).toBe("broken");
    }
  });
});
