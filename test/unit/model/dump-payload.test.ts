import { expect, test } from "vitest";
import { crc64 } from "../../../src/model/crc64.ts";
import { emptyPayload, rdbVersionOf, valueBytesOf } from "../../../src/model/dump-payload.ts";

test("the checksum is that of Redis", () => {
  // The check value in Redis's own crc64.c.
  expect(crc64(Buffer.from("123456789"))).toBe(0xe9c6d914c4b8d9can);
});

test("a payload ends with its version and checksum", () => {
  // DUMP of "10" on Redis 7.0.
  const payload = Buffer.from("00c00a0a006e9f57450eae63bb", "hex");
  expect(rdbVersionOf(payload)).toBe(10);
  expect(valueBytesOf(payload).toString("hex")).toBe("00c00a");
  expect(crc64(payload.subarray(0, -8))).toBe(payload.readBigUInt64LE(5));
  expect(rdbVersionOf(Buffer.alloc(10))).toBeUndefined();
});

test("an empty payload has a version, a right checksum, and no value", () => {
  const payload = emptyPayload(80);
  expect(rdbVersionOf(payload)).toBe(80);
  expect(valueBytesOf(payload)).toHaveLength(1);
  expect(payload.readBigUInt64LE(3)).toBe(crc64(payload.subarray(0, 3)));
});
