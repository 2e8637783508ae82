import type { VerifiedBackup } from "../archive/verify-backup.ts";
import type { NamedContext } from "../config/config-file.ts";
import type { Effective } from "../config/effective.ts";
import type { SlotctlError } from "../errors.ts";
import type { Emit } from "../execute/events.ts";
import type { ImportReport } from "../execute/transfer/import-keys.ts";
import type { RestoreReport } from "../execute/transfer/restore-functions.ts";
import type { Address } from "../model/address.ts";
import type { Cluster, ClusterNode, Shard } from "../model/cluster.ts";
import type { Manifest } from "../model/manifest.ts";
import type { NodeAnswer } from "../model/node-answer.ts";
import type { CreateProblem, Design } from "../plan/create.ts";
import type { ImportPlan } from "../plan/import.ts";
import type { MovePreview } from "../plan/move-plan.ts";
import type { Plan } from "../plan/plan.ts";
import type { Problem } from "../plan/problems.ts";
import type { RestorePlan } from "../plan/restore.ts";
import type { Schema } from "./schema/schema.ts";

/** A plan and what is needed to draw it. */
export type ShownPlan = ShownCreate | ShownMoves | ShownSteps | ShownImport | ShownRestore;

export interface ShownCreate {
  readonly kind: "create";
  readonly plan: Plan;
  readonly design: Design;
}

export interface ShownMoves {
  readonly kind: "moves";
  readonly plan: Plan;
  readonly preview: MovePreview;
}

/** A plan of steps of any kind, and what the moves among them do to the balance. */
export interface ShownSteps {
  readonly kind: "steps";
  readonly plan: Plan;
  /** Undefined where no slots are moved. */
  readonly preview: MovePreview | undefined;
}

export interface ShownRestore {
  readonly kind: "restore";
  readonly plan: RestorePlan;
}

export interface ShownImport {
  readonly kind: "import";
  readonly plan: ImportPlan;
}

/** A throw-away server as `sandbox` reports it. */
export interface SandboxNode {
  readonly address: Address;
  readonly pid: number;
  readonly running: boolean;
}

/** What a command has to say in the end. */
export type Result =
  | {
      readonly kind: "check";
      readonly cluster: Cluster;
      readonly problems: readonly Problem[];
      /** What the exit code says: no errors, and where warnings count, none of those either. */
      readonly healthy: boolean;
      /** One line for monitoring. */
      readonly quick: boolean;
    }
  | { readonly kind: "info"; readonly cluster: Cluster; readonly map: boolean }
  | {
      readonly kind: "create";
      readonly outcome: CreateResult;
      readonly until: "joined" | "ok";
      readonly shown: ShownCreate;
      readonly seconds: number;
    }
  | { readonly kind: "create-exists"; readonly cluster: Cluster }
  | {
      readonly kind: "moves";
      readonly command: "reshard" | "rebalance";
      readonly outcome: ChangeResult;
      readonly shown: ShownMoves;
      /** Undefined where the servers moved them and did not tell how many. */
      readonly keysMoved: number | undefined;
      readonly seconds: number;
    }
  | {
      readonly kind: "applied";
      readonly plan: Plan;
      readonly outcome: ChangeResult;
      /** Undefined where the servers moved them and did not tell how many. */
      readonly keysMoved: number | undefined;
      readonly seconds: number;
    }
  | {
      readonly kind: "changed";
      readonly outcome: ChangeResult;
      readonly shown: ShownSteps;
      /** What is true now, or would be, as the end of a sentence: "10.0.0.4:7000 is a member". */
      readonly summary: string;
      readonly seconds: number;
    }
  | ImportResult
  | BackupResult
  | RestoreResult
  | { readonly kind: "backup-verify"; readonly verified: VerifiedBackup }
  | { readonly kind: "wait"; readonly condition: string; readonly nodes: number; readonly seconds: number }
  | {
      readonly kind: "call";
      readonly words: readonly Buffer[];
      readonly answers: readonly NodeAnswer[];
      /** Every node answered, and none with an error. */
      readonly ok: boolean;
    }
  | {
      readonly kind: "config-show";
      /** Where the contexts are looked for, and whether there is such a file. */
      readonly path: string;
      readonly exists: boolean;
      readonly settings: Effective;
    }
  | {
      readonly kind: "config-contexts";
      readonly path: string;
      readonly exists: boolean;
      readonly contexts: readonly NamedContext[];
      /** The name of the one that counts. */
      readonly chosen: string | undefined;
    }
  | { readonly kind: "config-get"; readonly settings: readonly NodeSettings[] }
  | {
      readonly kind: "config-set";
      readonly changes: readonly ChangedSetting[];
      readonly dryRun: boolean;
      readonly ok: boolean;
      readonly seconds: number;
    }
  | {
      readonly kind: "keyslot";
      readonly keys: readonly { readonly key: Buffer; readonly slot: number; readonly shard: Shard | undefined }[];
      /** Whether there was a cluster to ask whose slot it is. */
      readonly asked: boolean;
    }
  | { readonly kind: "schema"; readonly schema: Schema }
  | { readonly kind: "completion"; readonly shell: string; readonly script: string }
  | { readonly kind: "schema-names"; readonly names: readonly string[] }
  | {
      readonly kind: "sandbox";
      /** False when servers were asked for that are not running. */
      readonly ok: boolean;
      readonly action: "started" | "running" | "stopped" | "nothing";
      readonly directory: string;
      readonly engine: string;
      readonly nodes: readonly SandboxNode[];
      /** Say the addresses and nothing else. */
      readonly addresses: boolean;
    };

/** The settings that a node told, or why it did not. */
export interface NodeSettings {
  readonly node: ClusterNode;
  readonly values?: ReadonlyMap<string, string>;
  readonly failure?: string;
}

/** What became of one setting on one node. */
export interface ChangedSetting {
  readonly node: ClusterNode;
  readonly name: string;
  readonly before: string | undefined;
  readonly value: string;
  readonly outcome:
    | { readonly kind: "planned" | "already" | "set" }
    | { readonly kind: "failed"; readonly why: string };
  /** Of the configuration file; undefined when it was left alone. */
  readonly file?: { readonly kind: "written" | "none" } | { readonly kind: "failed"; readonly why: string } | undefined;
}

export interface BackupResult {
  readonly kind: "backup";
  readonly directory: string;
  readonly manifest: Manifest;
  readonly seconds: number;
  /** Whether the files were read back, and nothing was wrong with them. */
  readonly verified: boolean;
  readonly ok: boolean;
}

export interface RestoreResult {
  readonly kind: "restore";
  readonly outcome: ChangeResult;
  readonly plan: RestorePlan;
  /** Undefined when nothing was begun. */
  readonly report: RestoreReport | undefined;
  readonly seconds: number;
}

export interface ImportResult {
  readonly kind: "import";
  readonly outcome: ChangeResult;
  readonly plan: ImportPlan;
  /** Undefined when nothing was begun. */
  readonly report: ImportReport | undefined;
  /** Slots of a source cluster moved while it was read. */
  readonly sourceMoved: boolean;
  readonly seconds: number;
}

/** `nothing`: it was so already. */
export type ChangeResult = "done" | "nothing" | "dry-run";

export type CreateResult = "created" | "already" | "dry-run";

/** How slotctl speaks: the same values for people, for scripts, and for scripts that expect redis-cli. */
export interface View {
  /** Shows a plan before anything is done about it. */
  plan(shown: ShownPlan): void;
  /** The same for a plan that was saved: what it says of itself is all that is known. */
  saved(plan: Plan): void;
  readonly event: Emit;
  /** In a terminal, if it takes long: what is waited for until something else is said. */
  busy(text: string): void;
  /** Something worth knowing that is no result. */
  note(text: string): void;
  warning(text: string): void;
  result(result: Result): void;
  error(error: SlotctlError): void;
  /** Takes back whatever still moves on the screen. */
  end(): void;
}

export type { CreateProblem };
