import type { Address } from "../model/address.ts";

/** What is copied: one numbered database of the source, or all that hold keys. */
export type DatabaseChoice = number | "all";

/** The source as it was found. */
export interface ImportSource {
  readonly address: Address;
  readonly kind: "standalone" | "replica" | "cluster";
  readonly engine: "redis" | "valkey";
  readonly version: string;
  /** Those to read from: the source itself, or the primaries of a cluster. */
  readonly servers: readonly Address[];
  /** Only databases that hold any. */
  readonly keysByDatabase: ReadonlyMap<number, number>;
  /** The format that its DUMP writes; undefined when it holds no key to see it from. */
  readonly rdbVersion: number | undefined;
  /** The nodes of a cluster; one id that the target has as well means that they are the same. */
  readonly nodeIds: readonly string[];
}

/** What a primary of the target said when it was asked whether it can take the keys. */
export interface ImportTarget {
  readonly address: Address;
  readonly id: string;
  readonly engine: "redis" | "valkey";
  readonly version: string;
  /** Databases of those that were asked for that it does not have. */
  readonly missingDatabases: readonly number[];
  /** Why it takes no keys, in its own words; undefined when it does, or when that cannot be told. */
  readonly refusal: string | undefined;
  /** False when it does not read the format of the source. */
  readonly readsFormat: boolean;
}

export interface ImportRequest {
  readonly database: DatabaseChoice;
  readonly move: boolean;
  readonly existing: "keep" | "skip" | "replace";
  readonly match: string | undefined;
}

/** Keys of one database go to one database. */
export interface DatabaseMapping {
  readonly from: number;
  readonly to: number;
  readonly keys: number;
}

/** What an import will do. Plain data. */
export interface ImportPlan extends ImportRequest {
  readonly source: Omit<ImportSource, "keysByDatabase" | "nodeIds">;
  readonly databases: readonly DatabaseMapping[];
  /** Databases that hold keys and were not asked for. */
  readonly left: readonly { readonly database: number; readonly keys: number }[];
  /** How many primaries the keys are spread over. */
  readonly primaries: number;
}

export type ImportProblem =
  | { readonly kind: "same-cluster" }
  | { readonly kind: "move-from-replica" }
  | { readonly kind: "several-databases"; readonly databases: readonly number[] }
  | { readonly kind: "format"; readonly rdbVersion: number; readonly targets: readonly ImportTarget[] }
  | { readonly kind: "refused"; readonly target: ImportTarget };

export type ImportOutcome =
  | { readonly kind: "planned"; readonly plan: ImportPlan }
  | { readonly kind: "refused"; readonly problems: readonly ImportProblem[] };

/** The databases of the source that are asked for and hold keys. */
export function databasesAsked(
  { keysByDatabase }: Pick<ImportSource, "keysByDatabase">,
  choice: DatabaseChoice,
): readonly number[] {
  return [...keysByDatabase.keys()].filter((database) => choice === "all" || choice === database).sort((a, b) => a - b);
}

/**
 * Decides which database goes where, or says everything that is in the way. One database goes to database 0, the only
 * one that most clusters have; all of them keep their numbers where every primary has these, on Valkey 9.
 */
export function planImport(
  source: ImportSource,
  targets: readonly ImportTarget[],
  request: ImportRequest,
): ImportOutcome {
  const asked = databasesAsked(source, request.database);
  const keepsNumbers =
    request.database === "all" && targets.every(({ missingDatabases }) => missingDatabases.length === 0);
  const problems = problemsOf(source, targets, { request, asked, keepsNumbers });
  if (problems.length > 0) return { kind: "refused", problems };
  const { keysByDatabase, nodeIds: _, ...kept } = source;
  const plan: ImportPlan = {
    ...request,
    source: kept,
    databases: asked.map((from) => ({ from, to: keepsNumbers ? from : 0, keys: keysByDatabase.get(from) ?? 0 })),
    left: [...keysByDatabase]
      .filter(([database]) => !asked.includes(database))
      .map(([database, keys]) => ({ database, keys })),
    primaries: targets.length,
  };
  return { kind: "planned", plan };
}

interface Decision {
  readonly request: ImportRequest;
  readonly asked: readonly number[];
  readonly keepsNumbers: boolean;
}

function problemsOf(
  source: ImportSource,
  targets: readonly ImportTarget[],
  { request, asked, keepsNumbers }: Decision,
): readonly ImportProblem[] {
  const isSame = targets.some(({ id }) => source.nodeIds.includes(id));
  const blind = targets.filter(({ readsFormat }) => !readsFormat);
  return [
    ...(isSame ? [{ kind: "same-cluster" } as const] : []),
    ...(request.move && source.kind === "replica" ? [{ kind: "move-from-replica" } as const] : []),
    ...(asked.length > 1 && !keepsNumbers ? [{ kind: "several-databases", databases: asked } as const] : []),
    ...(blind.length > 0 && source.rdbVersion !== undefined
      ? [{ kind: "format", rdbVersion: source.rdbVersion, targets: blind } as const]
      : []),
    ...targets.filter(({ refusal }) => refusal !== undefined).map((target) => ({ kind: "refused", target }) as const),
  ];
}

export function keysToImport({ databases }: Pick<ImportPlan, "databases">): number {
  return databases.reduce((sum, { keys }) => sum + keys, 0);
}
