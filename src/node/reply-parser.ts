import { LineReplies } from "./line-replies.ts";
import { ListReplies } from "./list-replies.ts";
import { MalformedReply } from "./malformed-reply.ts";
import { type BinaryReply, ServerError } from "./node.ts";
import { NOTHING, type PackedReplies } from "./packed-replies.ts";

const CR = 13;
const MINUS = 45;
const [SIMPLE, ERROR, INTEGER, BULK, ARRAY] = Array.from("+-:$*", (type) => type.charCodeAt(0));

/** Answered to nearly every command of a long pipeline, so they are made once. */
const OK = Buffer.from("OK");
const QUEUED = Buffer.from("QUEUED");

interface OpenArray {
  readonly items: (BinaryReply | ServerError)[];
  left: number;
}

/** An answer as it came; an error may also stand inside an array, as in the answer to EXEC. */
export type ParsedReply = BinaryReply | ServerError | readonly ParsedReply[];

/** Where answers go that are not to be objects of their own. */
export type Packing = PackedReplies | LineReplies | ListReplies;

/**
 * Reads RESP2 as it comes in, each byte once: what is incomplete is waited for, not read again. The buffers that it
 * hands out lie in those that came in.
 */
export class ReplyParser {
  readonly #deliver: (reply: ParsedReply) => void;
  readonly #complete: () => void;
  readonly #stack: OpenArray[] = [];
  #packed: PackedReplies | undefined;
  #whole: LineReplies | ListReplies | undefined;
  #parts: Buffer[] = [];
  #have = 0;
  #need = 1;

  /** `complete` is called when what `pack` was given has all its answers. */
  constructor(deliver: (reply: ParsedReply) => void, complete: () => void = () => undefined) {
    this.#deliver = deliver;
    this.#complete = complete;
  }

  /** Where the next answers go, until that is complete; undefined: each is delivered. */
  pack(into: Packing | undefined): void {
    const isWhole = into instanceof LineReplies || into instanceof ListReplies;
    this.#whole = isWhole ? into : undefined;
    this.#packed = isWhole ? undefined : into;
  }

  /** @throws MalformedReply */
  push(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#have += chunk.length;
    if (this.#have < this.#need) return;
    const bytes = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts, this.#have);
    const end = this.#parse(bytes);
    this.#parts = end < bytes.length ? [bytes.subarray(end)] : [];
    this.#have = bytes.length - end;
  }

  /** Where the first thing begins that is not all there yet. */
  #parse(bytes: Buffer): number {
    let at = 0;
    this.#need = 1;
    while (at < bytes.length) {
      if (this.#whole !== undefined) {
        const next = this.#takeWhole(this.#whole, bytes, at);
        if (next === at) {
          this.#need = bytes.length - at + 1;
          return at;
        }
        at = next;
        continue;
      }
      const lineEnd = endOfLine(bytes, at + 1);
      if (lineEnd < 0) {
        this.#need = bytes.length - at + 1;
        return at;
      }
      const next = lineEnd + 2;
      switch (bytes[at]) {
        case SIMPLE:
        case ERROR:
        case INTEGER:
          this.#line(bytes, at, lineEnd);
          at = next;
          break;
        case BULK: {
          const length = integer(bytes, at + 1, lineEnd);
          const end = next + Math.max(length, -2) + 2;
          if (length >= 0 && bytes.length < end) {
            this.#need = end - at;
            return at;
          }
          this.#bulk(bytes, next, length);
          at = length < 0 ? next : end;
          break;
        }
        case ARRAY:
          if (this.#packed !== undefined) throw new MalformedReply("Protocol error: a list where none was asked for");
          this.#open(integer(bytes, at + 1, lineEnd));
          at = next;
          break;
        default:
          throw new MalformedReply("Protocol error: what came is no RESP");
      }
    }
    return at;
  }

  /** Answers that are not taken apart further. */
  #takeWhole(into: LineReplies | ListReplies, bytes: Buffer, at: number): number {
    const next = into.take(bytes, at);
    if (into.isComplete) this.#complete();
    return next;
  }

  /** What is told in one line. */
  #line(bytes: Buffer, at: number, end: number): void {
    const type = bytes[at]!;
    if (this.#packed !== undefined) this.#pack(this.#packed, type, bytes, at + 1, end);
    else if (type === SIMPLE) this.#take(simple(bytes, at + 1, end));
    else if (type === ERROR) this.#take(new ServerError(bytes.toString("utf8", at + 1, end)));
    else this.#take(integer(bytes, at + 1, end));
  }

  #bulk(bytes: Buffer, start: number, length: number): void {
    if (this.#packed === undefined) this.#take(length < 0 ? null : bytes.subarray(start, start + length));
    else this.#pack(this.#packed, length < 0 ? NOTHING : BULK!, bytes, start, start + Math.max(length, 0));
  }

  #pack(packed: PackedReplies, type: number, bytes: Buffer, start: number, end: number): void {
    packed.add(type, bytes, start, end);
    if (packed.isComplete) this.#complete();
  }

  #open(count: number): void {
    if (count > 0) this.#stack.push({ items: [], left: count });
    else this.#take(count < 0 ? null : []);
  }

  #take(reply: ParsedReply): void {
    let done = reply;
    for (let open = this.#stack.at(-1); open !== undefined; open = this.#stack.at(-1)) {
      open.items.push(done as BinaryReply);
      if (--open.left > 0) return;
      this.#stack.pop();
      done = open.items;
    }
    this.#deliver(done);
  }
}

/** Where its "\r\n" begins; -1 when that is not there yet. */
function endOfLine(bytes: Buffer, from: number): number {
  for (let at = from; at + 1 < bytes.length; at++) if (bytes[at] === CR) return at;
  return -1;
}

function integer(bytes: Buffer, start: number, end: number): number {
  const isNegative = bytes[start] === MINUS;
  let value = 0;
  for (let at = isNegative ? start + 1 : start; at < end; at++) {
    const digit = bytes[at]! - 48;
    if (digit < 0 || digit > 9) throw new MalformedReply("Protocol error: a length or number is none");
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}

function simple(bytes: Buffer, start: number, end: number): Buffer {
  for (const known of [OK, QUEUED]) {
    if (end - start === known.length && known.compare(bytes, start, end) === 0) return known;
  }
  return bytes.subarray(start, end);
}
