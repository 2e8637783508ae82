import type { Address } from "./address.ts";
import type { NodeFacts } from "./facts.ts";
import { countSlots, type SlotRanges } from "./slot.ts";

/** The 40-hex-digit name a node gave itself. */
export type NodeId = string & { readonly __brand: "NodeId" };

export type Role = "primary" | "replica";

/** What other nodes hold of a node: `fail?` in CLUSTER NODES is suspected, `fail` is failing. */
export type Health = "ok" | "suspected" | "failing";

/** A slot half way between two primaries: one migrating it, one importing it. */
export interface OpenSlot {
  readonly slot: number;
  readonly state: "migrating" | "importing";
  readonly peerId: NodeId;
}

/** One node as one line of CLUSTER NODES describes it. */
export interface NodeLine {
  readonly id: NodeId;
  /** Empty while the node does not know its own address. */
  readonly host: string;
  /** 0 while the address is unknown. */
  readonly port: number;
  readonly busPort: number | undefined;
  readonly hostname: string | undefined;
  /** What newer servers append to the address: shard-id, nodename, tls-port, availability-zone … */
  readonly aux: ReadonlyMap<string, string>;
  /** The words of the wire, `myself` left out. */
  readonly flags: readonly string[];
  readonly role: Role;
  readonly primaryId: NodeId | undefined;
  readonly health: Health;
  readonly handshake: boolean;
  readonly noAddress: boolean;
  readonly configEpoch: number;
  readonly linkUp: boolean;
  readonly slots: SlotRanges;
  /** Servers before Valkey 8 show these only in their own line. */
  readonly openSlots: readonly OpenSlot[];
}

/** The cluster as one node sees it: its whole CLUSTER NODES reply. */
export interface View {
  readonly myself: NodeLine;
  readonly lines: readonly NodeLine[];
  /** Which slots belong to whom, as a text that is equal when two views agree. */
  readonly slotMap: string;
}

/** Why a node told nothing of itself. */
export interface Unreachable {
  readonly code: string;
  readonly message: string;
}

/** One node: what it says of itself when it was reached, else what the others say of it. */
export interface ClusterNode extends NodeLine {
  /** The address that works between servers: what to tell in MEET and MIGRATE. */
  readonly address: Address;
  /** The address that works from here. */
  readonly dial: Address;
  /** What the others hold of it: the worst that a reached primary says. */
  readonly health: Health;
  readonly zone: string | undefined;
  /** Its own view; undefined when it was not reached. */
  readonly view: View | undefined;
  readonly facts: NodeFacts | undefined;
  readonly unreachable: Unreachable | undefined;
  /** Keys in slots that it does not own; undefined when that was not looked for. */
  readonly strayKeys: StrayKeys | undefined;
}

/** Keys that a node holds in slots it does not own: no client finds them there. */
export interface StrayKeys {
  readonly keys: number;
  readonly slots: SlotRanges;
}

/** What the cluster looked like at one moment. Never changed, only replaced. The seed's node comes first. */
export interface Cluster {
  readonly nodes: readonly ClusterNode[];
}

/** A primary and its replicas. */
export interface Shard {
  readonly primary: ClusterNode;
  readonly replicas: readonly ClusterNode[];
}

/** Nodes that really are members: no ghosts without an address, no half-finished handshakes. */
export function membersOf({ nodes }: Cluster): readonly ClusterNode[] {
  return nodes.filter((node) => !node.handshake && !node.noAddress);
}

export function primariesOf(cluster: Cluster): readonly ClusterNode[] {
  return membersOf(cluster).filter(({ role }) => role === "primary");
}

/** Every primary with the replicas that name it, by their first slot; primaries without slots last. */
export function shardsOf(cluster: Cluster): readonly Shard[] {
  const replicas = membersOf(cluster).filter(({ role }) => role === "replica");
  const bySlot = [...primariesOf(cluster)].sort((a, b) => firstSlotOf(a) - firstSlotOf(b));
  return bySlot.map((primary) => ({
    primary,
    replicas: replicas.filter(({ primaryId }) => primaryId === primary.id),
  }));
}

function firstSlotOf({ slots }: NodeLine): number {
  return slots[0]?.start ?? Number.POSITIVE_INFINITY;
}

export function nodeById({ nodes }: Cluster, id: NodeId): ClusterNode | undefined {
  return nodes.find((node) => node.id === id);
}

/**
 * Who owns what, as the nodes say of themselves. Two clusters with the same signature take the same plans: it holds
 * the members, their roles and their slots, and nothing that changes by itself.
 */
export function signatureOf(cluster: Cluster): string {
  const parts = membersOf(cluster).map(
    ({ id, role, primaryId, slots }) =>
      `${id} ${role === "replica" ? `of ${primaryId}` : slots.map(({ start, end }) => `${start}-${end}`).join(",")}`,
  );
  return parts.sort().join("\n");
}

export function slotCountOf({ slots }: NodeLine): number {
  return countSlots(slots);
}
