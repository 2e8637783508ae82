import { randomBytes } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ExitCode, SlotctlError } from "../errors.ts";
import type { Emit } from "../execute/events.ts";
import type { KeepLost, LostValue } from "../execute/move/conflicts.ts";
import { isNodeId } from "../model/parse-nodes.ts";
import { SLOT_COUNT } from "../model/slot.ts";
import { reasonOf } from "./plan-file.ts";
import { stateDirectory } from "./state-directory.ts";

/** One line of the file. Keys and values are bytes, so they stand in base64. */
interface Line {
  readonly slot: number;
  readonly database: number;
  readonly key: string;
  readonly dump: string;
  readonly expiresAt: number;
  readonly heldBy: LostValue["heldBy"];
  readonly keptOn: LostValue["keptOn"];
}

/** Where the values go that give way in a run that begins now. */
export function conflictFilePath(environment: Parameters<typeof stateDirectory>[0], now: Date): string {
  const name = `${now.toISOString().replace(/[-:.]/g, "")}-${randomBytes(3).toString("hex")}.jsonl`;
  return join(stateDirectory(environment), "conflicts", name);
}

/** Writes each value before it is given up, one JSON object a line, and says once where. Only the owner may read it. */
export function conflictKeeper(path: string, emit: Emit): KeepLost {
  let before: Promise<void> = Promise.resolve();
  let told = false;
  const keep = async (value: LostValue) => {
    await append(path, `${JSON.stringify(lineOf(value))}\n`);
    if (told) return;
    told = true;
    emit({ type: "notice", text: `values that give way are kept in ${path}; fix --restore-conflicts puts them back` });
  };
  return (value) => {
    const mine = before.then(() => keep(value));
    before = mine.catch(() => undefined);
    return mine;
  };
}

async function append(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await using file = await open(path, "a", 0o600);
    await file.appendFile(text);
    await file.sync();
  } catch (cause) {
    throw new SlotctlError(`Cannot keep a value in ${path}: ${reasonOf(cause)}`, {
      code: "CONFLICT_NOT_SAVED",
      exitCode: ExitCode.Failed,
      hint: "Both values are as they were. Name another place with --conflict-file",
      cause,
    });
  }
}

function lineOf({ slot, database, key, dump, expiresAt, heldBy, keptOn }: LostValue): Line {
  return {
    slot,
    database,
    key: key.toString("base64"),
    dump: dump.toString("base64"),
    expiresAt,
    heldBy,
    keptOn,
  };
}

/**
 * The values that a run gave up, in its order.
 * @throws SlotctlError when the file cannot be read, or holds something else
 */
export async function loadConflicts(path: string): Promise<readonly LostValue[]> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw unusable(path, reasonOf(cause));
  });
  return text
    .split("\n")
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line.trim() !== "")
    .map(({ line, number }) => valueIn(line) ?? refuse(path, number));
}

function refuse(path: string, number: number): never {
  throw unusable(path, `line ${number} is none that slotctl fix wrote`);
}

function valueIn(text: string): LostValue | undefined {
  const line = parse(text);
  if (line === undefined) return undefined;
  const { slot, database, key, dump, expiresAt, heldBy, keptOn } = line;
  const isWhole = (value: unknown, most: number) =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;
  const isFit =
    isWhole(slot, SLOT_COUNT - 1) &&
    isWhole(database, Number.MAX_SAFE_INTEGER) &&
    isWhole(expiresAt, Number.MAX_SAFE_INTEGER) &&
    typeof key === "string" &&
    typeof dump === "string" &&
    isRef(heldBy) &&
    isRef(keptOn);
  if (!isFit) return undefined;
  return {
    slot,
    database,
    expiresAt,
    heldBy,
    keptOn,
    key: Buffer.from(key, "base64"),
    dump: Buffer.from(dump, "base64"),
  };
}

function parse(text: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Line) : undefined;
  } catch {
    return undefined;
  }
}

function isRef(ref: Line["heldBy"] | undefined): boolean {
  return typeof ref?.id === "string" && isNodeId(ref.id) && typeof ref.address?.host === "string";
}

function unusable(path: string, why: string): SlotctlError {
  return new SlotctlError(`There are no usable values in ${path}: ${why}`, {
    code: "CONFLICTS_INVALID",
    exitCode: ExitCode.Usage,
    hint: "Nothing was changed. Name a file that slotctl fix said it keeps values in",
  });
}
