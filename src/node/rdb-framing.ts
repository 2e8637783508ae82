import { MalformedReply } from "./malformed-reply.ts";
import { ServerError } from "./node.ts";

/** A line longer than this is no answer to SYNC. */
const LONGEST_LINE = 4096;
const MARKER_BYTES = 40;

type State =
  | { readonly kind: "lines"; rest: Buffer }
  | { readonly kind: "counted"; left: number }
  | { readonly kind: "marked"; readonly marker: Buffer; held: Buffer }
  | { readonly kind: "done" };

/**
 * Takes the RDB file out of what a server sends to a connection that said SYNC: one line for each command before it,
 * bare newlines while the server makes the file ready, then "$<length>", or "$EOF:" and 40 characters that come once more
 * behind a file whose length was not known (repl-diskless-sync).
 */
export class RdbFraming {
  #state: State = { kind: "lines", rest: Buffer.alloc(0) };
  readonly #answers: Answer[];
  #expected: number | undefined;

  /** `answers`: what is to be made of an error in answer to each command before SYNC. */
  constructor(answers: readonly Answer[]) {
    this.#answers = [...answers];
  }

  /** Every command before SYNC was answered. A server takes SYNC only when it owes no answer any more. */
  get isReady(): boolean {
    return this.#answers.length === 0;
  }

  get isDone(): boolean {
    return this.#state.kind === "done";
  }

  /** Bytes in all; undefined while, or as long as, nobody knows. */
  get expected(): number | undefined {
    return this.#expected;
  }

  /**
   * The part of the file that is in this chunk, which may be empty.
   * @throws ServerError when the server refuses, MalformedReply when it answers something else
   */
  push(chunk: Buffer): Buffer {
    const state = this.#state;
    switch (state.kind) {
      case "lines":
        return this.#readLines(Buffer.concat([state.rest, chunk]));
      case "counted":
        return this.#takeCounted(chunk, state.left);
      case "marked":
        return this.#takeMarked(Buffer.concat([state.held, chunk]), state.marker);
      case "done":
        return Buffer.alloc(0);
    }
  }

  #readLines(bytes: Buffer): Buffer {
    let at = 0;
    for (let end = bytes.indexOf(NEWLINE, at); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      const line = bytes.toString("latin1", at, end).replace(/\r$/, "");
      at = end + 1;
      if (line === "") continue;
      if (!line.startsWith("$")) {
        this.#takeAnswer(line);
        continue;
      }
      this.#state = this.#bodyOf(line);
      return this.push(bytes.subarray(at));
    }
    if (bytes.length - at > LONGEST_LINE) throw notAFile(bytes.toString("latin1", at, at + 40));
    this.#state = { kind: "lines", rest: bytes.subarray(at) };
    return Buffer.alloc(0);
  }

  #takeAnswer(line: string): void {
    const answer = this.#answers.shift();
    if (line.startsWith("-") && answer !== "may-be-refused") throw new ServerError(line.slice(1));
    if (answer === undefined) throw notAFile(line);
  }

  #bodyOf(line: string): State {
    const marker = /^\$EOF:(.+)$/.exec(line)?.[1];
    if (marker?.length === MARKER_BYTES) {
      return { kind: "marked", marker: Buffer.from(marker, "latin1"), held: Buffer.alloc(0) };
    }
    const length = /^\$\d{1,15}$/.test(line) ? Number(line.slice(1)) : Number.NaN;
    if (Number.isNaN(length) || this.#answers.length > 0) throw notAFile(line);
    this.#expected = length;
    return length === 0 ? { kind: "done" } : { kind: "counted", left: length };
  }

  #takeCounted(chunk: Buffer, left: number): Buffer {
    const part = chunk.subarray(0, left);
    this.#state = part.length === left ? { kind: "done" } : { kind: "counted", left: left - part.length };
    return part;
  }

  /** What may be the beginning of the marker is held back until more has come. */
  #takeMarked(bytes: Buffer, marker: Buffer): Buffer {
    const end = bytes.indexOf(marker);
    if (end >= 0) {
      this.#state = { kind: "done" };
      return bytes.subarray(0, end);
    }
    const sure = Math.max(0, bytes.length - MARKER_BYTES + 1);
    // Copied, so that it does not keep the whole chunk.
    this.#state = { kind: "marked", marker, held: Buffer.from(bytes.subarray(sure)) };
    return bytes.subarray(0, sure);
  }
}

export type Answer = "must-be-ok" | "may-be-refused";

const NEWLINE = 10;

function notAFile(line: string): MalformedReply {
  return new MalformedReply(`Protocol error: ${JSON.stringify(line.slice(0, 60))} is no answer to SYNC`);
}
