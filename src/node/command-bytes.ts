import type { Command } from "./node.ts";

/** Commands as the servers read them, all in one buffer. */
export function commandBytes(commands: readonly Command[]): Buffer {
  const out = new CommandWriter(sizeOf(commands));
  for (const command of commands) {
    out.begin(command.length);
    for (const word of command) {
      if (typeof word === "object") out.bytes(word);
      else out.text(typeof word === "number" ? String(word) : word);
    }
  }
  return out.done();
}

/** Enough for any of them: a length takes at most 20 bytes with what stands around it, a character at most 3. */
function sizeOf(commands: readonly Command[]): number {
  let size = 0;
  for (const command of commands) {
    size += 16;
    for (const word of command)
      size += 24 + (typeof word === "string" ? word.length * 3 : typeof word === "object" ? word.length : 24);
  }
  return size;
}

/** Short runs are copied by hand: for some ten bytes that is quicker than a call out of JavaScript. */
const BY_HAND = 40;

const [LIST, BULK] = [0x2a, 0x24];

/** Puts commands together in one buffer, which grows only when `fit` is called. */
export class CommandWriter {
  #buffer: Buffer;
  #at = 0;

  constructor(size: number) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  /** Makes room for so many more bytes. */
  fit(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }

  /** A command of so many words: "*3\r\n". */
  begin(words: number): void {
    this.#header(LIST, words);
  }

  bytes(bytes: Buffer): void {
    this.part(bytes, 0, bytes.length);
  }

  /** The bytes from `start` to before `end` as one word. */
  part(source: Buffer, start: number, end: number): void {
    this.#header(BULK, end - start);
    this.#copy(source, start, end);
    this.#end();
  }

  /** Bytes as they are: words that were written before and kept. */
  raw(written: Buffer): void {
    this.#copy(written, 0, written.length);
  }

  text(text: string): void {
    if (isAscii(text)) this.#ascii(text);
    else this.bytes(Buffer.from(text));
  }

  done(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }

  /** "*3\r\n" or "$7\r\n". */
  #header(type: number, number: number): void {
    this.#buffer[this.#at++] = type;
    this.#digits(number);
    this.#end();
  }

  #digits(number: number): void {
    if (number >= 10) this.#digits(Math.floor(number / 10));
    this.#buffer[this.#at++] = 0x30 + (number % 10);
  }

  #ascii(text: string): void {
    this.#header(BULK, text.length);
    if (text.length < BY_HAND) for (let i = 0; i < text.length; i++) this.#buffer[this.#at++] = text.charCodeAt(i);
    else this.#at += this.#buffer.write(text, this.#at, "latin1");
    this.#end();
  }

  #copy(source: Buffer, start: number, end: number): void {
    if (end - start < BY_HAND) for (let i = start; i < end; i++) this.#buffer[this.#at++] = source[i]!;
    else this.#at += source.copy(this.#buffer, this.#at, start, end);
  }

  #end(): void {
    this.#buffer[this.#at++] = 13;
    this.#buffer[this.#at++] = 10;
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
