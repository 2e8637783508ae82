import { connect as connectTcp, type Socket } from "node:net";
import type { Address } from "../model/address.ts";
import { commandBytes } from "./command-bytes.ts";
import type { ConnectSettings } from "./connect.ts";
import { connectFailure, serverClosed, serverRefused, serverSilent } from "./failures.ts";
import { LineReplies } from "./line-replies.ts";
import { ListReplies } from "./list-replies.ts";
import { logIn, tlsOptions } from "./log-in.ts";
import { MalformedReply } from "./malformed-reply.ts";
import { type BinaryReply, type Command, type Node, type Outcome, type Reply, ServerError } from "./node.ts";
import { PackedReplies } from "./packed-replies.ts";
import { type Packing, type ParsedReply, ReplyParser } from "./reply-parser.ts";

/** A connection that is also spoken to in bytes. */
export interface BulkNode extends Node {
  /**
   * Sends so many commands, each answered by anything but a list.
   * @throws SlotctlError as sendAll does
   */
  sendPacked(commands: Buffer, count: number): Promise<PackedReplies>;
  /**
   * Sends so many commands, each answered by one line.
   * @throws SlotctlError as sendAll does
   */
  sendForLines(commands: Buffer, count: number): Promise<LineReplies>;
  /**
   * Sends so many commands, each answered by a list of strings.
   * @throws SlotctlError as sendAll does
   */
  sendForLists(commands: Buffer, count: number): Promise<ListReplies>;
}

export function isBulk(node: Node): node is BulkNode {
  return "sendForLines" in node;
}

/**
 * Opens a connection for many small commands, such as copying a data set takes: it does the same as `connect` for
 * about a fifth of the processor time a command, and several writes may be on their way at once.
 * @throws SlotctlError, exit code 4, as `connect` does
 */
export async function connectPipelined(address: Address, settings: ConnectSettings): Promise<BulkNode> {
  const node = new PipelinedNode(address, settings, await openSocket(address, settings));
  await logIn(node, settings);
  return node;
}

/**
 * A socket, with its TLS handshake done, on which nothing was said yet.
 * @throws SlotctlError, exit code 4, as `connect` does
 */
export async function openSocket(address: Address, settings: ConnectSettings): Promise<Socket> {
  const { tls, connectTimeout, family } = settings;
  const isSocket = address.host.startsWith("/");
  const place = isSocket
    ? { path: address.host }
    : { host: address.host, port: address.port, ...(family === undefined ? {} : { family }) };
  const secure = tls !== undefined && !isSocket;
  // Loaded late: most clusters are reached without it, and it takes its time.
  const connectTls = secure ? (await import("node:tls")).connect : undefined;
  return new Promise((resolve, reject) => {
    const socket = connectTls?.({ ...place, ...tlsOptions(tls ?? {}) }) ?? connectTcp(place);
    socket.setNoDelay(true);
    socket.setTimeout(connectTimeout);
    const fail = (error: unknown) => {
      socket.destroy();
      reject(connectFailure(address, settings, error));
    };
    socket.once("error", fail);
    socket.once("timeout", () => fail(new Error("connect ETIMEDOUT")));
    socket.once(secure ? "secureConnect" : "connect", () => {
      socket.removeAllListeners("error").removeAllListeners("timeout");
      resolve(socket);
    });
  });
}

/** One write, and the answers to it so far. */
type Pending = (
  | {
      readonly replies: ParsedReply[];
      readonly expected: number;
      readonly resolve: (replies: ParsedReply[]) => void;
    }
  | { readonly into: Packing; readonly resolve: () => void }
) & { readonly reject: (error: Error) => void };

class PipelinedNode implements BulkNode {
  readonly address: Address;
  readonly remoteHost: string | undefined;
  readonly #settings: ConnectSettings;
  readonly #socket: Socket;
  readonly #pending: Pending[] = [];
  readonly #parser = new ReplyParser(
    (reply) => this.#take(reply),
    () => this.#takePacked(),
  );
  /** Why nothing can be asked any more. Put into words only for who asks: to close a connection is no failure. */
  #whyEnded: (() => Error) | undefined;

  constructor(address: Address, settings: ConnectSettings, socket: Socket) {
    this.address = address;
    this.remoteHost = socket.remoteAddress;
    this.#settings = settings;
    this.#socket = socket;
    socket.setTimeout(settings.commandTimeout);
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", (error) => this.#end(() => serverClosed(address, settings, error)));
    socket.on("close", () => this.close());
    socket.on("timeout", () => {
      if (this.#pending.length > 0) this.#end(() => serverSilent(address, settings.commandTimeout, undefined));
    });
  }

  async send(...command: Command): Promise<Reply> {
    const [outcome] = await this.sendAll([command]);
    if (outcome instanceof ServerError) throw outcome;
    return outcome ?? null;
  }

  async sendAll(commands: readonly Command[]): Promise<readonly Outcome[]> {
    return (await this.sendAllBinary(commands)).map((reply) => (reply instanceof ServerError ? reply : textOf(reply)));
  }

  sendAllBinary(commands: readonly Command[]): Promise<readonly (BinaryReply | ServerError)[]> {
    if (commands.length === 0) return Promise.resolve([]);
    if (this.#whyEnded !== undefined) return Promise.reject(this.#whyEnded());
    return new Promise<ParsedReply[]>((resolve, reject) => {
      this.#ask(commandBytes(commands), { replies: [], expected: commands.length, resolve, reject });
    }) as Promise<readonly (BinaryReply | ServerError)[]>;
  }

  sendPacked(commands: Buffer, count: number): Promise<PackedReplies> {
    return this.#askInto(new PackedReplies(count), commands, count);
  }

  sendForLines(commands: Buffer, count: number): Promise<LineReplies> {
    return this.#askInto(new LineReplies(count), commands, count);
  }

  sendForLists(commands: Buffer, count: number): Promise<ListReplies> {
    return this.#askInto(new ListReplies(count), commands, count);
  }

  #askInto<Replies extends Packing>(into: Replies, commands: Buffer, count: number): Promise<Replies> {
    if (count === 0) return Promise.resolve(into);
    if (this.#whyEnded !== undefined) return Promise.reject(this.#whyEnded());
    return new Promise<Replies>((resolve, reject) => {
      this.#ask(commands, { into, resolve: () => resolve(into), reject });
    });
  }

  #ask(commands: Buffer, pending: Pending): void {
    this.#pending.push(pending);
    if (this.#pending.length === 1) this.#packForFirst();
    this.#socket.write(commands);
  }

  #packForFirst(): void {
    const first = this.#pending[0];
    this.#parser.pack(first !== undefined && "into" in first ? first.into : undefined);
  }

  close(): void {
    this.#end(() => serverClosed(this.address, this.#settings, new Error("Connection is closed.")));
  }

  #read(chunk: Buffer): void {
    try {
      this.#parser.push(chunk);
    } catch (error) {
      this.#end(() => serverClosed(this.address, this.#settings, error));
    }
  }

  #take(reply: ParsedReply): void {
    const first = this.#pending[0];
    if (first === undefined) this.#takeUnasked(reply);
    if (first === undefined || "into" in first) return;
    first.replies.push(reply);
    if (first.replies.length < first.expected) return;
    this.#pending.shift();
    this.#packForFirst();
    first.resolve(first.replies);
  }

  #takePacked(): void {
    const first = this.#pending.shift();
    this.#packForFirst();
    if (first !== undefined && "into" in first) first.resolve();
  }

  /** So a server says that it has too many clients, before it hangs up. */
  #takeUnasked(reply: ParsedReply): void {
    this.#end(() =>
      reply instanceof ServerError
        ? serverRefused(this.address, reply)
        : serverClosed(this.address, this.#settings, new MalformedReply("Protocol error: an answer to no question")),
    );
  }

  /** What was not answered was perhaps carried out: nobody is told otherwise, and nothing is sent again. */
  #end(why: () => Error): void {
    this.#whyEnded ??= why;
    this.#socket.destroy();
    for (const { reject } of this.#pending.splice(0)) reject(this.#whyEnded());
  }
}

function textOf(reply: BinaryReply): Reply {
  if (Buffer.isBuffer(reply)) return reply.toString("utf8");
  return Array.isArray(reply) ? reply.map(textOf) : (reply as Reply);
}
