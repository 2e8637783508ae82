import { type Cluster, type ClusterNode, membersOf, type NodeId, primariesOf } from "../../model/cluster.ts";
import { SLOT_COUNT, slotsOf, subtractRanges, unionRanges } from "../../model/slot.ts";
import type { SlotEvidence } from "../../model/slot-evidence.ts";
import type { Problem } from "../problems.ts";

/** The problems that are about slots, and so have to do with who owns what and where its keys are. */
export type SlotProblem = Extract<
  Problem["kind"],
  "uncovered-slots" | "several-owners" | "open-slots" | "disagreement" | "stray-keys"
>;

/** One end of a move that was begun: the node, and the one that it names as the other end. */
export interface OpenEnd {
  readonly node: NodeId;
  readonly peer: NodeId;
}

/** Everything that is known of one slot. */
export interface SlotPicture {
  readonly slot: number;
  /** Primaries that say of themselves that they own it. */
  readonly claims: readonly NodeId[];
  /** Primaries that could not be asked, and own it as the others say. */
  readonly silent: readonly NodeId[];
  /** Whom the reached nodes hold for the owner, and how many do; undefined is nobody. */
  readonly seen: ReadonlyMap<NodeId | undefined, number>;
  readonly migrating: readonly OpenEnd[];
  readonly importing: readonly OpenEnd[];
  /** Replicas that hold it open although their primary does not. */
  readonly openOnReplicas: readonly NodeId[];
  /** Keys of the primaries that hold any. */
  readonly keys: ReadonlyMap<NodeId, number>;
  /** Keys that are on two nodes under the same name. */
  readonly sharedKeys: number;
  readonly problems: ReadonlySet<SlotProblem>;
}

/** The slots with which something is wrong, each with what is wrong. */
export function slotsInTrouble(cluster: Cluster): ReadonlyMap<number, ReadonlySet<SlotProblem>> {
  const trouble = new Map<number, Set<SlotProblem>>();
  const add = (slots: Iterable<number>, problem: SlotProblem) => {
    for (const slot of slots) {
      const known = trouble.get(slot);
      if (known === undefined) trouble.set(slot, new Set([problem]));
      else known.add(problem);
    }
  };
  const owners = new Uint16Array(SLOT_COUNT);
  for (const { slots } of primariesOf(cluster)) for (const slot of slotsOf(slots)) owners[slot]!++;
  for (const [slot, count] of owners.entries()) {
    if (count === 0) add([slot], "uncovered-slots");
    if (count > 1) add([slot], "several-owners");
  }
  for (const { openSlots, strayKeys } of membersOf(cluster)) {
    add(
      openSlots.map(({ slot }) => slot),
      "open-slots",
    );
    add(slotsOf(strayKeys?.slots ?? []), "stray-keys");
  }
  add(disputedSlots(cluster), "disagreement");
  return trouble;
}

/** Slots that not every reached node gives to the same owner. */
function disputedSlots(cluster: Cluster): readonly number[] {
  const [first, ...others] = distinctMaps(cluster);
  if (first === undefined) return [];
  const disputed = new Set<number>();
  for (const other of others) {
    for (let slot = 0; slot < SLOT_COUNT; slot++) if (other.owners[slot] !== first.owners[slot]) disputed.add(slot);
  }
  return [...disputed].sort((a, b) => a - b);
}

interface SlotMap {
  readonly owners: readonly (NodeId | undefined)[];
  readonly believers: number;
}

/** Most nodes hold the same map, so each is taken apart once. */
function distinctMaps(cluster: Cluster): readonly SlotMap[] {
  const maps = new Map<string, { owners: (NodeId | undefined)[]; believers: number }>();
  for (const { view } of membersOf(cluster)) {
    if (view === undefined) continue;
    const known = maps.get(view.slotMap);
    if (known !== undefined) {
      known.believers++;
      continue;
    }
    const owners = new Array<NodeId | undefined>(SLOT_COUNT).fill(undefined);
    for (const { id, slots } of view.lines) for (const slot of slotsOf(slots)) owners[slot] = id;
    maps.set(view.slotMap, { owners, believers: 1 });
  }
  return [...maps.values()];
}

/** What is known of each slot in trouble, ascending. */
export function pictureSlots(
  cluster: Cluster,
  trouble: ReadonlyMap<number, ReadonlySet<SlotProblem>>,
  evidence: SlotEvidence,
): readonly SlotPicture[] {
  const primaries = primariesOf(cluster);
  const claims = ownersBySlot(primaries.filter(isReached));
  const silent = ownersBySlot(silentOwners(cluster));
  const maps = distinctMaps(cluster);
  const open = openEnds(cluster);
  return [...trouble]
    .sort(([a], [b]) => a - b)
    .map(([slot, problems]) => ({
      slot,
      claims: claims.get(slot) ?? [],
      silent: silent.get(slot) ?? [],
      seen: seenOwners(maps, slot),
      ...(open.get(slot) ?? NOT_OPEN),
      keys: new Map([...evidence.keys].flatMap(([id, counts]) => countIn(id, counts.get(slot) ?? 0))),
      sharedKeys: evidence.sharedKeys.get(slot) ?? 0,
      problems,
    }));
}

export function isReached({ view }: ClusterNode): boolean {
  return view !== undefined;
}

/**
 * Primaries that could not be asked, with what the others say they own. A ghost is one as long as nobody else claims its
 * slots: its keys may be wherever its disk is.
 */
export function silentOwners(cluster: Cluster): readonly ClusterNode[] {
  const claimed = unionRanges(
    ...primariesOf(cluster)
      .filter(isReached)
      .map(({ slots }) => slots),
  );
  return cluster.nodes
    .filter((node) => node.role === "primary" && !node.handshake && !isReached(node))
    .map((node) => (node.noAddress ? { ...node, slots: subtractRanges(node.slots, claimed) } : node))
    .filter(({ slots }) => slots.length > 0);
}

function countIn(id: NodeId, keys: number): [NodeId, number][] {
  return keys > 0 ? [[id, keys]] : [];
}

function ownersBySlot(nodes: readonly ClusterNode[]): ReadonlyMap<number, readonly NodeId[]> {
  const owners = new Map<number, NodeId[]>();
  for (const { id, slots } of nodes) {
    for (const slot of slotsOf(slots)) {
      const known = owners.get(slot);
      if (known === undefined) owners.set(slot, [id]);
      else known.push(id);
    }
  }
  return owners;
}

function seenOwners(maps: readonly SlotMap[], slot: number): ReadonlyMap<NodeId | undefined, number> {
  const seen = new Map<NodeId | undefined, number>();
  for (const { owners, believers } of maps) seen.set(owners[slot], (seen.get(owners[slot]) ?? 0) + believers);
  return seen;
}

type Open = Pick<SlotPicture, "migrating" | "importing" | "openOnReplicas">;

const NOT_OPEN: Open = { migrating: [], importing: [], openOnReplicas: [] };

function openEnds(cluster: Cluster): ReadonlyMap<number, Open> {
  const open = new Map<number, { migrating: OpenEnd[]; importing: OpenEnd[]; openOnReplicas: NodeId[] }>();
  const at = (slot: number) => {
    const known = open.get(slot) ?? { migrating: [], importing: [], openOnReplicas: [] };
    open.set(slot, known);
    return known;
  };
  for (const { id, openSlots } of primariesOf(cluster)) {
    for (const { slot, state, peerId } of openSlots) at(slot)[state].push({ node: id, peer: peerId });
  }
  // Replicas of Valkey 8 follow their primary in this: where that has nothing open, a flag was left behind.
  for (const { id, role, primaryId, openSlots } of membersOf(cluster)) {
    if (role === "primary") continue;
    for (const { slot } of openSlots) {
      const ends = at(slot);
      const isLeftOver = ![...ends.migrating, ...ends.importing].some(({ node }) => node === primaryId);
      if (isLeftOver) ends.openOnReplicas.push(id);
    }
  }
  return open;
}
