import type { FileProblem } from "../../archive/verify-backup.ts";
import type { FunctionOutcome } from "../../execute/transfer/restore-functions.ts";
import type { Counts } from "../../execute/transfer/tally.ts";
import type { FileDigest, Manifest, ShardFile } from "../../model/manifest.ts";
import type { DatabaseMapping, ImportPlan } from "../../plan/import.ts";
import type { RestoreFile, RestorePlan } from "../../plan/restore.ts";
import { bytes, engine, nodeId, place, role, slots } from "./nouns.ts";
import {
  about,
  anyOf,
  constant,
  count,
  type Fields,
  type FieldsOf,
  listOf,
  mapOf,
  named,
  objectOf,
  objectWith,
  optional,
  orNull,
  type Schema,
  text,
  word,
  wordOf,
  yesOrNo,
} from "./schema.ts";

const existing = wordOf<ImportPlan["existing"]>({ keep: true, skip: true, replace: true });

const mapping: FieldsOf<DatabaseMapping> = { from: count, to: count, keys: count };

export const importPlan = objectWith({
  database: anyOf(count, word("all")),
  move: yesOrNo,
  existing,
  match: optional(text),
  source: objectWith({
    address: place,
    kind: wordOf<ImportPlan["source"]["kind"]>({ standalone: true, replica: true, cluster: true }),
    engine,
    version: text,
    servers: listOf(place),
    rdbVersion: optional(count),
  }),
  databases: listOf(objectWith(mapping)),
  left: about("Databases that hold keys and were not asked for", listOf(objectWith({ database: count, keys: count }))),
  primaries: count,
  keys: count,
} satisfies FieldsOf<ImportPlan & { readonly keys: number }>);

const file: FieldsOf<RestoreFile> = { file: text, bytes, slots, keys: optional(count), rdbVersion: count };

export const restorePlan = objectWith({
  directory: text,
  created: optional(text),
  files: listOf(objectWith(file)),
  functions: listOf(text),
  existing,
  missing: about("Slots that no file has", slots),
  server: objectWith({ path: text, engine, version: text }),
  primaries: count,
  present: about("Keys that the cluster holds already", count),
  keys: orNull(count),
} satisfies FieldsOf<RestorePlan & { readonly keys: number | null }>);

const counts = objectOf<Counts>({
  found: count,
  copied: count,
  equal: count,
  skipped: count,
  conflicts: count,
  refused: count,
  gone: count,
  deleted: count,
  changed: count,
  verified: count,
  different: count,
  bytes,
});

const trouble = objectWith({
  kind: wordOf({ conflict: true, refused: true, changed: true, different: true }),
  database: count,
  key: about("As text; exact where it is UTF-8", text),
  keyBase64: text,
  why: optional(text),
});

/** What became of the keys; not there when nothing was begun. */
export const transferred: Fields = { counts: optional(counts), troubles: optional(listOf(trouble)) };

export const functionOutcome = objectOf<FunctionOutcome>({
  library: text,
  node: place,
  kind: wordOf({ loaded: true, equal: true, skipped: true, conflict: true, refused: true }),
  why: optional(text),
});

const digest: FieldsOf<FileDigest> = {
  file: text,
  bytes,
  sha256: { type: "string", pattern: "^[0-9a-f]{64}$" },
};

const backedUpShard = named("shardFile", () =>
  objectOf<ShardFile>({
    ...digest,
    slots,
    primary: objectWith({ id: nodeId, address: place }),
    configEpoch: count,
    source: objectWith({ id: nodeId, address: place, role }),
    engine,
    version: text,
    rdbVersion: count,
    keys: about("Keys by number of database", mapOf(count)),
  }),
);

const manifestFields: FieldsOf<Manifest> = {
  schemaVersion: constant(1),
  slotctl: about("The version of slotctl that wrote it", text),
  created: text,
  currentEpoch: count,
  partial: yesOrNo,
  shards: listOf(backedUpShard),
  functions: listOf(text),
  acl: optional(objectWith(digest)),
};

export const manifest = named("manifest", () => objectWith(manifestFields));

const { schemaVersion: _, slotctl: __, ...ofTheBackup } = manifestFields;

/** What `backup` repeats of the manifest that it wrote. */
export const backedUp: Fields = ofTheBackup;

type ProblemFields = {
  readonly [Kind in FileProblem["kind"]]: FieldsOf<Omit<Extract<FileProblem, { kind: Kind }>, "kind">>;
};

const FILE_PROBLEMS: ProblemFields = {
  missing: {},
  unreadable: { why: text },
  size: { bytes, expected: bytes },
  digest: {},
  rdb: { why: text },
};

export const fileProblem: Schema = named("fileProblem", () =>
  anyOf(...Object.entries(FILE_PROBLEMS).map(([kind, fields]) => objectWith({ kind: word(kind), ...fields, text }))),
);
