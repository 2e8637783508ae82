import type { Address } from "../../model/address.ts";

export type DropInCommand =
  | DropInCreate
  | ({ readonly subcommand: "check" } & Checks)
  | { readonly subcommand: "info"; readonly address: Address }
  | DropInFix
  | DropInReshard
  | DropInRebalance
  | DropInAddNode
  | { readonly subcommand: "del-node"; readonly address: Address; readonly nodeId: string }
  | DropInCall
  | { readonly subcommand: "set-timeout"; readonly address: Address; readonly milliseconds: number }
  | DropInImport
  | ({ readonly subcommand: "backup"; readonly directory: string } & Checks);

/** What all that run the check engine of an existing cluster have in common. */
export interface Checks {
  readonly address: Address;
  readonly searchMultipleOwners: boolean;
}

/** What all that move slots have in common. */
export interface Moves {
  /** Milliseconds for one MIGRATE. */
  readonly timeout: number;
  /** Keys in one MIGRATE. */
  readonly pipeline: number;
  /** False where `pipeline` is only redis-cli's default, so that a better one may be chosen. */
  readonly pipelineGiven: boolean;
  readonly replace: boolean;
}

export interface DropInCreate {
  readonly subcommand: "create";
  /** As typed, in the order of the command line. */
  readonly addresses: readonly Address[];
  readonly replicas: number;
  readonly searchMultipleOwners: boolean;
  readonly yes: boolean;
}

export interface DropInFix extends Checks, Moves {
  readonly subcommand: "fix";
  readonly withUnreachablePrimaries: boolean;
  /** redis-cli asks before it covers slots all the same. */
  readonly yes: boolean;
}

export interface DropInReshard extends Checks, Moves {
  readonly subcommand: "reshard";
  /** Node ids; like `to` and `slots` asked for when left out. */
  readonly from?: "all" | readonly string[];
  readonly to?: string;
  readonly slots?: number;
  readonly atomic: boolean;
  readonly yes: boolean;
}

export interface DropInRebalance extends Checks, Moves {
  readonly subcommand: "rebalance";
  /** Nodes that no prefix names have weight 1. */
  readonly weights: readonly NodeWeight[];
  readonly useEmptyPrimaries: boolean;
  /** Percent. */
  readonly threshold: number;
  readonly simulate: boolean;
  readonly verbose: boolean;
  readonly atomic: boolean;
}

export interface NodeWeight {
  /** The beginning of a node id. */
  readonly prefix: string;
  readonly weight: number;
}

export interface DropInAddNode extends Checks {
  readonly subcommand: "add-node";
  readonly newAddress: Address;
  readonly replica: boolean;
  /** Whom to replicate; redis-cli chooses when it is left out. */
  readonly primaryId?: string;
}

export interface DropInCall {
  readonly subcommand: "call";
  readonly address: Address;
  /** The command and its arguments. */
  readonly words: readonly string[];
  readonly only?: "primaries" | "replicas";
}

export interface DropInImport extends Checks {
  readonly subcommand: "import";
  readonly from: Address;
  readonly fromUser?: string;
  readonly fromPassword?: string;
  readonly fromAskPass: boolean;
  readonly copy: boolean;
  readonly replace: boolean;
  readonly timeout: number;
}
