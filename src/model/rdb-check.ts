import { Crc64 } from "./crc64.ts";

/** What the first and the last bytes of an RDB file say, and whether its own checksum is right. */
export interface RdbSummary {
  /** As its header says: 10 for Redis 7.0. */
  readonly version: number;
  /** False when the server was told to write none (rdbchecksum no): then nothing tells of a flipped bit. */
  readonly checksummed: boolean;
}

export type RdbVerdict =
  | ({ readonly kind: "whole" } & RdbSummary)
  /** `why` as the end of a sentence. */
  | { readonly kind: "broken"; readonly why: string };

/** "REDIS0011", and "VALKEY080" since Valkey 9.0. */
const HEADER_BYTES = 9;
const HEADER = /^(?:REDIS0|VALKEY)(\d{3})$/;

/** The opcode for the end, and eight bytes of CRC-64 behind it. */
const TRAILER_BYTES = 9;
const EOF_OPCODE = 0xff;

/** Files older than this have no checksum at their end: Redis 2.4. */
const FIRST_CHECKSUMMED = 5;

/** Looks at an RDB file as it passes by: its header, its last opcode and its CRC-64. What is between is not understood. */
export class RdbCheck {
  readonly #crc = new Crc64();
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #bytes = 0;

  /** What came so far. */
  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Buffer): void {
    if (this.#head.length < HEADER_BYTES) {
      this.#head = Buffer.concat([this.#head, chunk.subarray(0, HEADER_BYTES - this.#head.length)]);
    }
    // Copied, so that the chunk itself may go.
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-TRAILER_BYTES)]).subarray(-TRAILER_BYTES);
    this.#bytes += chunk.length;
    this.#crc.update(chunk);
  }

  /** The verdict when everything has come. */
  end(): RdbVerdict {
    const version = Number(HEADER.exec(this.#head.toString("latin1"))?.[1] ?? Number.NaN);
    if (Number.isNaN(version)) return { kind: "broken", why: "it does not begin as an RDB file does" };
    if (version < FIRST_CHECKSUMMED)
      return { kind: "broken", why: `its RDB version ${version} is too old to be checked` };
    if (this.#bytes < HEADER_BYTES + TRAILER_BYTES || this.#tail[0] !== EOF_OPCODE) {
      return { kind: "broken", why: "it does not end as an RDB file does: it was cut off" };
    }
    const checksummed = this.#tail.readBigUInt64LE(1) !== 0n;
    if (checksummed && this.#crc.value !== 0n) return { kind: "broken", why: "its CRC-64 is wrong: it was altered" };
    return { kind: "whole", version, checksummed };
  }
}
