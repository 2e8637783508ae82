import type { Cluster, NodeId } from "../../src/model/cluster.ts";
import { parseRanges, slotsOf } from "../../src/model/slot.ts";
import type { SlotEvidence } from "../../src/model/slot-evidence.ts";
import type { NodeRef, Step } from "../../src/plan/plan.ts";
import { clusterOf, idOf, type NodeOverrides } from "./cluster-builder.ts";

/** Three primaries that share all slots; only the first few are played with. */
export const NAMES = ["a", "b", "c"] as const;
export type Name = (typeof NAMES)[number];
const REST: Readonly<Record<Name, readonly number[]>> = { a: [8, 5460], b: [5461, 10_922], c: [10_923, 16_383] };
export const PLAYED = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** One command to one node. */
export type Blow =
  | { readonly kind: "node" | "importing" | "migrating"; readonly at: Name; readonly slot: number; readonly peer: Name }
  | { readonly kind: "stable" | "addslots" | "delslots"; readonly at: Name; readonly slot: number }
  | { readonly kind: "bump"; readonly at: Name }
  | { readonly kind: "migrate"; readonly at: Name; readonly slot: number; readonly peer: Name }
  | { readonly kind: "write"; readonly at: Name; readonly slot: number; readonly key: string };

interface State {
  epoch: number;
  readonly owners: (Name | undefined)[];
  readonly open: Map<number, { readonly state: "migrating" | "importing"; readonly peer: Name }>;
  readonly keys: Map<number, Set<string>>;
}

/** The run was cut off here. */
export class Cut extends Error {}

/**
 * What servers do to their maps and keys on commands and on gossip, after src/cluster_legacy.c: who hears of a larger
 * config epoch gives the slot away and, where it was its own, deletes the keys. Who imports a slot does not listen on
 * Redis; on Valkey it does, and claims the slot when the node that it imports from tells of a new map without it.
 */
export class GossipModel {
  readonly #nodes: Readonly<Record<Name, State>>;
  /** Gossip after every command: the quickest there can be. */
  #isLoud = false;
  #left = Number.POSITIVE_INFINITY;
  readonly #engine: "redis" | "valkey";
  /** What each receiver last heard each sender claim. */
  readonly #heard = new Map<string, string>();

  constructor(engine: "redis" | "valkey") {
    this.#engine = engine;
    const state = (epoch: number): State => ({
      epoch,
      owners: PLAYED.map((slot) => NAMES[slot % 3]),
      open: new Map(),
      keys: new Map(),
    });
    this.#nodes = { a: state(1), b: state(2), c: state(3) };
    for (const receiver of NAMES) for (const sender of NAMES) this.#isNews(receiver, sender);
  }

  /** True when the server takes the command. */
  strike(blow: Blow): boolean {
    if (this.#left-- <= 0) throw new Cut();
    const done = this.#strike(blow);
    if (this.#isLoud) this.gossip();
    return done;
  }

  #strike(blow: Blow): boolean {
    const node = this.#nodes[blow.at];
    switch (blow.kind) {
      case "bump":
        if (NAMES.every((name) => name === blow.at || this.#nodes[name].epoch < node.epoch)) return true;
        node.epoch = 1 + Math.max(...NAMES.map((name) => this.#nodes[name].epoch));
        return true;
      case "node":
        return this.#assign(blow.at, blow.slot, blow.peer);
      case "importing":
        if (node.owners[blow.slot] === blow.at || blow.at === blow.peer) return false;
        node.open.set(blow.slot, { state: "importing", peer: blow.peer });
        return true;
      case "migrating":
        if (node.owners[blow.slot] !== blow.at || blow.at === blow.peer) return false;
        node.open.set(blow.slot, { state: "migrating", peer: blow.peer });
        return true;
      case "stable":
        node.open.delete(blow.slot);
        return true;
      case "addslots":
      case "delslots":
        if ((node.owners[blow.slot] === undefined) !== (blow.kind === "addslots")) return false;
        if (node.open.get(blow.slot)?.state === "importing") node.open.delete(blow.slot);
        node.owners[blow.slot] = blow.kind === "addslots" ? blow.at : undefined;
        return true;
      case "migrate":
        return this.#migrate(blow.at, blow.peer, blow.slot);
      case "write":
        keysOf(node, blow.slot).add(blow.key);
        return true;
    }
  }

  #assign(at: Name, slot: number, owner: Name): boolean {
    const node = this.#nodes[at];
    const isEmpty = keysOf(node, slot).size === 0;
    if (node.owners[slot] === at && owner !== at && !isEmpty) return false;
    const open = node.open.get(slot)?.state;
    if (open === "migrating" && isEmpty) node.open.delete(slot);
    node.owners[slot] = owner;
    if (open === "importing" && owner === at) {
      node.open.delete(slot);
      return this.#strike({ kind: "bump", at });
    }
    return true;
  }

  #migrate(from: Name, to: Name, slot: number): boolean {
    const [source, target] = [this.#nodes[from], this.#nodes[to]];
    const opened = target.open.get(slot)?.state;
    const gives = source.owners[slot] === from || source.open.get(slot)?.state === "importing";
    const takes = target.owners[slot] === to ? opened !== "migrating" : opened === "importing";
    if (!gives || !takes || source.owners[slot] === undefined || target.owners[slot] === undefined) return false;
    for (const key of keysOf(source, slot)) keysOf(target, slot).add(key);
    source.keys.delete(slot);
    return true;
  }

  /** Everybody hears from everybody, until nobody learns anything new. */
  gossip(): void {
    for (let before = ""; before !== this.picture(); ) {
      before = this.picture();
      for (const receiver of NAMES) for (const sender of NAMES) if (receiver !== sender) this.#hear(receiver, sender);
    }
  }

  #hear(receiver: Name, sender: Name): void {
    const [node, other] = [this.#nodes[receiver], this.#nodes[sender]];
    if (node.epoch === other.epoch && receiver < sender) this.#strike({ kind: "bump", at: receiver });
    for (const slot of PLAYED) {
      if (other.owners[slot] !== sender || node.owners[slot] === sender) continue;
      const current = node.owners[slot];
      if (
        current === undefined ||
        this.#nodes[current].epoch < other.epoch ||
        this.#hasLetGo(current, receiver, slot)
      ) {
        this.#learn(receiver, slot, sender);
      } else if (this.#nodes[current].epoch > other.epoch) {
        // The sender is told of whom the receiver holds for the owner.
        this.#learn(sender, slot, current);
      }
    }
    if (this.#engine === "valkey" && this.#isNews(receiver, sender)) this.#takeOver(receiver, sender);
  }

  #isNews(receiver: Name, sender: Name): boolean {
    const claims = JSON.stringify(PLAYED.map((slot) => this.#nodes[sender].owners[slot] === sender));
    const known = this.#heard.get(`${receiver} ${sender}`);
    this.#heard.set(`${receiver} ${sender}`, claims);
    return known !== claims;
  }

  #takeOver(receiver: Name, sender: Name): void {
    const node = this.#nodes[receiver];
    for (const [slot, { state, peer }] of [...node.open]) {
      if (state !== "importing" || peer !== sender || this.#nodes[sender].owners[slot] === sender) continue;
      node.open.delete(slot);
      if (node.owners[slot] === receiver) continue;
      node.owners[slot] = receiver;
      this.#strike({ kind: "bump", at: receiver });
    }
  }

  #hasLetGo(current: Name, receiver: Name, slot: number): boolean {
    return current !== receiver && this.#nodes[current].owners[slot] !== current;
  }

  #learn(at: Name, slot: number, owner: Name): void {
    const node = this.#nodes[at];
    const open = node.open.get(slot);
    if (open?.state === "importing") {
      if (this.#engine === "redis") return;
      if (open.peer !== owner) node.open.delete(slot);
    }
    if (node.owners[slot] === at) node.keys.delete(slot);
    node.owners[slot] = owner;
  }

  /** Every key that some node holds, once for each name. */
  keys(): ReadonlySet<string> {
    const all = NAMES.flatMap((name) =>
      [...this.#nodes[name].keys].flatMap(([slot, keys]) => [...keys].map((key) => `${slot} ${key}`)),
    );
    return new Set(all);
  }

  /** What is not as it should be: nothing in a cluster that is whole. */
  faults(): readonly string[] {
    return PLAYED.flatMap((slot) => {
      const owners = new Set(NAMES.map((name) => this.#nodes[name].owners[slot]));
      const [owner] = owners;
      const astray = NAMES.filter((name) => name !== owner && keysOf(this.#nodes[name], slot).size > 0);
      return [
        ...(owners.size === 1 && owner !== undefined ? [] : [`${slot} has the owners ${[...owners].join()}`]),
        ...NAMES.filter((name) => this.#nodes[name].open.has(slot)).map((name) => `${slot} is open at ${name}`),
        ...astray.map((name) => `${slot} has keys at ${name}`),
      ];
    });
  }

  picture(): string {
    return JSON.stringify(NAMES.map((name) => [this.#nodes[name].epoch, this.#nodes[name].owners.map(String)]));
  }

  /** As a survey would find it. */
  survey(): { readonly cluster: Cluster; readonly evidence: SlotEvidence } {
    const claims = NAMES.map((name): [Name, readonly number[]] => [name, this.#seen(name, name)]);
    const nodes = NAMES.map((name): [Name, NodeOverrides] => {
      const { epoch, open, keys, owners } = this.#nodes[name];
      const strays = [...keys].filter(([slot, held]) => held.size > 0 && owners[slot] !== name && !open.has(slot));
      return [
        name,
        {
          configEpoch: epoch,
          openSlots: [...open].map(([slot, { state, peer }]) => ({ slot, state, peer })),
          sees: Object.fromEntries(NAMES.map((other) => [other, this.#seen(name, other)])),
          strayKeys: { keys: strays.length, slots: strays.map(([slot]) => ({ start: slot, end: slot })) },
        },
      ];
    });
    const cluster = clusterOf(Object.fromEntries(claims), {
      nodes: Object.fromEntries(nodes),
      facts: { engine: this.#engine },
    });
    const counts = NAMES.map((name): [NodeId, ReadonlyMap<number, number>] => [
      idOf(name),
      new Map(
        [...this.#nodes[name].keys].map(([slot, held]) => [slot, held.size] as const).filter(([, size]) => size > 0),
      ),
    ]);
    return { cluster, evidence: { keys: new Map(counts), sharedKeys: new Map() } };
  }

  /** The slots of `of` in the view of `by`, as the cluster builder wants them. */
  #seen(by: Name, of: Name): readonly number[] {
    const { owners } = this.#nodes[by];
    return [...PLAYED.flatMap((slot) => (owners[slot] === of ? [slot, slot] : [])), ...REST[of]];
  }

  /** Carries steps out, command by command, with gossip after each; throws Cut after so many commands. */
  carryOut(steps: readonly Step[], { most = Number.POSITIVE_INFINITY, deafAtFirst = false } = {}): void {
    this.#left = most;
    try {
      for (const step of steps) {
        // Nodes that cannot hear each other begin to just when that could do the most harm.
        this.#isLoud = !(deafAtFirst && step.kind === "del-slots");
        this.#step(step);
      }
    } finally {
      this.#isLoud = false;
      this.#left = Number.POSITIVE_INFINITY;
    }
  }

  #step(step: Step): void {
    switch (step.kind) {
      case "del-slots":
        for (const slot of slotsIn(step)) this.#disarm(nameOf(step.node), slot, nameOf(step.owner));
        return;
      case "assign-slots":
        this.strike({ kind: "bump", at: nameOf(step.node) });
        for (const slot of slotsIn(step))
          this.#demand({ kind: "node", at: nameOf(step.node), slot, peer: nameOf(step.node) });
        this.#tellOthers(slotsIn(step), nameOf(step.node));
        return;
      case "close-slots":
        for (const slot of slotsIn(step)) this.strike({ kind: "stable", at: nameOf(step.node), slot });
        return;
      case "move-slots":
        for (const slot of slotsIn(step)) this.#move(nameOf(step.from), nameOf(step.to), slot);
        return;
      case "bring-keys":
        for (const slot of slotsIn(step)) this.#bring(nameOf(step.from), nameOf(step.to), slot);
        return;
      case "bump-epoch":
        this.strike({ kind: "bump", at: nameOf(step.node) });
        return;
      default:
        throw new Error(`fix plans no ${step.kind}`);
    }
  }

  #disarm(at: Name, slot: number, owner: Name): void {
    if (this.#nodes[at].owners[slot] !== at) return;
    this.#demand({ kind: "delslots", at, slot });
    this.#demand({ kind: "node", at, slot, peer: owner });
  }

  #move(from: Name, to: Name, slot: number): void {
    this.#demand({ kind: "importing", at: to, slot, peer: from });
    this.#demand({ kind: "migrating", at: from, slot, peer: to });
    this.#demand({ kind: "migrate", at: from, slot, peer: to });
    this.#demand({ kind: "node", at: to, slot, peer: to });
    this.#demand({ kind: "node", at: from, slot, peer: to });
    this.#tellOthers([slot], to);
  }

  #bring(from: Name, to: Name, slot: number): void {
    this.#demand({ kind: "node", at: from, slot, peer: to });
    this.#demand({ kind: "importing", at: from, slot, peer: to });
    this.#demand({ kind: "migrate", at: from, slot, peer: to });
    this.#demand({ kind: "stable", at: from, slot });
  }

  #tellOthers(slots: readonly number[], owner: Name): void {
    for (const at of NAMES)
      for (const slot of slots) if (at !== owner) this.strike({ kind: "node", at, slot, peer: owner });
  }

  #demand(blow: Blow): void {
    if (!this.strike(blow)) throw new Error(`Refused: ${JSON.stringify(blow)} in ${this.picture()}`);
  }
}

function keysOf({ keys }: State, slot: number): Set<string> {
  const known = keys.get(slot) ?? new Set();
  keys.set(slot, known);
  return known;
}

function slotsIn({ slots }: { readonly slots: string }): readonly number[] {
  return slotsOf(parseRanges(slots) ?? []);
}

function nameOf({ id }: NodeRef): Name {
  return NAMES.find((name) => idOf(name) === id)!;
}
