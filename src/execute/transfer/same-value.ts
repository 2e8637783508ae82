import { valueBytesOf } from "../../model/dump-payload.ts";
import { serverRefused } from "../../node/failures.ts";
import { type BinaryReply, type Command, type Node, ServerError } from "../../node/node.ts";
import { contentOf } from "../move/same-keys.ts";

/** One of two servers that have the same key. */
export interface Side {
  readonly node: Node;
  /** Say ASKING before every command: the slot is still on its way to this node. */
  readonly asking: boolean;
}

/** Whether two dumps hold the same, as far as their bytes tell: other versions write another footer. */
export function sameBytes(left: Buffer, right: Buffer): boolean {
  return left.equals(right) || valueBytesOf(left).equals(valueBytesOf(right));
}

/**
 * Whether a key holds the same on both sides, by content: a set has no order, and how a value is packed hangs on the
 * server's version and settings. The value of a module's type cannot be read this way, and counts as another.
 */
export async function sameContent(key: Buffer, left: Side, right: Side): Promise<boolean> {
  const [[leftType], [rightType]] = await askBoth([["TYPE", key]], left, right);
  const type = String(leftType);
  const readings = READINGS[type];
  if (readings === undefined || type !== String(rightType)) return false;
  const [ours, theirs] = await askBoth(
    readings.map(({ command }) => command(key)),
    left,
    right,
  );
  const isSame = readings.every(({ content }, i) => {
    const [mine, yours] = [ours[i], theirs[i]];
    return isContent(mine) && isContent(yours) && content(mine) === content(yours);
  });
  return isSame && (type !== "hash" || sameFieldExpiry(key, ours[0], left, right));
}

interface Reading {
  readonly command: (key: Buffer) => Command;
  readonly content: (reply: BinaryReply) => string;
}

const READINGS: Readonly<Record<string, readonly Reading[]>> = {
  string: [{ command: (key) => ["GET", key], content: inOrder }],
  list: [{ command: (key) => ["LRANGE", key, 0, -1], content: inOrder }],
  set: [{ command: (key) => ["SMEMBERS", key], content: unordered(1) }],
  zset: [{ command: (key) => ["ZRANGE", key, 0, -1, "WITHSCORES"], content: inOrder }],
  hash: [{ command: (key) => ["HGETALL", key], content: unordered(2) }],
  stream: [
    { command: (key) => ["XRANGE", key, "-", "+"], content: inOrder },
    { command: (key) => ["XINFO", "GROUPS", key], content: groups },
  ],
};

function inOrder(reply: BinaryReply): string {
  if (Buffer.isBuffer(reply)) return reply.toString("hex");
  return Array.isArray(reply) ? `[${reply.map(inOrder).join()}]` : String(reply);
}

function unordered(width: number): (reply: BinaryReply) => string {
  return (reply) => contentOf(Array.isArray(reply) ? reply : [], width);
}

/** One flat name-value list a group; newer servers tell more of it. */
function groups(reply: BinaryReply): string {
  const told = ["name", "pending", "last-delivered-id"];
  const lists: readonly BinaryReply[] = Array.isArray(reply) ? reply : [];
  return lists
    .map((list) =>
      Array.isArray(list)
        ? list.flatMap((name, i) => (told.includes(String(name)) ? [inOrder(list[i + 1])] : [])).join()
        : "",
    )
    .sort()
    .join(";");
}

type Answer = BinaryReply | ServerError | undefined;

async function askBoth(
  commands: readonly Command[],
  left: Side,
  right: Side,
): Promise<readonly [readonly Answer[], readonly Answer[]]> {
  return Promise.all([ask(commands, left), ask(commands, right)]);
}

async function ask(commands: readonly Command[], { node, asking }: Side): Promise<readonly Answer[]> {
  const sent = asking ? commands.flatMap((command): Command[] => [["ASKING"], command]) : commands;
  const all = await node.sendAllBinary(sent);
  const replies = asking ? commands.map((_, i) => all[2 * i + 1]) : all;
  // Not being allowed to look is not the same as having seen a difference.
  const refusal = replies.find((reply) => reply instanceof ServerError && reply.word === "NOPERM");
  if (refusal instanceof ServerError) throw serverRefused(node.address, refusal);
  return replies;
}

/** A key that is gone, or a refusal, is the same as nothing. */
function isContent(answer: Answer): answer is BinaryReply {
  return answer !== undefined && answer !== null && !(answer instanceof ServerError);
}

/** Fields of a hash may expire by themselves since Redis 7.4 and Valkey 9; older servers do not know the command. */
async function sameFieldExpiry(key: Buffer, hash: Answer, left: Side, right: Side): Promise<boolean> {
  const fields = Array.isArray(hash)
    ? hash.filter((_, i) => i % 2 === 0).filter((field) => Buffer.isBuffer(field))
    : [];
  const [[ours], [theirs]] = await askBoth([["HPEXPIRETIME", key, "FIELDS", fields.length, ...fields]], left, right);
  return expiryText(ours, fields.length) === expiryText(theirs, fields.length);
}

function expiryText(answer: Answer, fields: number): string {
  return Array.isArray(answer) ? answer.join() : new Array(fields).fill(-1).join();
}
