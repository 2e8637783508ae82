import type { SlotctlError } from "../errors.ts";
import type { Emit } from "../execute/events.ts";
import type { Address } from "../model/address.ts";
import type { Cluster } from "../model/cluster.ts";
import type { CreateProblem, Design } from "../plan/create.ts";
import type { Plan } from "../plan/plan.ts";
import type { Problem } from "../plan/problems.ts";

/** A plan and what is needed to draw it. */
export interface ShownPlan {
  readonly plan: Plan;
  readonly design: Design;
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
      readonly shown: ShownPlan;
      readonly seconds: number;
    }
  | { readonly kind: "create-exists"; readonly cluster: Cluster }
  | { readonly kind: "wait"; readonly condition: string; readonly nodes: number; readonly seconds: number }
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

export type CreateResult = "created" | "already" | "dry-run";

/** How slotctl speaks: the same values for people, for scripts, and for scripts that expect redis-cli. */
export interface View {
  /** Shows a plan before anything is done about it. */
  plan(shown: ShownPlan): void;
  readonly event: Emit;
  /** Something worth knowing that is no result. */
  note(text: string): void;
  warning(text: string): void;
  result(result: Result): void;
  error(error: SlotctlError): void;
  /** Takes back whatever still moves on the screen. */
  end(): void;
}

export type { CreateProblem };
