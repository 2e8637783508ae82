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

/** The "Jones" polynomial 0xad93d23594c935a9, reflected, as in Redis's crc64.c. For a few bytes only: it is slow. */
export function crc64(bytes: Uint8Array): bigint {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1n) === 0n ? crc >> 1n : (crc >> 1n) ^ REFLECTED_POLYNOMIAL;
  }
  return crc;
}

const REFLECTED_POLYNOMIAL = 0x95ac9329ac4bc9b5n;
