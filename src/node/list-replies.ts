import { MalformedReply } from "./malformed-reply.ts";
import { ServerError } from "./node.ts";

const [ERROR, BULK, ARRAY] = Array.from("-$*", (type) => type.charCodeAt(0));
const LINE_FEED = 10;
const [ZERO, NINE] = [0x30, 0x39];

/**
 * Bulk strings as they came, one behind the other. A command that names the same strings wants just these bytes, so
 * that keys can be passed on without an object for each.
 */
export class BulkList {
  readonly length: number;
  readonly bytes: Buffer;

  constructor(length: number, bytes: Buffer) {
    this.length = length;
    this.bytes = bytes;
  }

  static of(strings: readonly Buffer[]): BulkList {
    const parts = strings.flatMap((string) => [Buffer.from(`$${string.length}\r\n`), string, CRLF]);
    return new BulkList(strings.length, Buffer.concat(parts));
  }

  strings(): readonly Buffer[] {
    const strings: Buffer[] = [];
    for (let at = 0; at < this.bytes.length; ) {
      const start = this.bytes.indexOf(LINE_FEED, at) + 1;
      const end = start + numberIn(this.bytes, at + 1, start - 2);
      strings.push(this.bytes.subarray(start, end));
      at = end + 2;
    }
    return strings;
  }

  /** In parts of so many strings at the most. */
  parts(most: number): readonly BulkList[] {
    if (this.length <= most) return [this];
    const parts: BulkList[] = [];
    let [start, length, at] = [0, 0, 0];
    while (at < this.bytes.length) {
      const begin = this.bytes.indexOf(LINE_FEED, at) + 1;
      at = begin + numberIn(this.bytes, at + 1, begin - 2) + 2;
      if (++length < most && at < this.bytes.length) continue;
      parts.push(new BulkList(length, this.bytes.subarray(start, at)));
      [start, length] = [at, 0];
    }
    return parts;
  }
}

const CRLF = Buffer.from("\r\n");
const EMPTY = new BulkList(0, Buffer.alloc(0));

/** The answers to one write, each of them a list of bulk strings, or an error. */
export class ListReplies {
  readonly #replies: (BulkList | ServerError)[] = [];
  readonly #expected: number;

  constructor(expected: number) {
    this.#expected = expected;
  }

  get isComplete(): boolean {
    return this.#replies.length === this.#expected;
  }

  /**
   * Takes the whole answers that begin at `at`, as many as are wanted, and says where the first byte is that it left.
   * @throws MalformedReply when one of them is something else
   */
  take(bytes: Buffer, at: number): number {
    let next = at;
    while (next < bytes.length && !this.isComplete) {
      const end = this.#takeOne(bytes, next);
      if (end < 0) break;
      next = end;
    }
    return next;
  }

  list(at: number): BulkList | ServerError {
    return this.#replies[at]!;
  }

  /** Where it ends; -1 when it is not all there yet. */
  #takeOne(bytes: Buffer, at: number): number {
    const first = afterLine(bytes, at);
    if (first < 0) return -1;
    if (bytes[at] === ERROR) {
      this.#replies.push(new ServerError(bytes.toString("utf8", at + 1, first - 2)));
      return first;
    }
    if (bytes[at] !== ARRAY) throw new MalformedReply("Protocol error: no list where one was asked for");
    const length = numberIn(bytes, at + 1, first - 2);
    const end = afterStrings(bytes, first, length);
    if (end >= 0) this.#replies.push(length > 0 ? new BulkList(length, bytes.subarray(first, end)) : EMPTY);
    return end;
  }
}

/** Where so many bulk strings end that begin at `at`; -1 when they are not all there yet. */
function afterStrings(bytes: Buffer, at: number, count: number): number {
  let next = at;
  for (let left = count; left > 0; left--) {
    const start = afterLine(bytes, next);
    if (start < 0) return -1;
    if (bytes[next] !== BULK) throw new MalformedReply("Protocol error: a list of something else than strings");
    next = start + numberIn(bytes, next + 1, start - 2) + 2;
    if (next > bytes.length) return -1;
  }
  return next;
}

/** What follows the line that begins at `at`; -1 when its end is not there yet. By hand: a line is a few bytes long. */
function afterLine(bytes: Buffer, at: number): number {
  for (let i = at; i < bytes.length; i++) if (bytes[i] === LINE_FEED) return i + 1;
  return -1;
}

/** @throws MalformedReply when it is no number, or less than none: nothing where a string or a list was asked for */
function numberIn(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = bytes[at]!;
    if (digit < ZERO || digit > NINE) throw new MalformedReply("Protocol error: a length is no number");
    value = value * 10 + digit - ZERO;
  }
  return value;
}
