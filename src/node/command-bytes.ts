import type { Command } from "./node.ts";

/** Commands as the servers read them, all in one buffer. */
export function commandBytes(commands: readonly Command[]): Buffer {
  const out = new Writer(sizeOf(commands));
  for (const command of commands) {
    out.header(0x2a, command.length);
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

class Writer {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(size: number) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  /** "*3\r\n" or "$7\r\n". */
  header(type: number, number: number): void {
    this.#buffer[this.#at++] = type;
    this.#ascii(String(number));
    this.#end();
  }

  bytes(bytes: Buffer): void {
    this.header(0x24, bytes.length);
    if (bytes.length < BY_HAND) for (let i = 0; i < bytes.length; i++) this.#buffer[this.#at + i] = bytes[i]!;
    else bytes.copy(this.#buffer, this.#at);
    this.#at += bytes.length;
    this.#end();
  }

  text(text: string): void {
    if (text.length < BY_HAND && isAscii(text)) {
      this.header(0x24, text.length);
      this.#ascii(text);
      this.#end();
    } else {
      this.bytes(Buffer.from(text));
    }
  }

  #ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.#buffer[this.#at++] = text.charCodeAt(i);
  }

  #end(): void {
    this.#buffer[this.#at++] = 13;
    this.#buffer[this.#at++] = 10;
  }

  done(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
