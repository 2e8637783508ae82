import { crc64 } from "./crc64.ts";

/**
 * What DUMP answers: one byte for the type, the value as in an RDB file, then two bytes for the RDB version and eight
 * for a CRC-64, both little-endian.
 */
const FOOTER_BYTES = 10;

/** The RDB version that a payload was written in; undefined when it is too short to be one. */
export function rdbVersionOf(payload: Buffer): number | undefined {
  return payload.length > FOOTER_BYTES ? payload.readUInt16LE(payload.length - FOOTER_BYTES) : undefined;
}

/** The payload without its footer: servers of different versions may write the same value differing in nothing else. */
export function valueBytesOf(payload: Buffer): Buffer {
  return payload.subarray(0, Math.max(0, payload.length - FOOTER_BYTES));
}

/** No type has this number, in any version of any server. */
const NO_TYPE = 0xf0;

/**
 * A payload of this version that holds no value. RESTORE looks at version and checksum first and at the value next: a
 * server that reads the version answers "Bad data format", one that does not complains of the version, and neither
 * writes anything.
 */
export function emptyPayload(rdbVersion: number): Buffer {
  const payload = Buffer.alloc(1 + FOOTER_BYTES);
  payload[0] = NO_TYPE;
  payload.writeUInt16LE(rdbVersion, 1);
  payload.writeBigUInt64LE(crc64(payload.subarray(0, 3)), 3);
  return payload;
}
