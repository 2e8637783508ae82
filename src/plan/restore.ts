import type { ImportPlan } from "./import.ts";

/** One file of a backup, as it is to be restored. */
export interface RestoreFile {
  readonly file: string;
  readonly bytes: number;
  /** As Redis writes them. */
  readonly slots: string;
  /** As the backup says; undefined when it does not. */
  readonly keys: number | undefined;
  readonly rdbVersion: number;
}

export interface RestoreRequest {
  /** `refuse`: a cluster that holds keys is left alone; `keep`: go on where an earlier run stopped. */
  readonly existing: "refuse" | ImportPlan["existing"];
}

/** What a restore will do. Plain data. */
export interface RestorePlan {
  readonly directory: string;
  /** Undefined for a backup of redis-cli. */
  readonly created: string | undefined;
  readonly files: readonly RestoreFile[];
  readonly functions: readonly string[];
  readonly existing: ImportPlan["existing"];
  /** Slots that no file has, as Redis writes them. */
  readonly missing: string;
  /** What loads the files: a throw-away server on this machine. */
  readonly server: { readonly path: string; readonly engine: "redis" | "valkey"; readonly version: string };
  readonly primaries: number;
  /** Keys that the cluster holds already. */
  readonly present: number;
}

export type RestoreProblem =
  | { readonly kind: "not-empty"; readonly keys: number }
  | { readonly kind: "server-too-old"; readonly file: string; readonly rdbVersion: number; readonly reads: number }
  | { readonly kind: "other-engine"; readonly made: "redis" | "valkey" }
  | { readonly kind: "target-too-old"; readonly nodes: readonly string[]; readonly rdbVersion: number }
  | { readonly kind: "target-refuses"; readonly node: string; readonly why: string }
  | { readonly kind: "databases"; readonly node: string; readonly databases: readonly number[] };

export interface RestoreEnds {
  /** The RDB version that the throw-away server writes; it reads that and older ones. */
  readonly format: number;
  /** The engine that made the backup, where it says so. */
  readonly madeBy: "redis" | "valkey" | undefined;
  readonly targets: readonly {
    readonly name: string;
    readonly readsFormat: boolean;
    readonly refusal: string | undefined;
    readonly missingDatabases: readonly number[];
  }[];
}

/** Everything that is in the way; none when the plan can be carried out. */
export function restoreProblems(
  plan: RestorePlan,
  { existing }: RestoreRequest,
  { format, madeBy, targets }: RestoreEnds,
): readonly RestoreProblem[] {
  const tooNew = plan.files.filter(({ rdbVersion }) => rdbVersion > format);
  const blind = targets.filter(({ readsFormat }) => !readsFormat);
  return [
    ...(existing === "refuse" && plan.present > 0 ? [{ kind: "not-empty", keys: plan.present } as const] : []),
    ...(madeBy !== undefined && madeBy !== plan.server.engine && isForeign(plan.files)
      ? [{ kind: "other-engine", made: madeBy } as const]
      : []),
    ...tooNew
      .slice(0, 1)
      .map(({ file, rdbVersion }) => ({ kind: "server-too-old", file, rdbVersion, reads: format }) as const),
    ...(blind.length > 0
      ? [{ kind: "target-too-old", nodes: blind.map(({ name }) => name), rdbVersion: format } as const]
      : []),
    ...targets.flatMap(({ name, refusal }) =>
      refusal === undefined ? [] : [{ kind: "target-refuses", node: name, why: refusal } as const],
    ),
    ...targets.flatMap(({ name, missingDatabases }) =>
      missingDatabases.length === 0 ? [] : [{ kind: "databases", node: name, databases: missingDatabases } as const],
    ),
  ];
}

/** Redis 7.4 and Valkey 8 went different ways after this version; both read files up to it. */
const LAST_COMMON_VERSION = 11;

function isForeign(files: readonly RestoreFile[]): boolean {
  return files.some(({ rdbVersion }) => rdbVersion > LAST_COMMON_VERSION);
}

export function keysToRestore({ files }: Pick<RestorePlan, "files">): number | undefined {
  const known = files.map(({ keys }) => keys);
  return known.every((keys) => keys !== undefined) ? known.reduce((sum, keys) => sum + keys, 0) : undefined;
}
