import type { NodeFacts } from "../model/facts.ts";

type Server = Pick<NodeFacts, "engine" | "version">;

/**
 * Whether what DUMP makes of a key on one server can be restored on the other, as MIGRATE does; "unknown" between
 * versions that this table does not know. A server reads its own RDB version and older ones; Valkey 9.0 and up, which
 * counts from 80, refuses those of Redis after 7.2 (12 to 79).
 */
export function canRestore(source: Server, target: Server): "yes" | "no" | "unknown" {
  if (source.engine === target.engine && compareVersions(source.version, target.version) <= 0) return "yes";
  const written = rdbVersionOf(source);
  const read = rdbVersionOf(target);
  const isForeign = written.least > LAST_IN_COMMON && written.least < FIRST_OF_VALKEY;
  if (written.least > read.least || (isForeign && read.least >= FIRST_OF_VALKEY)) return "no";
  return written.exact ? "yes" : "unknown";
}

const FIRST_OF_VALKEY = 80;
const LAST_IN_COMMON = 11;

interface RdbVersion {
  readonly since: string;
  readonly least: number;
  /** False for the newest, which may write a later one. */
  readonly exact: boolean;
}

/** RDB_VERSION in the servers' rdb.h, newest first. */
const RDB_VERSIONS: Readonly<Record<Server["engine"], readonly RdbVersion[]>> = {
  redis: [
    { since: "8.4", least: 12, exact: false },
    { since: "7.4", least: 12, exact: true },
    { since: "7.2", least: LAST_IN_COMMON, exact: true },
    { since: "7.0", least: 10, exact: true },
    { since: "0", least: 9, exact: true },
  ],
  valkey: [
    { since: "9.2", least: FIRST_OF_VALKEY, exact: false },
    { since: "9.0", least: FIRST_OF_VALKEY, exact: true },
    { since: "0", least: LAST_IN_COMMON, exact: true },
  ],
};

function rdbVersionOf({ engine, version }: Server): RdbVersion {
  const versions = RDB_VERSIONS[engine];
  return versions.find(({ since }) => compareVersions(version, since) >= 0) ?? versions.at(-1)!;
}

/** As in "8.0.2" against "8.0": negative, zero or positive. What is no number counts as 0. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split(".").map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < 3; i++) {
    const difference = (a![i] ?? 0) - (b![i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
