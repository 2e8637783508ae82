import { quotedText } from "../../model/quoted-text.ts";
import { hasSlot } from "../../model/slot.ts";
import type { ConflictPolicy } from "../../model/slot-evidence.ts";
import { type BinaryReply, type Command, type Node, ServerError } from "../../node/node.ts";
import type { NodeRef } from "../../plan/plan.ts";
import { nodeOf, viewOf } from "../executor.ts";
import type { Lane } from "./lane.ts";
import { findConflicts } from "./same-keys.ts";

/** A key that both ends hold with different values. */
export interface Conflict {
  readonly key: Buffer;
  readonly slot: number;
  readonly database: number;
}

/** A value that gave way to another, and what it takes to put it back. */
export interface LostValue extends Conflict {
  /** As DUMP gives it, and RESTORE takes it. */
  readonly dump: Buffer;
  /** When it expires, in milliseconds since 1970; 0 is never. */
  readonly expiresAt: number;
  readonly heldBy: NodeRef;
  readonly keptOn: NodeRef;
}

/** Keeps values that are about to be overwritten or deleted; returns once they are safe. */
export type KeepLost = (value: LostValue) => Promise<void>;

/** One of two values, as a person may want to know it. */
export interface RivalValue {
  readonly node: NodeRef;
  readonly bytes: number;
  /** 0 is never. */
  readonly expiresAt: number;
  /** Seconds since it was used last; undefined where the server does not keep that. */
  readonly idleSeconds: number | undefined;
}

/** True when the owner's value counts, false when the other does. */
export type AskWinner = (conflict: Conflict, owner: RivalValue, other: RivalValue) => Promise<boolean>;

export interface ConflictOptions {
  readonly policy: ConflictPolicy;
  /** Which end of the way is the one that clients have been using. */
  readonly owner: End;
  /** Called for a key of which neither value was touched. */
  readonly left: (conflict: Conflict, why: string) => void;
}

/** Idle times are whole seconds, so less than two tell nothing. */
const TELLING_SECONDS = 2;

/** Decides, for one step, what becomes of keys that both ends hold with different values. */
export class Conflicts {
  readonly #options: ConflictOptions;
  readonly #left = new Map<number, Set<string>>();
  #idle: Idle | undefined;

  constructor(options: ConflictOptions) {
    this.#options = options;
  }

  /** Clients write at the target, so what it has may be newer than it was a moment ago, and is never replaced. */
  get isTargetInUse(): boolean {
    return this.#options.owner === "to";
  }

  isLeft(slot: number, database?: number, key?: Buffer): boolean {
    const left = this.#left.get(slot);
    if (left === undefined) return false;
    return key === undefined ? left.size > 0 : left.has(nameOf(database ?? 0, key));
  }

  countLeft(slot: number): number {
    return this.#left.get(slot)?.size ?? 0;
  }

  /**
   * With `newest`, decides before the first key moves: MIGRATE and DUMP count as use, so that whoever compares values
   * first can no longer tell which was used last.
   */
  async prepare(slots: readonly number[], lane: Lane): Promise<void> {
    if (this.#options.policy !== "newest") return;
    for (const database of lane.databases) {
      for (const slot of slots) {
        const shared = await sharedKeys(slot, database, lane);
        const idle = new Map<string, Idle>();
        for (const key of shared) idle.set(nameOf(database, key), await idleTimes({ key, slot, database }, lane));
        for (const key of await conflictsAmong(shared, database, lane)) {
          this.#idle = idle.get(nameOf(database, key));
          await this.settle({ key, slot, database }, lane);
        }
      }
    }
    if (lane.databases.length > 1) await lane.source.send("SELECT", 0);
  }

  /** After it the source's value may replace the target's, unless the key is left or gone from the source. */
  async settle(conflict: Conflict, lane: Lane): Promise<void> {
    const { policy } = this.#options;
    const keepLost = lane.executor.keepLost;
    if (policy === "leave" || keepLost === undefined) return this.#leave(conflict, "no value was to be given up");
    const winner = await this.#winnerOf(conflict, lane);
    if (winner === undefined)
      return this.#leave(conflict, policy === "ask" ? "there is nobody to ask" : "which was used last cannot be told");
    const loser = otherEnd(winner);
    const value = await readValue(conflict, lane, loser);
    if (value === undefined) return;
    const held = { ...conflict, ...value, heldBy: lane.step[loser], keptOn: lane.step[winner] };
    if (policy !== "keep-both") await keepLost(held);
    else if (!(await storeUnderOtherName(held, lane))) return this.#leave(conflict, "its other name is taken");
    if (loser === "from") await askOn(lane, "from", conflict.database, [["DEL", conflict.key]]);
  }

  #leave(conflict: Conflict, why: string): void {
    const left = this.#left.get(conflict.slot) ?? new Set();
    this.#left.set(conflict.slot, left.add(nameOf(conflict.database, conflict.key)));
    this.#options.left(conflict, why);
  }

  async #winnerOf(conflict: Conflict, lane: Lane): Promise<End | undefined> {
    const { policy, owner } = this.#options;
    switch (policy) {
      case "leave":
        return undefined;
      case "owner":
      case "keep-both":
        return owner;
      case "newest":
        return usedLast(this.#idle);
      case "ask":
        return askedFor(conflict, lane, owner);
    }
  }
}

/** Seconds since the two copies were used last. */
interface Idle {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

async function idleTimes(conflict: Conflict, lane: Lane): Promise<Idle> {
  const [from, to] = await Promise.all([idleSeconds(conflict, lane, "from"), idleSeconds(conflict, lane, "to")]);
  return { from, to };
}

async function sharedKeys(
  slot: number,
  database: number,
  { source, target, databases }: Lane,
): Promise<readonly Buffer[]> {
  const [ours, theirs] = await Promise.all([source, target].map((node) => keysOn(node, slot, database, databases)));
  const names = new Set(theirs!.map((key) => key.toString("latin1")));
  return ours!.filter((key) => names.has(key.toString("latin1")));
}

async function keysOn(
  node: Node,
  slot: number,
  database: number,
  databases: readonly number[],
): Promise<readonly Buffer[]> {
  const count = Number(await node.send("CLUSTER", "COUNTKEYSINSLOT", slot));
  const select: Command[] = databases.length > 1 ? [["SELECT", database]] : [];
  const asking: Command = ["CLUSTER", "GETKEYSINSLOT", slot, Math.max(1, count, MOST_KEYS_OF_A_DATABASE)];
  const replies = await node.sendAllBinary([...select, asking]);
  const keys = replies.at(-1);
  return Array.isArray(keys) ? keys.filter((key): key is Buffer => Buffer.isBuffer(key)) : [];
}

/** The count is that of the database selected last; another one may hold more. */
const MOST_KEYS_OF_A_DATABASE = 10_000;

async function conflictsAmong(keys: readonly Buffer[], database: number, lane: Lane): Promise<readonly Buffer[]> {
  const { source, target, databases } = lane;
  const select: Command[] = databases.length > 1 ? [["SELECT", database]] : [];
  if (databases.length > 1) await source.send("SELECT", database);
  return keys.length === 0 ? [] : findConflicts(keys, { source, target, select });
}

function usedLast(idle: Idle | undefined): End | undefined {
  const { from, to } = idle ?? {};
  if (from === undefined || to === undefined || Math.abs(from - to) < TELLING_SECONDS) return undefined;
  return from < to ? "from" : "to";
}

async function idleSeconds({ key, database }: Conflict, lane: Lane, end: End): Promise<number | undefined> {
  const [reply] = await askOn(lane, end, database, [["OBJECT", "IDLETIME", key]]);
  return typeof reply === "number" ? reply : undefined;
}

async function askedFor(conflict: Conflict, lane: Lane, owner: End): Promise<End | undefined> {
  const { askWinner } = lane.executor;
  const other = otherEnd(owner);
  const [mine, theirs] = await Promise.all([rivalOn(conflict, lane, owner), rivalOn(conflict, lane, other)]);
  if (askWinner === undefined || mine === undefined || theirs === undefined) return undefined;
  return (await askWinner(conflict, mine, theirs)) ? owner : other;
}

async function rivalOn(conflict: Conflict, lane: Lane, end: End): Promise<RivalValue | undefined> {
  const idle = await idleSeconds(conflict, lane, end);
  const value = await readValue(conflict, lane, end);
  if (value === undefined) return undefined;
  return { node: lane.step[end], bytes: value.dump.length, expiresAt: value.expiresAt, idleSeconds: idle };
}

type End = "from" | "to";

function otherEnd(end: End): End {
  return end === "from" ? "to" : "from";
}

function nameOf(database: number, key: Buffer): string {
  return `${database} ${key.toString("latin1")}`;
}

type Answer = BinaryReply | ServerError | undefined;

/** Each command is let in whether the node owns the slot or only imports it. */
async function askOn(
  { source, target, databases }: Lane,
  end: End,
  database: number,
  commands: readonly Command[],
): Promise<readonly Answer[]> {
  const server: Node = end === "from" ? source : target;
  // The source's connection is in the right database already.
  const select: Command[] = databases.length > 1 ? [["SELECT", database]] : [];
  const asking = commands.flatMap((command): Command[] => [["ASKING"], command]);
  const replies = await server.sendAllBinary([...select, ...asking]);
  return commands.map((_, i) => replies[select.length + 2 * i + 1]);
}

interface Value {
  readonly dump: Buffer;
  readonly expiresAt: number;
}

async function readValue({ key, database }: Conflict, lane: Lane, end: End): Promise<Value | undefined> {
  const [dump, left, time] = await askOn(lane, end, database, [["DUMP", key], ["PTTL", key], ["TIME"]]);
  if (dump instanceof ServerError) throw dump;
  if (!Buffer.isBuffer(dump) || typeof left !== "number") return undefined;
  const [seconds, micros] = Array.isArray(time) ? time.map((part) => Number(String(part))) : [0, 0];
  return { dump, expiresAt: left < 0 ? 0 : Math.round(seconds! * 1000 + micros! / 1000) + left };
}

/** A hash tag stays in front, so that a key which has one keeps its slot. */
async function storeUnderOtherName(value: LostValue, lane: Lane): Promise<boolean> {
  const { executor, step } = lane;
  const name = Buffer.concat([value.key, Buffer.from(`:conflict-${value.heldBy.id.slice(0, 8)}`)]);
  const slot = Number(await lane.target.send("CLUSTER", "KEYSLOT", name));
  const { lines } = await viewOf(executor, step.to);
  const owner = lines.find(({ slots }) => hasSlot(slots, slot));
  if (owner === undefined) return false;
  const server = await nodeOf(executor, { id: owner.id, address: owner });
  const select: Command[] = value.database === 0 ? [] : [["SELECT", value.database]];
  const back: Command[] = value.database === 0 ? [] : [["SELECT", 0]];
  const restore: Command[] = [
    ["ASKING"],
    ["RESTORE", name, value.expiresAt, value.dump, "ABSTTL"],
    ["ASKING"],
    ["DUMP", name],
  ];
  const replies = await server.sendAllBinary([...select, ...restore, ...back]);
  const dump = replies[select.length + 3];
  const isThere = Buffer.isBuffer(dump) && dump.equals(value.dump);
  if (isThere) {
    const text = `slot ${value.slot}: the other value of ${quotedText(value.key)} is now ${quotedText(name)}`;
    executor.emit({ type: "notice", text });
  }
  return isThere;
}
