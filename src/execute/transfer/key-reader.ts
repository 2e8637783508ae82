import { serverRefused } from "../../node/failures.ts";
import { type BinaryReply, type Command, type Node, ServerError } from "../../node/node.ts";
import { expireTogether } from "./entry.ts";

/** What a key held at one moment. */
export interface Value {
  readonly payload: Buffer;
  readonly expiresAt: number | undefined;
}

/** A value, or undefined for a key that is not there, or why the server does not say. */
export type ReadOutcome = Value | undefined | ServerError;

export interface ReadOptions {
  /** Say ASKING before every command: the slot is still on its way to this node. */
  readonly asking?: boolean;
}

/** Reads keys with their time to live from one server, many in one write. */
export class KeyReader {
  readonly node: Node;
  /** PEXPIRETIME tells the moment itself, since Redis 7.0; before, PTTL tells how far away it is. */
  readonly #tellsMoment: boolean;

  private constructor(node: Node, tellsMoment: boolean) {
    this.node = node;
    this.#tellsMoment = tellsMoment;
  }

  static async on(node: Node): Promise<KeyReader> {
    const [info] = await node.sendAll([["COMMAND", "INFO", "PEXPIRETIME"]]);
    return new KeyReader(node, Array.isArray(info) && info[0] !== null);
  }

  /**
   * Asks for the expiry before and after the value: when both answers agree it is the one that belongs to the value;
   * where they do not, somebody wrote to the key just then, and it is read again.
   */
  async read(keys: readonly Buffer[], options: ReadOptions = {}): Promise<readonly ReadOutcome[]> {
    const outcomes = new Array<ReadOutcome>(keys.length);
    let open = keys.map((_, index) => index);
    for (let attempt = 0; open.length > 0 && attempt < ATTEMPTS; attempt++) {
      const found = await this.#readOnce(
        open.map((index) => keys[index]!),
        options,
      );
      for (const [i, index] of open.entries()) if (found[i] !== "torn") outcomes[index] = found[i] as ReadOutcome;
      open = open.filter((_, i) => found[i] === "torn");
    }
    for (const index of open) outcomes[index] = new ServerError("ERR the key is written to all the time");
    return outcomes;
  }

  async #readOnce(keys: readonly Buffer[], options: ReadOptions): Promise<readonly (ReadOutcome | "torn")[]> {
    const word = this.#tellsMoment ? "PEXPIRETIME" : "PTTL";
    const asked = keys.flatMap((key): Command[] => [
      [word, key],
      ["DUMP", key],
      [word, key],
    ]);
    const commands = options.asking === true ? asked.flatMap((command): Command[] => [["ASKING"], command]) : asked;
    const replies = await this.node.sendAllBinary(this.#tellsMoment ? commands : [["TIME"], ...commands]);
    const time = replies[0];
    if (!this.#tellsMoment && time instanceof ServerError) return keys.map(() => time);
    const now = this.#tellsMoment ? 0 : millisecondsOf(time);
    const first = this.#tellsMoment ? 0 : 1;
    const width = options.asking === true ? 2 : 1;
    const at = (i: number) => replies[first + i * width + (width - 1)];
    return keys.map((_, i) => outcomeOf(at(3 * i), at(3 * i + 1), at(3 * i + 2), now));
  }
}

/** A key that changes its expiry between any two commands of ours is not read for ever. */
const ATTEMPTS = 50;

type Answer = BinaryReply | ServerError | undefined;

function outcomeOf(before: Answer, payload: Answer, after: Answer, now: number): ReadOutcome | "torn" {
  if (payload instanceof ServerError) return payload;
  if (before instanceof ServerError) return before;
  if (after instanceof ServerError) return after;
  if (!Buffer.isBuffer(payload)) return undefined;
  const [expiresAt, later] = [momentOf(before, now), momentOf(after, now)];
  return before === GONE || after === GONE || !expireTogether(expiresAt, later) ? "torn" : { payload, expiresAt };
}

const GONE = -2;

function momentOf(answer: Answer, now: number): number | undefined {
  return typeof answer === "number" && answer >= 0 ? now + answer : undefined;
}

/** TIME: seconds and microseconds. */
function millisecondsOf(answer: Answer): number {
  const [seconds, microseconds] = Array.isArray(answer) ? answer : [];
  return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
}

/** @throws SlotctlError when the server refused; a key that is not there is left out */
export function valuesOrThrow(node: Node, outcomes: readonly ReadOutcome[]): readonly (Value | undefined)[] {
  return outcomes.map((outcome) => {
    if (outcome instanceof ServerError) throw serverRefused(node.address, outcome);
    return outcome;
  });
}
