import { SLOT_COUNT } from "./slot.ts";

/** CRC-16/XMODEM, the polynomial 0x1021, by byte. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ 0x1021;
  return crc;
});

const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * The hash slot of a key, as CLUSTER KEYSLOT answers: CRC16 of the key, or of what stands between its first "{" and the
 * next "}" when there is something between them.
 */
export function keySlot(key: Uint8Array): number {
  const open = key.indexOf(OPEN);
  const close = open < 0 ? -1 : key.indexOf(CLOSE, open + 1);
  return close > open + 1 ? crc16(key, open + 1, close) % SLOT_COUNT : crc16(key, 0, key.length) % SLOT_COUNT;
}

function crc16(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let i = start; i < end; i++) crc = ((crc << 8) & 0xffff) ^ TABLE[(crc >> 8) ^ bytes[i]!]!;
  return crc;
}
