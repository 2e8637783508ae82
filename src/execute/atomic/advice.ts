/** What to make of a text with which a server refused, or ended, a migration. */
export interface Advice {
  /** What the operator can do about it. */
  readonly hint: string | undefined;
  /** Whether trying again may help. */
  readonly retry: boolean;
}

const LINK = "Check that the source reaches the target's client port";
const OPEN = "Some slots are half moved: slotctl fix completes or reverts that";
const CHANGED = "Somebody else moved slots, or a failover took place: make a new plan";
const WRITES = "Move at a quieter time, or fewer slots at once";
const BUSY = "Another migration runs there: wait for it, or cancel it";

/** The servers' own words, of which each goes with the first entry that it matches. The only place that knows them. */
const ADVICE: readonly (readonly [words: RegExp, retry: boolean, hint: string])[] = [
  [/unable to connect to target/i, true, LINK],
  [/failed to auth|respond to auth|NOAUTH|WRONGPASS/i, true, "Check primaryuser and primaryauth of the source"],
  [/NOPERM/i, false, "The ACL user that the servers use between them may not run it: see primaryuser"],
  [/does not know the source/i, true, "The nodes do not all know each other: see slotctl check"],
  [/not agree about current slot ownership/i, true, "The nodes disagree about slots: see slotctl check"],
  [/already being imported|already migrating|runs already|overlapping import|another ASM task/i, true, BUSY],
  [/manually (imported|migrated)|must be STABLE/i, false, OPEN],
  [/does not support atomic|disabled by module/i, false, "A module of the server forbids it"],
  [
    /connection lost to (target|source)|connection timeout/i,
    true,
    "The logs of both servers tell why; the user named by primaryuser needs the right to write",
  ],
  [/out of memory|OOM/i, true, "The target needs more memory: see its maxmemory"],
  [
    /failed to start snapshot|failed to send slots snapshot/i,
    true,
    "The source could not fork: see its memory and log",
  ],
  [/buffer drain timeout|unpaused before|write pause timeout|before streaming completed/i, true, WRITES],
  [
    /no longer owned|not served by this node|span multiple|different source nodes|no owner|failover occurred|slots configuration/i,
    false,
    CHANGED,
  ],
  [/only be used on primary|not allowed on replica|not a (master|primary)/i, false, CHANGED],
  [/unknown node name|invalid node name/i, false, "The source does not know the target: see slotctl check"],
  [/unknown subcommand|unknown command/i, false, "The server has no atomic slot migration"],
];

/** An unknown text is worth another try: most of what goes wrong passes. */
export function adviceOn(message: string): Advice {
  const known = ADVICE.find(([words]) => words.test(message));
  return known === undefined ? { hint: undefined, retry: true } : { retry: known[1], hint: known[2] };
}

/** The link between the two servers broke, and neither of them says why. */
export function isConnectionLoss(message: string): boolean {
  return /connection lost to (target|source)/i.test(message);
}

/** The source resumed its writes before it knew whether the target had taken over: Valkey's words, and Redis's. */
export function mayHaveLostWrites(message: string): boolean {
  return /may have succeeded with lost writes|did not take ownership within/i.test(message);
}
