import { ServerError } from "./node.ts";

const [SIMPLE, ERROR, INTEGER, BULK] = Array.from("+-:$", (type) => type.charCodeAt(0));

const [MINUS, ZERO] = [0x2d, 0x30];

/** The type of a bulk string that is not there. */
export const NOTHING = 0;

/**
 * The answers to one write, none of them a list, where they lie in the buffers that came in. For small values that
 * costs a fraction of an object for each.
 */
export class PackedReplies {
  readonly sources: Buffer[] = [];
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly #types: Uint8Array;
  #length = 0;

  constructor(expected: number) {
    this.starts = new Int32Array(expected);
    this.ends = new Int32Array(expected);
    this.#types = new Uint8Array(expected);
  }

  get isComplete(): boolean {
    return this.#length === this.#types.length;
  }

  /** Takes the next answer: the character of its type, and where its content lies. */
  add(type: number, source: Buffer, start: number, end: number): void {
    const at = this.#length++;
    this.sources.push(source);
    this.starts[at] = start;
    this.ends[at] = end;
    this.#types[at] = type;
  }

  isBulk(at: number): boolean {
    return this.#types[at] === BULK;
  }

  isError(at: number): boolean {
    return this.#types[at] === ERROR;
  }

  /** A simple or a bulk string as text; empty for anything else. */
  text(at: number): string {
    const isText = this.#types[at] === BULK || this.#types[at] === SIMPLE;
    return isText ? this.#text(at) : "";
  }

  /** Undefined when it is none. */
  integer(at: number): number | undefined {
    return this.#types[at] === INTEGER ? this.#number(at) : undefined;
  }

  /** By hand: to make a text of each first would take three times as long as asking for it. */
  #number(at: number): number {
    const source = this.sources[at]!;
    const isNegative = source[this.starts[at]!] === MINUS;
    let value = 0;
    for (let i = this.starts[at]! + (isNegative ? 1 : 0); i < this.ends[at]!; i++)
      value = value * 10 + source[i]! - ZERO;
    return isNegative ? -value : value;
  }

  /** Undefined when it is none. */
  error(at: number): ServerError | undefined {
    return this.#types[at] === ERROR ? new ServerError(this.#text(at)) : undefined;
  }

  #text(at: number): string {
    return this.sources[at]!.toString("utf8", this.starts[at], this.ends[at]);
  }
}
