import { formatAddress } from "../model/address.ts";
import {
  type Cluster,
  type ClusterNode,
  type Health,
  membersOf,
  type NodeId,
  primariesOf,
  type Role,
  type Shard,
  shardsOf,
  type Unreachable,
  type View,
} from "../model/cluster.ts";
import {
  complementRanges,
  intersectRanges,
  type SlotRanges,
  subtractRanges,
  toRanges,
  unionRanges,
} from "../model/slot.ts";
import { type FunctionDrift, findDrift, type MixedVersions, type SettingDrift } from "./drift.ts";
import { findViolations, type PlacementViolation } from "./placement.ts";

/** Something wrong with a cluster, with the evidence for it. */
export type Problem =
  | { readonly kind: "uncovered-slots"; readonly slots: SlotRanges }
  | { readonly kind: "several-owners"; readonly slots: SlotRanges; readonly owners: readonly NodeId[] }
  | {
      readonly kind: "open-slots";
      readonly node: NodeId;
      readonly state: "migrating" | "importing";
      readonly slots: SlotRanges;
      readonly peers: readonly NodeId[];
    }
  | { readonly kind: "disagreement"; readonly nodes: readonly NodeId[]; readonly differences: readonly Difference[] }
  | { readonly kind: "unknown-member"; readonly node: NodeId; readonly unknownTo: readonly NodeId[] }
  | { readonly kind: "node-unreachable"; readonly node: NodeId; readonly role: Role; readonly reason: Unreachable }
  | {
      readonly kind: "node-suspected";
      readonly node: NodeId;
      readonly health: Exclude<Health, "ok">;
      readonly saidBy: readonly NodeId[];
    }
  | { readonly kind: "cluster-state"; readonly nodes: readonly NodeId[] }
  | { readonly kind: "epoch-collision"; readonly epoch: number; readonly nodes: readonly NodeId[] }
  | { readonly kind: "stray-keys"; readonly node: NodeId; readonly keys: number; readonly slots: SlotRanges }
  | { readonly kind: "ghost"; readonly node: NodeId; readonly knownTo: readonly NodeId[] }
  | { readonly kind: "handshake"; readonly address: string; readonly seenBy: readonly NodeId[] }
  | { readonly kind: "duplicate-address"; readonly address: string; readonly nodes: readonly NodeId[] }
  | { readonly kind: "unknown-primary"; readonly node: NodeId; readonly primary: NodeId | undefined }
  | {
      readonly kind: "replica-link-down";
      readonly node: NodeId;
      readonly primary: NodeId;
      readonly syncing: boolean;
      readonly wantsPassword: boolean;
    }
  | FunctionDrift
  | { readonly kind: "replica-lagging"; readonly node: NodeId; readonly primary: NodeId; readonly bytes: number }
  | { readonly kind: "no-replica"; readonly primaries: readonly NodeId[] }
  | {
      readonly kind: "uneven-replicas";
      readonly fewest: number;
      readonly most: number;
      readonly shards: readonly NodeId[];
    }
  | { readonly kind: "few-primaries"; readonly count: number }
  | { readonly kind: "anti-affinity"; readonly shards: number; readonly violations: readonly PlacementViolation[] }
  | SettingDrift
  | MixedVersions;

/** Slots that a node gives to `owner` where most others give them to `elsewhere`; undefined is nobody. */
export interface Difference {
  readonly slots: SlotRanges;
  readonly owner: NodeId | undefined;
  readonly elsewhere: NodeId | undefined;
}

export type Severity = "error" | "warning";

const WARNINGS: ReadonlySet<Problem["kind"]> = new Set<Problem["kind"]>([
  "replica-lagging",
  "no-replica",
  "uneven-replicas",
  "few-primaries",
  "anti-affinity",
  "setting-drift",
  "mixed-versions",
]);

/** Errors hurt clients now, or will at the next failover or slot move; warnings are what one would rather not have. */
export function severityOf({ kind }: Problem): Severity {
  return WARNINGS.has(kind) ? "warning" : "error";
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => severityOf(problem) === "error");
}

/** A replica this far behind its primary is worth a word; less than that is what arrived while we asked. */
export const LAG_WORTH_MENTIONING_BYTES = 10_000_000;

/** Everything that is wrong with the cluster, errors first. Pure: the same picture gives the same list. */
export function findProblems(cluster: Cluster): readonly Problem[] {
  return [
    ...findUncovered(cluster),
    ...findSeveralOwners(cluster),
    ...findOpenSlots(cluster),
    ...findDisagreements(cluster),
    ...findUnreachable(cluster),
    ...findSuspected(cluster),
    ...findUnknownMembers(cluster),
    ...findFailedState(cluster),
    ...findEpochCollisions(cluster),
    ...findStrayKeys(cluster),
    ...findGhosts(cluster),
    ...findHandshakes(cluster),
    ...findDuplicateAddresses(cluster),
    ...findReplicaTrouble(cluster),
    ...findReplicaCounts(cluster),
    ...findBadPlacement(cluster),
    ...findDrift(membersOf(cluster)),
  ].sort((a, b) => rank(a) - rank(b));
}

function rank(problem: Problem): number {
  return severityOf(problem) === "error" ? 0 : 1;
}

/** Slots that no primary claims. A primary that was not reached still counts, by what the others say it owns. */
function findUncovered(cluster: Cluster): Problem[] {
  const slots = complementRanges(unionRanges(...primariesOf(cluster).map((node) => node.slots)));
  return slots.length === 0 ? [] : [{ kind: "uncovered-slots", slots }];
}

function findSeveralOwners(cluster: Cluster): Problem[] {
  const problems = new Map<string, { owners: NodeId[]; slots: SlotRanges }>();
  const owning = primariesOf(cluster).filter(({ slots }) => slots.length > 0);
  for (const [i, one] of owning.entries()) {
    for (const other of owning.slice(i + 1)) {
      const slots = intersectRanges(one.slots, other.slots);
      if (slots.length > 0) problems.set(`${one.id} ${other.id}`, { owners: [one.id, other.id], slots });
    }
  }
  return [...problems.values()].map((found) => ({ kind: "several-owners", ...found }));
}

function findOpenSlots(cluster: Cluster): Problem[] {
  return membersOf(cluster).flatMap((node) =>
    (["migrating", "importing"] as const).flatMap((state): Problem[] => {
      const open = node.openSlots.filter((slot) => slot.state === state);
      if (open.length === 0) return [];
      const peers = [...new Set(open.map(({ peerId }) => peerId))];
      return [{ kind: "open-slots", node: node.id, state, slots: toRanges(open.map(({ slot }) => slot)), peers }];
    }),
  );
}

/** Each reached node's whole slot map against the one that most nodes hold (on a tie, the seed's). */
function findDisagreements(cluster: Cluster): Problem[] {
  const camps = [...campsOf(cluster).values()];
  const majority = camps.reduce<Camp | undefined>(
    (best, camp) => (best === undefined || camp.nodes.length > best.nodes.length ? camp : best),
    undefined,
  );
  return camps
    .filter((camp) => camp !== majority)
    .map(({ nodes, view }) => ({ kind: "disagreement", nodes, differences: differencesBetween(view, majority!.view) }));
}

interface Camp {
  readonly nodes: NodeId[];
  readonly view: View;
}

function campsOf(cluster: Cluster): ReadonlyMap<string, Camp> {
  const camps = new Map<string, Camp>();
  for (const { id, view } of membersOf(cluster)) {
    if (view === undefined) continue;
    const camp = camps.get(view.slotMap);
    if (camp === undefined) camps.set(view.slotMap, { nodes: [id], view });
    else camp.nodes.push(id);
  }
  return camps;
}

/** True when every reached node holds the same slot map. */
export function viewsAgree(cluster: Cluster): boolean {
  return campsOf(cluster).size <= 1;
}

function differencesBetween(view: View, reference: View): readonly Difference[] {
  const mine = ownersIn(view);
  const theirs = ownersIn(reference);
  const differences: Difference[] = [];
  for (const [owner, slots] of mine) {
    for (const [elsewhere, otherSlots] of theirs) {
      const both = owner === elsewhere ? [] : intersectRanges(slots, otherSlots);
      if (both.length > 0) differences.push({ slots: both, owner, elsewhere });
    }
  }
  return differences;
}

/** Owner to slots; the entry for nobody holds the rest. */
function ownersIn({ lines }: View): ReadonlyMap<NodeId | undefined, SlotRanges> {
  const owners = new Map<NodeId | undefined, SlotRanges>();
  let unowned = complementRanges([]);
  for (const { id, slots } of lines) {
    if (slots.length === 0) continue;
    owners.set(id, slots);
    unowned = subtractRanges(unowned, slots);
  }
  if (unowned.length > 0) owners.set(undefined, unowned);
  return owners;
}

function findUnreachable(cluster: Cluster): Problem[] {
  return membersOf(cluster).flatMap(({ id, role, unreachable }): Problem[] =>
    unreachable === undefined ? [] : [{ kind: "node-unreachable", node: id, role, reason: unreachable }],
  );
}

function findSuspected(cluster: Cluster): Problem[] {
  return membersOf(cluster).flatMap(({ id, health }): Problem[] => {
    if (health === "ok") return [];
    const saidBy = saying(cluster, id, (line) => line.health === health);
    return [{ kind: "node-suspected", node: id, health, saidBy }];
  });
}

/** The reached nodes whose view has a line about `id` that fits. */
function saying(cluster: Cluster, id: NodeId, fits: (line: View["myself"]) => boolean): readonly NodeId[] {
  return membersOf(cluster)
    .filter(({ view }) => view?.lines.some((line) => line.id === id && fits(line)))
    .map((node) => node.id);
}

function findUnknownMembers(cluster: Cluster): Problem[] {
  const members = membersOf(cluster);
  const known = new Map(
    members.flatMap(({ id, view }) =>
      view === undefined ? [] : [[id, new Set(view.lines.filter((line) => !line.handshake).map((line) => line.id))]],
    ),
  );
  return members.flatMap(({ id }): Problem[] => {
    const unknownTo = [...known].filter(([, ids]) => !ids.has(id)).map(([other]) => other);
    return unknownTo.length === 0 ? [] : [{ kind: "unknown-member", node: id, unknownTo }];
  });
}

function findFailedState(cluster: Cluster): Problem[] {
  const nodes = membersOf(cluster).filter(({ facts }) => facts?.clusterState === "fail");
  return nodes.length === 0 ? [] : [{ kind: "cluster-state", nodes: nodes.map(({ id }) => id) }];
}

/** Two primaries with one config epoch: the next contested slot has no winner. Epoch 0 means none was given yet. */
function findEpochCollisions(cluster: Cluster): Problem[] {
  const byEpoch = new Map<number, NodeId[]>();
  for (const { id, configEpoch, slots } of primariesOf(cluster)) {
    if (slots.length === 0) continue;
    byEpoch.set(configEpoch, [...(byEpoch.get(configEpoch) ?? []), id]);
  }
  return [...byEpoch]
    .filter(([, nodes]) => nodes.length > 1)
    .map(([epoch, nodes]) => ({ kind: "epoch-collision", epoch, nodes }));
}

function findStrayKeys(cluster: Cluster): Problem[] {
  return membersOf(cluster).flatMap(({ id, strayKeys }): Problem[] =>
    strayKeys === undefined || strayKeys.keys === 0 ? [] : [{ kind: "stray-keys", node: id, ...strayKeys }],
  );
}

function findGhosts(cluster: Cluster): Problem[] {
  return cluster.nodes
    .filter(({ noAddress, handshake }) => noAddress && !handshake)
    .map(({ id }) => ({ kind: "ghost", node: id, knownTo: saying(cluster, id, () => true) }));
}

/** A handshake's id is made up anew at each try, so they are told apart by address. */
function findHandshakes(cluster: Cluster): Problem[] {
  const seenBy = new Map<string, NodeId[]>();
  for (const { id, view } of membersOf(cluster)) {
    for (const line of view?.lines ?? []) {
      if (!line.handshake) continue;
      const address = formatAddress(line);
      seenBy.set(address, [...(seenBy.get(address) ?? []), id]);
    }
  }
  return [...seenBy].map(([address, nodes]) => ({ kind: "handshake", address, seenBy: nodes }));
}

function findDuplicateAddresses(cluster: Cluster): Problem[] {
  const byAddress = new Map<string, NodeId[]>();
  for (const { id, address } of membersOf(cluster)) {
    const text = formatAddress(address);
    byAddress.set(text, [...(byAddress.get(text) ?? []), id]);
  }
  return [...byAddress]
    .filter(([, nodes]) => nodes.length > 1)
    .map(([address, nodes]) => ({ kind: "duplicate-address", address, nodes }));
}

function findReplicaTrouble(cluster: Cluster): Problem[] {
  const byId = new Map(membersOf(cluster).map((node) => [node.id, node]));
  return [...byId.values()].flatMap((node): Problem[] => {
    if (node.role !== "replica") return [];
    const primary = node.primaryId === undefined ? undefined : byId.get(node.primaryId);
    if (primary === undefined) return [{ kind: "unknown-primary", node: node.id, primary: node.primaryId }];
    return findLinkTrouble(node, primary);
  });
}

function findLinkTrouble(node: ClusterNode, primary: ClusterNode): Problem[] {
  const link = node.facts?.replication;
  if (link?.role !== "replica") return [];
  const both = { node: node.id, primary: primary.id };
  if (!link.linkUp) {
    return [{ kind: "replica-link-down", ...both, syncing: link.syncing, wantsPassword: wantsPassword(node, primary) }];
  }
  const bytes = (primary.facts?.replication.offset ?? 0) - link.offset;
  return bytes > LAG_WORTH_MENTIONING_BYTES ? [{ kind: "replica-lagging", ...both, bytes }] : [];
}

/** The primary asks everybody for a password and the replica was given none to show. */
function wantsPassword(replica: ClusterNode, primary: ClusterNode): boolean {
  const has = replica.facts?.secretsSet;
  const asks = primary.facts?.secretsSet;
  return asks?.has("requirepass") === true && has?.has("masterauth") === false;
}

function findReplicaCounts(cluster: Cluster): Problem[] {
  const serving = shardsOf(cluster).filter(({ primary }) => primary.slots.length > 0);
  if (serving.length === 0) return [];
  const problems: Problem[] = [];
  const counts = serving.map(({ replicas }) => replicas.length);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  if (fewest === 0) problems.push({ kind: "no-replica", primaries: idsOfShards(serving, (count) => count === 0) });
  if (most - fewest > 1) {
    const shards = idsOfShards(serving, (count) => count === fewest);
    problems.push({ kind: "uneven-replicas", fewest, most, shards });
  }
  if (serving.length < 3) problems.push({ kind: "few-primaries", count: serving.length });
  return problems;
}

function idsOfShards(shards: readonly Shard[], fits: (replicas: number) => boolean): readonly NodeId[] {
  return shards.filter(({ replicas }) => fits(replicas.length)).map(({ primary }) => primary.id);
}

/** Placement is judged by ids here: two nodes of one cluster may share an address while one of them is a leftover. */
function findBadPlacement(cluster: Cluster): Problem[] {
  const shards = shardsOf(cluster).filter(({ replicas }) => replicas.length > 0);
  const nodes = shards.flatMap(({ primary, replicas }) => [primary, ...replicas]);
  const violations = findViolations(
    shards.map(({ primary, replicas }) => ({ primary: primary.id, replicas: replicas.map(({ id }) => id) })),
    nodes.map(({ id, address, zone }) => ({ name: id, host: address.host, ...(zone === undefined ? {} : { zone }) })),
  );
  return violations.length === 0 ? [] : [{ kind: "anti-affinity", shards: shards.length, violations }];
}
