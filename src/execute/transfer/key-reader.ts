import { CommandWriter, commandBytes } from "../../node/command-bytes.ts";
import { serverRefused } from "../../node/failures.ts";
import { type BinaryReply, ServerError } from "../../node/node.ts";
import type { PackedReplies } from "../../node/packed-replies.ts";
import type { BulkNode } from "../../node/pipelined-node.ts";
import { expireTogether } from "./entry.ts";
import { Values } from "./values.ts";

export interface ReadOptions {
  /** Say ASKING before every command: the slot is still on its way to this node. */
  readonly asking?: boolean;
  /** Ask each key when it expires, also where the server says that none does. */
  readonly askExpiry?: boolean;
}

/** Reads keys with their time to live from one database of one server, many in one write. */
export class KeyReader {
  readonly node: BulkNode;
  /** PEXPIRETIME tells the moment itself, since Redis 7.0; before, PTTL tells how far away it is. */
  readonly #tellsMoment: boolean;
  readonly #expiries: RegExp;
  /** False as long as no key of the database was seen to expire. */
  #someExpire: boolean;

  private constructor(node: BulkNode, database: number, tellsMoment: boolean, keyspace: string) {
    this.node = node;
    this.#tellsMoment = tellsMoment;
    this.#expiries = new RegExp(`^db${database}:keys=\\d+,expires=(\\d+)`, "m");
    this.#someExpire = !this.#saysNoneExpires(keyspace);
  }

  /** On a connection on which this database is selected. */
  static async on(node: BulkNode, database = 0): Promise<KeyReader> {
    const [info, keyspace] = await node.sendAll([
      ["COMMAND", "INFO", "PEXPIRETIME"],
      ["INFO", "keyspace"],
    ]);
    return new KeyReader(node, database, Array.isArray(info) && info[0] !== null, String(keyspace));
  }

  /** What these keys hold. */
  async read(keys: readonly Buffer[], { asking = false, askExpiry = false }: ReadOptions = {}): Promise<Values> {
    const values = new Values(keys);
    if (!asking && !askExpiry && !this.#someExpire) {
      if (await this.#readLasting(values)) return values;
      this.#someExpire = true;
    }
    let open: readonly number[] = keys.map((_, index) => index);
    for (let attempt = 0; open.length > 0 && attempt < ATTEMPTS; attempt++)
      open = await this.#readOnce(values, open, asking);
    for (const index of open) values.fail(index, new ServerError("ERR the key is written to all the time"));
    return values;
  }

  /** Where no key of the database expires, before and after, none has to be asked about; false where some do. */
  async #readLasting(values: Values): Promise<boolean> {
    const { keys } = values;
    const out = new CommandWriter(sizeFor(keys) + 2 * KEYSPACE.length);
    out.raw(KEYSPACE);
    for (const key of keys) {
      out.raw(DUMP);
      out.bytes(key);
    }
    out.raw(KEYSPACE);
    const replies = await this.node.sendPacked(out.done(), keys.length + 2);
    if (!this.#saysNoneExpires(replies.text(0)) || !this.#saysNoneExpires(replies.text(keys.length + 1))) return false;
    for (let index = 0; index < keys.length; index++) values.take(index, replies, index + 1, undefined);
    return true;
  }

  /** A server that does not say it in the words of Redis is not believed. */
  #saysNoneExpires(keyspace: string): boolean {
    return this.#expiries.exec(keyspace)?.[1] === "0";
  }

  /**
   * Asks for the expiry before and after the value: when both answers agree it is the one that belongs to the value;
   * where they do not, somebody wrote to the key just then, and it has to be read again: those are returned.
   */
  async #readOnce(values: Values, open: readonly number[], asking: boolean): Promise<readonly number[]> {
    const { keys } = values;
    const expiry = this.#tellsMoment ? PEXPIRETIME : PTTL;
    const out = new CommandWriter(3 * sizeFor(keys) + (asking ? 3 * keys.length * ASKING.length : 0));
    for (const index of open) {
      for (const question of [expiry, DUMP, expiry]) {
        if (asking) out.raw(ASKING);
        out.raw(question);
        out.bytes(keys[index]!);
      }
    }
    const width = asking ? 2 : 1;
    const [now, replies] = await Promise.all([
      this.#tellsMoment ? 0 : this.#time(),
      this.node.sendPacked(out.done(), 3 * width * open.length),
    ]);
    return open.filter((index, i) => {
      const at = 3 * width * i + width - 1;
      const places = { before: at, payload: at + width, after: at + 2 * width };
      return !takeUntorn(values, index, { replies, ...places, now });
    });
  }

  /** The server's clock, in the same write as what is sent right after it. */
  async #time(): Promise<number> {
    const [time] = await this.node.sendAllBinary([["TIME"]]);
    if (time instanceof ServerError) throw serverRefused(this.node.address, time);
    return millisecondsOf(time);
  }
}

/** A key that changes its expiry between any two commands of ours is not read for ever. */
const ATTEMPTS = 50;

const KEYSPACE = commandBytes([["INFO", "keyspace"]]);
const ASKING = commandBytes([["ASKING"]]);
const [DUMP, PEXPIRETIME, PTTL] = ["DUMP", "PEXPIRETIME", "PTTL"].map(firstOfTwo) as [Buffer, Buffer, Buffer];

/** "*2\r\n$4\r\nDUMP\r\n": the key is still to come. */
function firstOfTwo(word: string): Buffer {
  const out = new CommandWriter(64);
  out.begin(2);
  out.text(word);
  return Buffer.from(out.done());
}

/** Enough for a command of two words with each key. */
function sizeFor(keys: readonly Buffer[]): number {
  let size = 0;
  for (const { length } of keys) size += length + 60;
  return size;
}

interface Answers {
  readonly replies: PackedReplies;
  readonly before: number;
  readonly payload: number;
  readonly after: number;
  readonly now: number;
}

/** False when the key has to be read again. */
function takeUntorn(values: Values, index: number, { replies, before, payload, after, now }: Answers): boolean {
  const refusal = replies.error(before) ?? replies.error(after);
  if (!replies.isError(payload) && refusal !== undefined) {
    values.fail(index, refusal);
    return true;
  }
  const [first, second] = [replies.integer(before), replies.integer(after)];
  if (replies.isBulk(payload)) {
    if (first === GONE || second === GONE) return false;
    if (!expireTogether(momentOf(first, now), momentOf(second, now))) return false;
  }
  values.take(index, replies, payload, momentOf(first, now));
  return true;
}

const GONE = -2;

function momentOf(answer: number | undefined, now: number): number | undefined {
  return answer !== undefined && answer >= 0 ? now + answer : undefined;
}

/** TIME: seconds and microseconds. */
function millisecondsOf(answer: BinaryReply | undefined): number {
  const [seconds, microseconds] = Array.isArray(answer) ? answer : [];
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

/** @throws SlotctlError when the server refused; a key that is not there is left out */
export function valuesOrThrow(node: BulkNode, values: Values): Values {
  for (const error of values.errors.values()) throw serverRefused(node.address, error);
  return values;
}
