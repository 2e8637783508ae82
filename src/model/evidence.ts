/** A key so large that moving it may keep both servers busy for a while. */
export interface BigKey {
  /** Printable, as quotedText writes it, without its quotes. */
  readonly key: string;
  /** As TYPE names it: "hash". */
  readonly type: string;
  /** What MEMORY USAGE says. */
  readonly bytes: number;
  readonly slot: number;
}

/** What is known of the keys in some slots. */
export interface KeyEvidence {
  /** Undefined where nobody could count. */
  readonly keys: number | undefined;
  /** What they take in memory: an estimate unless all were looked at. Undefined where the server does not tell. */
  readonly bytes: number | undefined;
  /** How many keys were looked at. */
  readonly sampledKeys: number;
  /** Those among them that are big, the biggest first. */
  readonly bigKeys: readonly BigKey[];
}

/** What the load of a slot is measured by. */
export type LoadMeasure = "keys" | "memory" | "cpu" | "network";
