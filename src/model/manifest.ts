import { ALL_SLOTS, parseRanges, type SlotRanges, subtractRanges, unionRanges } from "./slot.ts";

/** The name of the file that makes a directory a backup: it is written last. */
export const MANIFEST_FILE = "manifest.json";

/** Version of the file. Raised when a field goes or changes its meaning. */
export const MANIFEST_VERSION = 1;

/** A file of a backup, and what it has to be. */
export interface FileDigest {
  /** A bare name, in the directory of the manifest. */
  readonly file: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** The data set of one shard. */
export interface ShardFile extends FileDigest {
  /** As Redis writes them: "0-5460,7000". */
  readonly slots: string;
  readonly primary: { readonly id: string; readonly address: string };
  readonly configEpoch: number;
  /** Who gave it: the primary, or a replica of it. */
  readonly source: { readonly id: string; readonly address: string; readonly role: "primary" | "replica" };
  readonly engine: "redis" | "valkey";
  readonly version: string;
  readonly rdbVersion: number;
  /** Keys by number of database, counted shortly before the snapshot. */
  readonly keys: Readonly<Record<string, number>>;
}

/** What a backup holds: of what, when, and how to tell that it is whole. */
export interface Manifest {
  readonly schemaVersion: typeof MANIFEST_VERSION;
  /** The version of slotctl that wrote it. */
  readonly slotctl: string;
  /** When it was begun, ISO 8601. Each shard is as it was at a moment of its own after that. */
  readonly created: string;
  readonly currentEpoch: number;
  /** It was asked for although it could not be complete (--partial). */
  readonly partial: boolean;
  readonly shards: readonly ShardFile[];
  /** Names of function libraries; the code is in the RDB files. */
  readonly functions: readonly string[];
  /** Users with their password hashes, as in an ACL file. */
  readonly acl?: FileDigest;
}

/** Slots that no file of the backup has. */
export function missingSlots({ shards }: Pick<Manifest, "shards">): SlotRanges {
  return subtractRanges(ALL_SLOTS, unionRanges(...shards.map(({ slots }) => parseRanges(slots) ?? [])));
}

/** What cannot be read as a manifest, in words that end a sentence. */
export class UnreadableManifest extends Error {
  override readonly name = "UnreadableManifest";
}

/**
 * Reads a manifest that anybody may have written: every field is checked, and no name leads out of the directory.
 * @throws UnreadableManifest
 */
export function parseManifest(text: string): Manifest {
  const root = objectIn(jsonOf(text), "the file");
  if (root.schemaVersion !== MANIFEST_VERSION) {
    throw new UnreadableManifest(`its schemaVersion is ${JSON.stringify(root.schemaVersion)}, not ${MANIFEST_VERSION}`);
  }
  const shards = listIn(root.shards, "shards").map(shardIn);
  const acl = root.acl === undefined ? undefined : fileIn(root.acl, "acl");
  refuseTwins([...shards, ...(acl === undefined ? [] : [acl])]);
  return {
    schemaVersion: MANIFEST_VERSION,
    slotctl: textIn(root.slotctl, "slotctl"),
    created: momentIn(root.created),
    currentEpoch: countIn(root.currentEpoch, "currentEpoch"),
    partial: root.partial === true,
    shards,
    functions: listIn(root.functions, "functions").map((name) => textIn(name, "functions")),
    ...(acl === undefined ? {} : { acl }),
  };
}

/** A file name that stays where it is: no folder, nothing hidden. */
export function isPlainName(name: string): boolean {
  return /^[^./\\\x00-\x1f][^/\\\x00-\x1f]*$/.test(name) && name.length <= 255;
}

type Fields = Readonly<Record<string, unknown>>;

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableManifest("it is no JSON");
  }
}

function shardIn(value: unknown): ShardFile {
  const shard = objectIn(value, "a shard");
  const primary = objectIn(shard.primary, "primary");
  const source = objectIn(shard.source, "source");
  const keys = Object.entries(objectIn(shard.keys, "keys"));
  if (parseRanges(textIn(shard.slots, "slots")) === undefined) throw wrong("slots");
  return {
    ...fileIn(shard, "a shard"),
    slots: textIn(shard.slots, "slots"),
    primary: { id: textIn(primary.id, "primary.id"), address: textIn(primary.address, "primary.address") },
    configEpoch: countIn(shard.configEpoch, "configEpoch"),
    source: {
      id: textIn(source.id, "source.id"),
      address: textIn(source.address, "source.address"),
      role: oneOf(source.role, ["primary", "replica"], "source.role"),
    },
    engine: oneOf(shard.engine, ["redis", "valkey"], "engine"),
    version: textIn(shard.version, "version"),
    rdbVersion: countIn(shard.rdbVersion, "rdbVersion"),
    keys: Object.fromEntries(keys.map(([database, count]) => [databaseIn(database), countIn(count, "keys")])),
  };
}

function fileIn(value: unknown, name: string): FileDigest {
  const { file, bytes, sha256 } = objectIn(value, name);
  if (typeof file !== "string" || !isPlainName(file)) throw wrong(`file of ${name}`);
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) throw wrong(`sha256 of ${file}`);
  return { file, bytes: countIn(bytes, `bytes of ${file}`), sha256 };
}

function refuseTwins(files: readonly FileDigest[]): void {
  const names = files.map(({ file }) => file);
  if (new Set(names).size < names.length) throw new UnreadableManifest("it names one file twice");
}

function objectIn(value: unknown, name: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(name);
  return value as Fields;
}

function listIn(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(name);
  return value;
}

function textIn(value: unknown, name: string): string {
  if (typeof value !== "string" || /[\x00-\x1f\x7f]/.test(value)) throw wrong(name);
  return value;
}

function momentIn(value: unknown): string {
  const text = textIn(value, "created");
  if (!/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(text)) throw wrong("created");
  return text;
}

function countIn(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw wrong(name);
  return value;
}

function databaseIn(name: string): string {
  if (!/^\d{1,5}$/.test(name)) throw wrong("keys");
  return name;
}

function oneOf<Word extends string>(value: unknown, words: readonly Word[], name: string): Word {
  return words.find((word) => word === value) ?? throwing(wrong(name));
}

function throwing(error: Error): never {
  throw error;
}

function wrong(name: string): UnreadableManifest {
  return new UnreadableManifest(`what it says of ${name} cannot be used`);
}
