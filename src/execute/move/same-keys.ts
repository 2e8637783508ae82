import { type BinaryReply, type Command, type Node, ServerError } from "../../node/node.ts";

/** Where the same keys may be at two nodes, of which those that do not own the slot answer only to those who say ASKING. */
export interface BothSides {
  readonly source: Node;
  readonly target: Node;
  /** Sent first to the target when there is more than one database. */
  readonly select: readonly Command[];
}

/**
 * The keys that are on both sides and do not hold the same. DUMP tells without DEBUG, which is off by default; but sets
 * and hashes have no order, and what DUMP makes of the same members may differ, so those are compared by content.
 */
export async function findConflicts(keys: readonly Buffer[], sides: BothSides): Promise<readonly Buffer[]> {
  return (await compareKeys(keys, sides)).different;
}

export interface Compared {
  /** On both sides with the same value. */
  readonly equal: readonly Buffer[];
  readonly different: readonly Buffer[];
}

/** Of these keys those that are on both sides. */
export async function compareKeys(keys: readonly Buffer[], sides: BothSides): Promise<Compared> {
  const dumps = keys.map((key): Command => ["DUMP", key]);
  const [ours, theirs] = await askBoth(dumps, sides);
  const suspects = keys.filter((_, i) => differ(ours[i], theirs[i]));
  const different = suspects.length === 0 ? [] : await differentAmong(suspects, sides);
  const isShared = (i: number) => Buffer.isBuffer(ours[i]) && Buffer.isBuffer(theirs[i]);
  return { equal: keys.filter((key, i) => isShared(i) && !different.includes(key)), different };
}

async function differentAmong(suspects: readonly Buffer[], sides: BothSides): Promise<readonly Buffer[]> {
  const [ourTypes, theirTypes] = await askBoth(
    suspects.map((key): Command => ["TYPE", key]),
    sides,
  );
  const conflicts = await Promise.all(
    suspects.map(async (key, i) => {
      const type = String(ourTypes[i]);
      return type === String(theirTypes[i]) && (await holdTheSame(key, type, sides)) ? [] : [key];
    }),
  );
  return conflicts.flat();
}

async function askBoth(commands: readonly Command[], { source, target, select }: BothSides) {
  const asking = commands.flatMap((command): Command[] => [["ASKING"], command]);
  const [ours, theirs] = await Promise.all([
    source.sendAllBinary(asking),
    target.sendAllBinary([...select, ...asking]),
  ]);
  return [commands.map((_, i) => ours[2 * i + 1]), commands.map((_, i) => theirs[select.length + 2 * i + 1])] as const;
}

type Answer = BinaryReply | ServerError | undefined;

/** Both there, and not the same. A key that is on one side only, or has just expired there, is no conflict. */
function differ(ours: Answer, theirs: Answer): boolean {
  if (!Buffer.isBuffer(ours)) return false;
  if (theirs instanceof ServerError) return true;
  return Buffer.isBuffer(theirs) && !ours.equals(theirs);
}

/** How to read all of a value whose order does not count, and how many elements belong together. */
const UNORDERED: Readonly<Record<string, readonly [command: string, width: number]>> = {
  set: ["SMEMBERS", 1],
  hash: ["HGETALL", 2],
};

async function holdTheSame(key: Buffer, type: string, sides: BothSides): Promise<boolean> {
  const reading = UNORDERED[type];
  if (reading === undefined) return false;
  const [command, width] = reading;
  const [[ours], [theirs]] = await askBoth([[command, key]], sides);
  if (!Array.isArray(ours) || !Array.isArray(theirs)) return false;
  return contentOf(ours, width) === contentOf(theirs, width);
}

export function contentOf(elements: readonly BinaryReply[], width: number): string {
  const texts = elements.map((element) => (Buffer.isBuffer(element) ? element.toString("hex") : String(element)));
  const groups: string[] = [];
  for (let i = 0; i < texts.length; i += width) groups.push(texts.slice(i, i + width).join("="));
  return groups.sort().join(",");
}
