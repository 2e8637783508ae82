import { commandBytes } from "../../node/command-bytes.ts";
import type { Credentials } from "../../node/connect.ts";
import type { BulkList } from "../../node/list-replies.ts";
import type { Command } from "../../node/node.ts";
import type { Lane } from "./lane.ts";

/** Keys of one slot that go over in one MIGRATE: a list that spans slots is refused with CROSSSLOT. */
export interface Batch {
  readonly slot: number;
  readonly database: number;
  readonly keys: readonly Buffer[];
}

/** A batch whose keys are as they came from the source. */
export interface RawBatch extends Omit<Batch, "keys"> {
  readonly keys: BulkList;
}

interface HowToMigrate {
  readonly replace?: boolean;
  /** Milliseconds that each write to the target, and its answer, may take. */
  readonly timeoutMs: number;
}

/** Milliseconds that a source may stand still because its target does not answer a write: less than a failover takes. */
const LONGEST_STANDSTILL_MS = 4000;

/** Milliseconds for each of so many MIGRATEs in one write. A key too large for that is sent again, by itself. */
export function bulkTimeout(migrates: number, migrateTimeoutMs: number): number {
  return Math.min(migrateTimeoutMs, Math.ceil(LONGEST_STANDSTILL_MS / migrates));
}

export function migrateCommand(lane: Lane, { database, keys }: Batch, how: HowToMigrate): Command {
  return [...wordsBeforeKeys(lane, database, how), ...keys];
}

/** A MIGRATE for each of these batches, which are of one database. The keys are passed on as they are. */
export function migrateCommands(lane: Lane, batches: readonly RawBatch[], how: HowToMigrate): Buffer {
  const words = wordsBeforeKeys(lane, batches[0]?.database ?? 0, how);
  const written = commandBytes([words]);
  const withoutCount = written.subarray(written.indexOf("\n") + 1);
  return Buffer.concat(
    batches.flatMap(({ keys }) => [Buffer.from(`*${words.length + keys.length}\r\n`), withoutCount, keys.bytes]),
  );
}

/** MIGRATE host port "" db timeout [REPLACE] [AUTH password | AUTH2 user password] KEYS */
function wordsBeforeKeys(
  { step, executor }: Lane,
  database: number,
  { replace = false, timeoutMs }: HowToMigrate,
): Command {
  const { connections, limits } = executor;
  const { host, port } = step.to.address;
  return [
    "MIGRATE",
    host,
    port,
    "",
    database,
    timeoutMs,
    ...(replace || limits.replace ? ["REPLACE"] : []),
    ...authWords(connections.settings.credentials),
    "KEYS",
  ];
}

function authWords(credentials: Credentials | undefined): readonly string[] {
  if (credentials === undefined) return [];
  const { user, password } = credentials;
  return user === undefined ? ["AUTH", password] : ["AUTH2", user, password];
}
