import type { Address } from "../../model/address.ts";

/** One key with all that it holds, as DUMP wrote it. */
export interface Entry {
  /** Where it belongs in the cluster. */
  readonly database: number;
  readonly key: Buffer;
  readonly payload: Buffer;
  /** When it expires, in milliseconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined;
}

/** What becomes of a key that the cluster has already; `keep`: the same value is fine, another is a conflict. */
export type Existing = "keep" | "skip" | "replace";

/** What became of an entry, and at which server. */
export type WriteOutcome =
  | { readonly kind: "written" | "equal" | "conflict" | "skipped"; readonly at: Address }
  /** The server cannot take this value; `why` is its own text. */
  | { readonly kind: "refused"; readonly at: Address; readonly why: string };

/** The same moment as far as servers can tell: before 7.0 they say how much time is left, not when it ends. */
const TOLERANCE_MS = 1000;

export function expireTogether(left: number | undefined, right: number | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return Math.abs(left - right) <= TOLERANCE_MS;
}
