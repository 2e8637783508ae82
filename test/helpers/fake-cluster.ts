import { ExitCode, SlotctlError } from "../../src/errors.ts";
import type { Address } from "../../src/model/address.ts";
import { formatAddress } from "../../src/model/address.ts";
import type { NodeId } from "../../src/model/cluster.ts";
import { slotsOf } from "../../src/model/slot.ts";
import { LineReplies } from "../../src/node/line-replies.ts";
import { ListReplies } from "../../src/node/list-replies.ts";
import type { Network } from "../../src/node/network.ts";
import { type BinaryReply, type Command, type Reply, ServerError } from "../../src/node/node.ts";
import { PackedReplies } from "../../src/node/packed-replies.ts";
import type { BulkNode } from "../../src/node/pipelined-node.ts";
import type { Packing } from "../../src/node/reply-parser.ts";
import type { NodeRef } from "../../src/plan/plan.ts";
import { idOf, type Slots, slotRangesOf } from "./cluster-builder.ts";
import { FakeServer } from "./fake-server.ts";
import { readInto } from "./read-replies.ts";
import { resp, takeRequest } from "./resp.ts";

/** What happens at the n-th command that is sent to any of the servers, counted from 1. */
export interface Fault {
  readonly at: number;
  /**
   * `unsent`: neither this command nor what follows in the same write is carried out. `unanswered`: it is carried out,
   * the rest is not. `all-unanswered`: the whole write is. `half`: keys arrive at the target of a MIGRATE and stay at
   * the source. In all of them the connection breaks and no answer of the write arrives.
   */
  readonly kind: FaultKind;
  /** The client is gone for good, as after kill -9; else it can connect again. */
  readonly final: boolean;
}

export type FaultKind = (typeof FAULT_KINDS)[number];
export const FAULT_KINDS = ["unsent", "unanswered", "all-unanswered", "half"] as const;

export interface FakeOptions {
  /** After so many commands everybody hears from everybody what they own; 1 is the quickest gossip there can be. */
  readonly gossipEvery?: number;
}

/**
 * A cluster that lives in memory and keeps the servers' rules for slots, SETSLOT, MIGRATE and gossip, so that it can
 * be made to fail at any command.
 *
 *     const cluster = new FakeCluster({ a: [0, 9], b: [10, 19] });
 *     cluster.put("a", 3, "key", "value");
 *     cluster.fail({ at: 17, kind: "unanswered", final: false });
 *     await runPlan(plan, { connections: cluster.network, … });
 */
export class FakeCluster {
  readonly servers: ReadonlyMap<string, FakeServer>;
  /** Called with what goes out together, before it is carried out. */
  onWrite: ((commands: readonly Command[]) => void) | undefined;
  /** Every command that any of them was sent, behind the name of the server: `a CLUSTER SETSLOT 3 STABLE`. */
  readonly log: string[] = [];
  readonly #gossipEvery: number;
  #fault: Fault | undefined;
  #calls = 0;
  #isCut = false;

  constructor(layout: Readonly<Record<string, Slots>>, { gossipEvery = 1 }: FakeOptions = {}) {
    this.#gossipEvery = gossipEvery;
    const servers = Object.keys(layout).map((name, i): [string, FakeServer] => [
      name,
      new FakeServer(idOf(name), { host: "127.0.0.1", port: 7001 + i, busPort: 17_001 + i }, i + 1),
    ]);
    this.servers = new Map(servers);
    for (const [name, slots] of Object.entries(layout)) this.#give(name, slots);
    for (const server of this.servers.values()) server.meet([...this.servers.values()]);
  }

  #give(name: string, slots: Slots): void {
    for (const slot of slotsOf(slotRangesOf(slots))) {
      for (const server of this.servers.values()) server.owners.set(slot, idOf(name));
    }
  }

  server(name: string): FakeServer {
    const server = this.servers.get(name);
    if (server === undefined) throw new Error(`There is no server "${name}"`);
    return server;
  }

  #nameOf(server: FakeServer): string {
    return [...this.servers].find(([, other]) => other === server)![0];
  }

  ref(name: string): NodeRef {
    const { id, address } = this.server(name);
    return { id, address };
  }

  put(name: string, slot: number, key: string, value: string): void {
    this.server(name).put(slot, key, value);
  }

  /** The commands that were sent since the last call of `fail`. */
  get calls(): number {
    return this.#calls;
  }

  /** What goes wrong from now on, counted from now; undefined mends everything. */
  fail(fault: Fault | undefined): void {
    this.#fault = fault;
    this.#calls = 0;
    this.#isCut = false;
  }

  /** Every key with its value and where it is: `slot 3 key=value at a`. */
  contents(): readonly string[] {
    const keys = [...this.servers].flatMap(([name, { keys }]) =>
      [...keys].flatMap(([slot, stored]) =>
        [...stored].map(([key, value]) => `slot ${slot} ${key}=${value} at ${name}`),
      ),
    );
    return keys.sort();
  }

  /** The open slots of all servers: `a has 3 migrating`. */
  openSlots(): readonly string[] {
    return [...this.servers].flatMap(([name, { migrating, importing }]) => [
      ...[...migrating.keys()].map((slot) => `${name} has ${slot} migrating`),
      ...[...importing.keys()].map((slot) => `${name} has ${slot} importing`),
    ]);
  }

  /** Who owns the slot according to each server, in their order. */
  ownersOf(slot: number): readonly (NodeId | undefined)[] {
    return [...this.servers.values()].map(({ owners }) => owners.get(slot));
  }

  gossip(): void {
    const servers = [...this.servers.values()];
    for (const receiver of servers) for (const sender of servers) receiver.hear(sender);
  }

  /** The way to these servers, for what is tested; each connects anew. */
  network(): Network {
    const open = new Map<string, FakeNode>();
    return {
      settings: { connectTimeout: 1, commandTimeout: 1 },
      addressMap: [],
      dialOf: (announced) => announced,
      to: async (dial) => {
        const key = formatAddress(dial);
        const node = open.get(key) ?? this.#connect(dial);
        open.set(key, node);
        return node;
      },
      open: async (dial) => this.#connect(dial),
      drop: (dial) => {
        open.get(formatAddress(dial))?.close();
        open.delete(formatAddress(dial));
      },
    };
  }

  #connect(dial: Address): FakeNode {
    if (this.#isCut) throw lost(dial);
    const server = [...this.servers.values()].find(({ address }) => address.port === dial.port);
    if (server === undefined) throw new Error(`Nobody listens at ${formatAddress(dial)}`);
    return new FakeNode(server, (write) => this.#serve(server, write));
  }

  /** Throws what the client sees when the connection breaks. */
  #serve(server: FakeServer, write: readonly Command[]): readonly (BinaryReply | ServerError)[] {
    if (this.#isCut) throw lost(server.address);
    const replies: (BinaryReply | ServerError)[] = [];
    let broken: Fault | undefined;
    const transaction = new Transaction(server);
    this.onWrite?.(write);
    for (const command of write) {
      this.#calls++;
      if (this.#calls === this.#fault?.at) broken = this.#fault;
      if (broken?.kind === "unsent") break;
      this.log.push(`${this.#nameOf(server)} ${command.join(" ")}`);
      const isHalf = broken?.kind === "half" && this.#calls === broken.at;
      const execute = (one: Command) => server.execute(one, [...this.servers.values()], { isHalf });
      replies.push(transaction.take(command, execute));
      if (this.#calls % this.#gossipEvery === 0) this.gossip();
      if (broken?.kind === "unanswered") break;
    }
    if (broken === undefined) return replies;
    this.#isCut = broken.final;
    throw lost(server.address);
  }
}

/**
 * What a connection has put off until EXEC. All of it comes in one write here, so what broke off before its EXEC was
 * never carried out.
 */
class Transaction {
  readonly #server: FakeServer;
  #queue: Command[] | undefined;
  #isSpoilt = false;

  constructor(server: FakeServer) {
    this.#server = server;
  }

  take(command: Command, execute: (command: Command) => BinaryReply | ServerError): BinaryReply | ServerError {
    const isOurs = TRANSACTION_WORDS.has(String(command[0]));
    if (!isOurs && this.#queue === undefined) return execute(command);
    const refusal = this.#server.refusalOf(command);
    if (refusal !== undefined) {
      this.#isSpoilt ||= !isOurs;
      return refusal;
    }
    return isOurs ? this.#control(String(command[0]), execute) : this.#put(command);
  }

  #put(command: Command): BinaryReply {
    this.#queue?.push(command);
    return Buffer.from("QUEUED");
  }

  #control(word: string, execute: (command: Command) => BinaryReply | ServerError): BinaryReply | ServerError {
    const [queue, isSpoilt] = [this.#queue, this.#isSpoilt];
    this.#isSpoilt = false;
    this.#queue = word === "MULTI" ? [] : undefined;
    if (word === "MULTI") return Buffer.from("OK");
    if (queue === undefined) return new ServerError(`ERR ${word} without MULTI`);
    if (word === "DISCARD") return Buffer.from("OK");
    if (isSpoilt) return new ServerError("EXECABORT Transaction discarded because of previous errors.");
    return queue.map(execute) as readonly BinaryReply[];
  }
}

const TRANSACTION_WORDS: ReadonlySet<string> = new Set(["MULTI", "EXEC", "DISCARD"]);

function lost(address: Address): SlotctlError {
  return new SlotctlError(`${formatAddress(address)} closed the connection`, {
    code: "CONNECTION_CLOSED",
    exitCode: ExitCode.Unreachable,
  });
}

type Serve = (write: readonly Command[]) => readonly (BinaryReply | ServerError)[];

class FakeNode implements BulkNode {
  readonly address: Address;
  readonly remoteHost: string;
  readonly #serve: Serve;
  #closed = false;

  constructor({ address }: FakeServer, serve: Serve) {
    this.address = address;
    this.remoteHost = address.host;
    this.#serve = serve;
  }

  async send(...command: Command): Promise<Reply> {
    const [outcome] = await this.sendAll([command]);
    if (outcome instanceof ServerError) throw outcome;
    return outcome!;
  }

  async sendAll(commands: readonly Command[]): Promise<readonly (Reply | ServerError)[]> {
    return (await this.sendAllBinary(commands)).map((reply) => (reply instanceof ServerError ? reply : asText(reply)));
  }

  async sendAllBinary(commands: readonly Command[]): Promise<readonly (BinaryReply | ServerError)[]> {
    // Others get their turn between two writes, as with a real socket.
    await Promise.resolve();
    if (this.#closed) throw lost(this.address);
    try {
      return this.#serve(commands);
    } catch (error) {
      this.#closed = true;
      throw error;
    }
  }

  sendPacked(commands: Buffer, count: number): Promise<PackedReplies> {
    return this.#answerInto(new PackedReplies(count), commands);
  }

  sendForLines(commands: Buffer, count: number): Promise<LineReplies> {
    return this.#answerInto(new LineReplies(count), commands);
  }

  sendForLists(commands: Buffer, count: number): Promise<ListReplies> {
    return this.#answerInto(new ListReplies(count), commands);
  }

  /** Answers as a server does, in bytes, and has them read as those of a server are. */
  async #answerInto<Into extends Packing>(into: Into, commands: Buffer): Promise<Into> {
    const replies = await this.sendAllBinary(commandsIn(commands));
    const bytes = Buffer.concat(replies.map(inBytes));
    readInto(into, bytes, bytes.length);
    return into;
  }

  close(): void {
    this.#closed = true;
  }
}

function commandsIn(bytes: Buffer): readonly Command[] {
  const commands: Command[] = [];
  for (let request = takeRequest(bytes); request !== undefined; request = takeRequest(request.rest)) {
    const [name = "", ...words] = request.argv.map(String);
    commands.push([name, ...words]);
  }
  return commands;
}

function inBytes(reply: BinaryReply | ServerError): Buffer {
  if (reply instanceof ServerError) return Buffer.from(resp.error(reply.message));
  if (typeof reply === "number") return Buffer.from(resp.integer(reply));
  if (Array.isArray(reply)) return resp.array((reply as readonly BinaryReply[]).map(inBytes));
  // States are simple strings; only in lists are there others.
  return STATES.has(String(reply)) ? Buffer.from(resp.simple(String(reply))) : resp.bulk(reply as Buffer | null);
}

const STATES: ReadonlySet<string> = new Set(["OK", "NOKEY", "QUEUED"]);

function asText(reply: BinaryReply): Reply {
  if (Buffer.isBuffer(reply)) return reply.toString();
  return Array.isArray(reply) ? reply.map(asText) : (reply as number | null);
}
