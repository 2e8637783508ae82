import type { CommandWriter } from "../../node/command-bytes.ts";
import type { ServerError } from "../../node/node.ts";
import type { PackedReplies } from "../../node/packed-replies.ts";
import type { Entry } from "./entry.ts";

/** What a key held at one moment. */
export interface Value {
  readonly payload: Buffer;
  readonly expiresAt: number | undefined;
}

/** A value, or undefined for a key that is not there, or why the server does not say. */
export type ReadOutcome = Value | undefined | ServerError;

/** Stands for a moment that never comes: no server keeps one before 1970. */
const NEVER = -1;

/** What keys held when they were read, by their place in `keys`. The values stay in the buffers that came in. */
export class Values {
  readonly keys: readonly Buffer[];
  readonly #sources: (Buffer | undefined)[];
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #expiries: Float64Array;
  readonly #errors = new Map<number, ServerError>();

  constructor(keys: readonly Buffer[]) {
    this.keys = keys;
    this.#sources = new Array<Buffer | undefined>(keys.length).fill(undefined);
    this.#starts = new Int32Array(keys.length);
    this.#ends = new Int32Array(keys.length);
    this.#expiries = new Float64Array(keys.length);
  }

  get errors(): ReadonlyMap<number, ServerError> {
    return this.#errors;
  }

  /** The answer to a DUMP. */
  take(index: number, replies: PackedReplies, at: number, expiresAt: number | undefined): void {
    const error = replies.error(at);
    if (error !== undefined) this.fail(index, error);
    if (!replies.isBulk(at)) return;
    this.#sources[index] = replies.sources[at];
    this.#starts[index] = replies.starts[at]!;
    this.#ends[index] = replies.ends[at]!;
    this.#expiries[index] = expiresAt ?? NEVER;
  }

  fail(index: number, error: ServerError): void {
    this.#errors.set(index, error);
  }

  /** The places of the keys that were there. */
  present(): number[] {
    const there: number[] = [];
    for (let index = 0; index < this.keys.length; index++) if (this.#sources[index] !== undefined) there.push(index);
    return there;
  }

  bytes(index: number): number {
    return this.#ends[index]! - this.#starts[index]!;
  }

  writePayload(index: number, out: CommandWriter): void {
    out.part(this.#sources[index]!, this.#starts[index]!, this.#ends[index]!);
  }

  expiresAt(index: number): number | undefined {
    const moment = this.#expiries[index]!;
    return moment === NEVER ? undefined : moment;
  }

  outcome(index: number): ReadOutcome {
    const source = this.#sources[index];
    if (source === undefined) return this.#errors.get(index);
    return {
      payload: source.subarray(this.#starts[index], this.#ends[index]),
      expiresAt: this.expiresAt(index),
    };
  }

  /** A key that was there, as an entry for this database. */
  entry(index: number, database: number): Entry {
    return { database, key: this.keys[index]!, ...(this.outcome(index) as Value) };
  }
}
