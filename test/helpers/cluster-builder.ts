import type { Address } from "../../src/model/address.ts";
import { BUS_PORT_OFFSET } from "../../src/model/address.ts";
import type {
  Cluster,
  ClusterNode,
  Health,
  NodeId,
  NodeLine,
  OpenSlot,
  StrayKeys,
  Unreachable,
  View,
} from "../../src/model/cluster.ts";
import type { NodeFacts, Replication } from "../../src/model/facts.ts";
import {
  countSlots,
  formatRanges,
  parseRanges,
  SLOT_COUNT,
  type SlotRanges,
  unionRanges,
} from "../../src/model/slot.ts";

/** Slots in tests: "[0, 8191]" is a range, "[0, 99, 200, 299]" two of them, "[]" none; "0-99,200" works as well. */
export type Slots = readonly number[] | string;

export interface ClusterOptions {
  /** Replica name to the name of its primary (or, for a chain, of an earlier replica). They come after the primaries. */
  readonly replicas?: Readonly<Record<string, string>>;
  /** What is unusual about single nodes. */
  readonly nodes?: Readonly<Record<string, NodeOverrides>>;
  /** Facts of every node that differ from those of a healthy Redis 7.0.15. */
  readonly facts?: Partial<NodeFacts>;
}

/** What is unusual about one node; everything left out is as in a healthy cluster. */
export interface NodeOverrides {
  readonly host?: string;
  readonly port?: number;
  readonly hostname?: string;
  readonly zone?: string;
  /** Where we reach it, when that is not the address that its peers use. */
  readonly dial?: Address;
  readonly configEpoch?: number;
  /** Words of CLUSTER NODES besides the role and the health: "nofailover". */
  readonly flags?: readonly string[];
  /** It could not be asked: no view, no facts. `true` stands for a refused connection. */
  readonly unreachable?: true | Unreachable;
  /** What all others hold of it. Does not make it unreachable. */
  readonly health?: Health;
  /** A half-finished MEET: nobody asks such a node, so it has no view. */
  readonly handshake?: true;
  /** A ghost whose address nobody knows: it has no view either. */
  readonly noAddress?: true;
  /** Open slots in its own line; `peer` is a name. */
  readonly openSlots?: readonly { readonly slot: number; readonly state: OpenSlot["state"]; readonly peer: string }[];
  /** Keys in database 0; short for `facts: { keysByDatabase: … }`. */
  readonly keys?: number;
  readonly facts?: Partial<NodeFacts>;
  readonly strayKeys?: StrayKeys;
  /** The slots that it believes these nodes to own, itself included, where that differs from what they own. */
  readonly sees?: Readonly<Record<string, Slots>>;
  /** Nodes that it has never heard of, by name. */
  readonly ignores?: readonly string[];
}

/**
 * A cluster as a survey would find it, from the slots of its primaries:
 *
 *     clusterOf({ a: [0, 8191], b: [8192, 16383] }, { replicas: { a1: "a" } })
 *     clusterOf({ a: [0, 16383], b: [] }, { nodes: { b: { unreachable: true, health: "failing" } } })
 *
 * The nodes are a, b, a1 in this order; the first is the seed. They listen on 127.0.0.1:7001, 7002, …, their ids are
 * `idOf("a")`, …, and everything that is not said is healthy: all were reached, all agree, all links are up.
 */
export function clusterOf(slots: Readonly<Record<string, Slots>>, options: ClusterOptions = {}): Cluster {
  const members = membersFrom(slots, options);
  refuseUnknownNames(members, options);
  const lines = members.map(lineOf);
  const shared = { lines, slotMap: slotMapOf(lines), facts: { ...healthyFacts(members), ...options.facts } };
  return { nodes: members.map((member, i) => nodeOf(member, lines[i]!, shared)) };
}

/**
 * The id of a named node: the name itself when it is hexadecimal, else its bytes in hexadecimal, filled up with zeros.
 * `idOf("a1")` is "a100000…", so that "a1" is also a prefix by which the node can be named.
 */
export function idOf(name: string): NodeId {
  const digits = /^[0-9a-f]+$/.test(name) ? name : Buffer.from(name).toString("hex");
  if (digits.length > 40) throw new Error(`The name "${name}" is too long for a node id`);
  return digits.padEnd(40, "0") as NodeId;
}

/** The node of that name. */
export function nodeNamed({ nodes }: Cluster, name: string): ClusterNode {
  const node = nodes.find(({ id }) => id === idOf(name));
  if (node === undefined) throw new Error(`The cluster has no node "${name}"`);
  return node;
}

export function slotRangesOf(slots: Slots): SlotRanges {
  if (typeof slots === "string") return parseRanges(slots) ?? fail(`"${slots}" are no slots`);
  const ranges = slots.flatMap((start, i) => (i % 2 === 0 ? [{ start, end: slots[i + 1] ?? start }] : []));
  return unionRanges(ranges);
}

interface Member {
  readonly name: string;
  readonly id: NodeId;
  readonly slots: SlotRanges;
  readonly primary: Member | undefined;
  /** How many replicas name it. */
  readonly followers: number;
  readonly configEpoch: number;
  readonly host: string;
  readonly port: number;
  readonly overrides: NodeOverrides;
}

function membersFrom(slots: Readonly<Record<string, Slots>>, options: ClusterOptions): readonly Member[] {
  const { replicas = {}, nodes = {} } = options;
  const leaders = Object.values(replicas);
  const followersOf = (name: string) => leaders.filter((leader) => leader === name).length;
  const named = (name: string, index: number) => {
    const { host = "127.0.0.1", port = 7001 + index, configEpoch = index + 1 } = nodes[name] ?? {};
    return { name, id: idOf(name), host, port, configEpoch, overrides: nodes[name] ?? {} };
  };

  const primaries = Object.entries(slots).map(([name, owned], index): Member => {
    return { ...named(name, index), slots: slotRangesOf(owned), primary: undefined, followers: followersOf(name) };
  });
  const byName = new Map(primaries.map((member) => [member.name, member]));
  const followers = Object.entries(replicas).map(([name, leader], index): Member => {
    const primary = byName.get(leader) ?? fail(`"${name}" replicates "${leader}", which does not come before it`);
    // CLUSTER NODES shows a replica with the epoch of its primary.
    const configEpoch = nodes[name]?.configEpoch ?? primary.configEpoch;
    const place = named(name, primaries.length + index);
    const member = { ...place, configEpoch, slots: [], primary, followers: followersOf(name) };
    byName.set(name, member);
    return member;
  });
  return [...primaries, ...followers];
}

/** A misspelt name would make a test pass for the wrong reason. */
function refuseUnknownNames(members: readonly Member[], { nodes = {} }: ClusterOptions): void {
  const names = new Set(members.map(({ name }) => name));
  if (new Set(members.map(({ id }) => id)).size < members.length) fail("Two of the names give the same node id");
  const mentioned = members.flatMap(({ overrides: { sees = {}, ignores = [], openSlots = [] } }) => [
    ...Object.keys(sees),
    ...ignores,
    ...openSlots.map(({ peer }) => peer),
  ]);
  for (const name of [...Object.keys(nodes), ...mentioned]) if (!names.has(name)) fail(`No node is called "${name}"`);
}

/** Its line in the CLUSTER NODES replies of the others. */
function lineOf(member: Member): NodeLine {
  const { id, primary, slots, configEpoch, host, port, overrides } = member;
  const { health = "ok", handshake = false, noAddress = false, unreachable, hostname } = overrides;
  return {
    id,
    ...(noAddress ? { host: "", port: 0, busPort: undefined } : { host, port, busPort: port + BUS_PORT_OFFSET }),
    hostname,
    aux: new Map(),
    flags: flagsOf(member, health),
    role: primary === undefined ? "primary" : "replica",
    primaryId: primary?.id,
    health,
    handshake,
    noAddress,
    configEpoch,
    linkUp: unreachable === undefined && health !== "failing" && !handshake && !noAddress,
    slots,
    openSlots: [],
  };
}

function flagsOf({ primary, overrides }: Member, health: Health): readonly string[] {
  const { flags = [], handshake = false, noAddress = false } = overrides;
  return [
    primary === undefined ? "master" : "slave",
    ...{ ok: [], suspected: ["fail?"], failing: ["fail"] }[health],
    ...(handshake ? ["handshake"] : []),
    ...(noAddress ? ["noaddr"] : []),
    ...flags,
  ];
}

/** What all views have in common where nothing is said; one copy for all of them, so that large clusters are cheap. */
interface Shared {
  readonly lines: readonly NodeLine[];
  readonly slotMap: string;
  readonly facts: NodeFacts;
}

function nodeOf(member: Member, line: NodeLine, shared: Shared): ClusterNode {
  const { overrides } = member;
  const unreachable = overrides.unreachable === true ? CONNECTION_REFUSED : overrides.unreachable;
  const reached = unreachable === undefined && !line.handshake && !line.noAddress;
  const view = reached ? viewOf(member, line, shared) : undefined;
  const zone = overrides.zone ?? overrides.facts?.zone ?? shared.facts.zone;
  return {
    ...(view?.myself ?? line),
    address: { host: line.host, port: line.port, ...(line.busPort === undefined ? {} : { busPort: line.busPort }) },
    dial: overrides.dial ?? { host: line.host, port: line.port },
    health: line.health,
    zone,
    view,
    facts: reached ? factsOf(member, { ...shared.facts, zone }) : undefined,
    unreachable,
    strayKeys: overrides.strayKeys,
  };
}

const CONNECTION_REFUSED: Unreachable = { code: "NODE_UNREACHABLE", message: "connection refused" };

/** A node holds nothing of itself, so its own line has no failure flags; and it alone shows its open slots. */
function viewOf(member: Member, line: NodeLine, { lines, slotMap }: Shared): View {
  const { openSlots = [], sees = {}, ignores = [] } = member.overrides;
  const claims = new Map(Object.entries(sees).map(([name, slots]) => [idOf(name), slotRangesOf(slots)]));
  const usual = openSlots.length === 0 && ignores.length === 0 && claims.size === 0 && line.health === "ok";
  if (usual) return { myself: line, lines, slotMap };

  const open = openSlots.map(({ slot, state, peer }) => ({ slot, state, peerId: idOf(peer) }));
  const own: NodeLine = { ...line, flags: flagsOf(member, "ok"), health: "ok", linkUp: true, openSlots: open };
  const strangers = new Set(ignores.map(idOf));
  const seen = lines
    .filter(({ id }) => !strangers.has(id))
    .map((other) => (other.id === line.id ? own : other))
    .map((other) => ({ ...other, slots: claims.get(other.id) ?? other.slots }));
  return { myself: seen.find(({ id }) => id === line.id)!, lines: seen, slotMap: slotMapOf(seen) };
}

/** As parseNodes makes it. */
function slotMapOf(lines: readonly NodeLine[]): string {
  const owners = lines.filter(({ slots }) => slots.length > 0).map(({ id, slots }) => `${id} ${formatRanges(slots)}`);
  return owners.sort().join("\n");
}

function healthyFacts(members: readonly Member[]): NodeFacts {
  const covered = countSlots(unionRanges(...members.map(({ slots }) => slots))) === SLOT_COUNT;
  return {
    engine: "redis",
    version: "7.0.15",
    mode: "cluster",
    loading: false,
    clusterState: covered ? "ok" : "fail",
    currentEpoch: Math.max(0, ...members.map(({ configEpoch }) => configEpoch)),
    knownNodes: members.length,
    keysByDatabase: new Map(),
    usedMemoryBytes: 2_000_000,
    zone: undefined,
    replication: { role: "primary", offset: 1000, replicas: 0 },
    settings: new Map(),
    secretsSet: new Set(),
    functions: new Map(),
  };
}

function factsOf(member: Member, shared: NodeFacts): NodeFacts {
  const { keys, facts = {} } = member.overrides;
  const keysByDatabase = keys === undefined ? {} : { keysByDatabase: new Map(keys === 0 ? [] : [[0, keys]]) };
  return { ...shared, replication: replicationOf(member), ...keysByDatabase, ...facts };
}

function replicationOf({ primary, followers }: Member): Replication {
  if (primary === undefined) return { role: "primary", offset: 1000, replicas: followers };
  const primaryAddress = `${primary.host}:${primary.port}`;
  return { role: "replica", linkUp: true, syncing: false, offset: 1000, lastHeardSeconds: 1, primaryAddress };
}

function fail(message: string): never {
  throw new Error(message);
}
