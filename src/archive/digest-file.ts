import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { RdbCheck, type RdbVerdict } from "../model/rdb-check.ts";

/** What a file that was read or written from beginning to end turned out to be. */
export interface Digested {
  readonly bytes: number;
  readonly sha256: string;
  readonly rdb: RdbVerdict;
}

/** Takes in a file part by part. */
export class Digest {
  readonly #hash = createHash("sha256");
  readonly #rdb = new RdbCheck();

  push(part: Buffer): void {
    this.#hash.update(part);
    this.#rdb.push(part);
  }

  end(): Digested {
    return { bytes: this.#rdb.bytes, sha256: this.#hash.digest("hex"), rdb: this.#rdb.end() };
  }
}

const PART_BYTES = 1 << 20;

/** Reads a file to its end. */
export async function digestOf(path: string, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<Digested> {
  const digest = new Digest();
  let bytes = 0;
  for await (const part of createReadStream(path, { highWaterMark: PART_BYTES })) {
    signal.throwIfAborted();
    digest.push(part as Buffer);
    bytes += (part as Buffer).length;
    onBytes(bytes);
  }
  return digest.end();
}
