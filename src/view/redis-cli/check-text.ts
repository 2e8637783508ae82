import type { Cluster } from "../../model/cluster.ts";
import {
  countSlots,
  hasSlot,
  intersectRanges,
  SLOT_COUNT,
  type SlotRanges,
  slotsOf,
  unionRanges,
} from "../../model/slot.ts";
import { type Listing, labelOf, listingOf } from "./listing.ts";
import { nodeBlock } from "./node-block.ts";
import { type ClusterStyle, type Level, redisCliLine } from "./style.ts";

export interface CheckOptions extends ClusterStyle {
  /** Also look for slots that several primaries claim or hold keys of; needs the survey of stray keys. */
  readonly searchMultipleOwners: boolean;
  /** Leaves out the node blocks, as `rebalance` does. */
  readonly quiet?: boolean;
}

export interface CheckReport {
  readonly text: string;
  /** The same in two: `fix` repairs open slots before it looks at the coverage. */
  readonly parts: readonly [untilOpenSlots: string, fromCoverage: string];
  readonly isCovered: boolean;
  /** What the exit code of `check` follows. */
  readonly ok: boolean;
  /** The entries of redis-cli's list of errors: any stops reshard and rebalance, `backup` writes their number down. */
  readonly errors: number;
}

/** The check engine: what `check`, `fix`, `reshard` and the others print between discovery and their own work. */
export function checkText(cluster: Cluster, options: CheckOptions): CheckReport {
  const { seedLabel, quiet = false, searchMultipleOwners } = options;
  const listing = listingOf(cluster);
  const coverage = findUncovered(listing);
  const findings = [
    findDisagreement(listing),
    findOpenSlots(listing, options),
    coverage,
    ...(searchMultipleOwners ? [findMultipleOwners(listing, options)] : []),
  ];
  const linesOf = (some: readonly Finding[]) =>
    some.flatMap(({ lines }) => lines.map(({ level, text }) => redisCliLine(level, text, options)));
  const untilOpenSlots = [
    redisCliLine("info", `>>> Performing Cluster Check (using node ${seedLabel})`, options),
    ...(quiet ? [] : listing.nodes.map((node) => nodeBlock(node, listing, options, 0))),
    ...linesOf(findings.slice(0, 2)),
  ].join("");
  const fromCoverage = linesOf(findings.slice(2)).join("");
  return {
    text: untilOpenSlots + fromCoverage,
    parts: [untilOpenSlots, fromCoverage],
    isCovered: coverage.ok,
    ok: findings.every(({ ok }) => ok),
    errors: findings.reduce((sum, { errors }) => sum + errors, 0),
  };
}

interface Line {
  readonly level: Level;
  readonly text: string;
}

interface Finding {
  readonly lines: readonly Line[];
  readonly ok: boolean;
  readonly errors: number;
}

/** A node on its own agrees with itself; among several, one that knows no slots at all counts as disagreeing. */
function findDisagreement({ nodes }: Listing): Finding {
  const maps = nodes.map(({ view }) => view?.slotMap ?? "");
  const agree = maps.length <= 1 || maps.every((map) => map !== "" && map === maps[0]);
  const line: Line = agree
    ? { level: "ok", text: "[OK] All nodes agree about slots configuration." }
    : { level: "error", text: "[ERR] Nodes don't agree about configuration!" };
  return { lines: [line], ok: agree, errors: agree ? 0 : 1 };
}

function findOpenSlots(listing: Listing, style: ClusterStyle): Finding {
  const warnings = listing.nodes.flatMap((node) =>
    (["migrating", "importing"] as const).flatMap((state) => {
      const slots = node.openSlots.filter((open) => open.state === state).map(({ slot }) => slot);
      if (slots.length === 0) return [];
      return [`[WARNING] Node ${labelOf(node, listing, style)} has slots in ${state} state ${slots.join(",")}.`];
    }),
  );
  const summary = warnings.length === 0 ? [] : [`[WARNING] The following slots are open: ${openSlotList(listing)}.`];
  const found = [...warnings, ...summary].map((text): Line => ({ level: "error", text }));
  return {
    lines: [{ level: "info", text: ">>> Check for open slots..." }, ...found],
    ok: warnings.length === 0,
    errors: warnings.length,
  };
}

/** Ascending; redis-cli prints them in the order of its hash table. */
function openSlotList({ nodes }: Listing): string {
  const slots = new Set(nodes.flatMap(({ openSlots }) => openSlots.map(({ slot }) => slot)));
  return [...slots].sort((a, b) => a - b).join(",");
}

/** What a node claims for itself counts; one node is enough to cover a slot, whatever the others believe. */
function findUncovered({ nodes }: Listing): Finding {
  const covered = countSlots(unionRanges(...nodes.map(({ slots }) => slots))) === SLOT_COUNT;
  const line: Line = covered
    ? { level: "ok", text: `[OK] All ${SLOT_COUNT} slots covered.` }
    : { level: "error", text: `[ERR] Not all ${SLOT_COUNT} slots are covered by nodes.\n` };
  return {
    lines: [{ level: "info", text: ">>> Check slots coverage..." }, line],
    ok: covered,
    errors: covered ? 0 : 1,
  };
}

/** Not an entry of the list of errors in redis-cli either: it fails `check` and lets `reshard` pass. */
function findMultipleOwners(listing: Listing, style: ClusterStyle): Finding {
  const primaries = listing.nodes.filter(({ role }) => role === "primary");
  const holders = primaries.map((node) => ({ node, slots: unionRanges(node.slots, node.strayKeys?.slots ?? []) }));
  const disputed = slotsOf(sharedSlots(holders.map(({ slots }) => slots)));
  const found = disputed.flatMap((slot): readonly Line[] => {
    const owners = holders.filter(({ slots }) => hasSlot(slots, slot));
    return [
      { level: "error", text: `[WARNING] Slot ${slot} has ${owners.length} owners:` },
      ...owners.map(({ node }): Line => ({ level: "error", text: `    ${labelOf(node, listing, style)}` })),
    ];
  });
  const verdict: readonly Line[] = found.length > 0 ? found : [{ level: "ok", text: "[OK] No multiple owners found." }];
  return {
    lines: [{ level: "info", text: ">>> Check for multiple slot owners..." }, ...verdict],
    ok: found.length === 0,
    errors: 0,
  };
}

/** The slots that are in two or more of the sets. */
function sharedSlots(sets: readonly SlotRanges[]): SlotRanges {
  let seen: SlotRanges = [];
  let shared: SlotRanges = [];
  for (const slots of sets) {
    shared = unionRanges(shared, intersectRanges(seen, slots));
    seen = unionRanges(seen, slots);
  }
  return shared;
}
