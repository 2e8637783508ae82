import fc from "fast-check";
import { expect, test } from "vitest";
import { Crc64, crc64 } from "../../../src/model/crc64.ts";

test("the vectors of Redis's own crc64.c", () => {
  expect(crc64(Buffer.from("123456789"))).toBe(0xe9c6d914c4b8d9can);
  const text =
    "This is a test of the emergency broadcast system. This is only a test. If this had been a real emergency, you would have been instructed to tune";
  expect(crc64(Buffer.alloc(0))).toBe(0n);
  expect(crc64(Buffer.from(text))).toBe(slowly(Buffer.from(text)));
});

test("however the bytes are cut, the sum is that of one bit at a time", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), (parts) => {
      const crc = new Crc64();
      for (const part of parts) crc.update(part);
      expect(crc.value).toBe(slowly(Buffer.concat(parts)));
    }),
  );
});

test("over data with its own sum behind it, it is 0", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const sum = Buffer.alloc(8);
      sum.writeBigUInt64LE(crc64(bytes));
      expect(crc64(Buffer.concat([bytes, sum]))).toBe(0n);
    }),
  );
});

function slowly(bytes: Uint8Array): bigint {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1n) === 0n ? crc >> 1n : (crc >> 1n) ^ 0x95ac9329ac4bc9b5n;
  }
  return crc;
}
