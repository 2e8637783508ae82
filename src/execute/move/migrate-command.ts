import type { Credentials } from "../../node/connect.ts";
import type { Command } from "../../node/node.ts";
import type { Lane } from "./lane.ts";

/** Keys of one slot that go over in one MIGRATE: a list that spans slots is refused with CROSSSLOT. */
export interface Batch {
  readonly slot: number;
  readonly database: number;
  readonly keys: readonly Buffer[];
}

interface HowToMigrate {
  readonly replace?: boolean;
  /** Milliseconds that the servers may take; that of the run when it is not said. */
  readonly timeoutMs?: number;
}

/** MIGRATE host port "" db timeout [REPLACE] [AUTH password | AUTH2 user password] KEYS key … */
export function migrateCommand(
  { step, executor }: Lane,
  { database, keys }: Batch,
  { replace = false, timeoutMs = executor.limits.migrateTimeoutMs }: HowToMigrate = {},
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
    ...keys,
  ];
}

function authWords(credentials: Credentials | undefined): readonly string[] {
  if (credentials === undefined) return [];
  const { user, password } = credentials;
  return user === undefined ? ["AUTH", password] : ["AUTH2", user, password];
}
