import type { Address } from "../model/address.ts";
import type { BinaryReply } from "../model/node-answer.ts";

export type { BinaryReply };

/** One command as the server gets it. */
export type Command = readonly (string | number | Buffer)[];

/** What a server answers; text is decoded as UTF-8. */
export type Reply = string | number | null | readonly Reply[];

/** An answer, or the error that the server gave instead. */
export type Outcome = Reply | ServerError;

/** The server understood and said no. `message` is its own text, the leading code word included. */
export class ServerError extends Error {
  override readonly name = "ServerError";

  /** The first word of the text: "ERR", "NOAUTH", "MOVED" … */
  get word(): string {
    return this.message.split(" ", 1)[0]!;
  }
}

/** A connection to one server. It never reconnects by itself: what was not answered was perhaps carried out. */
export interface Node {
  /** Where it was reached. */
  readonly address: Address;
  /** The IP address at the other end; undefined for a unix socket. */
  readonly remoteHost: string | undefined;
  /**
   * Sends one command and waits for its answer.
   * @throws ServerError when the server refuses, SlotctlError when it cannot be reached or is silent too long
   */
  send(...command: Command): Promise<Reply>;
  /**
   * Sends all commands in one write. Each has its own outcome; a refusal of one does not stop the others.
   * @throws SlotctlError when the connection breaks: then nothing is known of any of them
   */
  sendAll(commands: readonly Command[]): Promise<readonly Outcome[]>;
  /** As sendAll, with every text of the answers as the bytes that they are. */
  sendAllBinary(commands: readonly Command[]): Promise<readonly (BinaryReply | ServerError)[]>;
  close(): void;
}
