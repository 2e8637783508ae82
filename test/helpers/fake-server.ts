import type { Address } from "../../src/model/address.ts";
import type { NodeId } from "../../src/model/cluster.ts";
import { formatRanges, toRanges } from "../../src/model/slot.ts";
import { type BinaryReply, type Command, ServerError } from "../../src/node/node.ts";

interface Circumstances {
  /** A MIGRATE whose keys arrive, but whose source never hears of it. */
  readonly isHalf: boolean;
}

const OK = Buffer.from("OK");

/**
 * One server of a FakeCluster: what it holds, what it believes, and the rules by which it answers. They are those of
 * cluster.c in Redis 7.0; keys and values are texts, and a key is in the slot that it was put into.
 */
export class FakeServer {
  readonly id: NodeId;
  readonly address: Address;
  /** Who it believes to own each slot. */
  readonly owners = new Map<number, NodeId>();
  readonly migrating = new Map<number, NodeId>();
  readonly importing = new Map<number, NodeId>();
  readonly keys = new Map<number, Map<string, string>>();
  /** Refusals by the first words of a command, for as often as they say: {"CLUSTER SETSLOT": …}. */
  readonly refusals: { readonly words: RegExp; readonly text: string; times: number }[] = [];
  /** Bytes of the keys that are no small ones. */
  readonly sizes = new Map<string, number>();
  /** Every command that it was sent, as text. */
  readonly log: string[] = [];
  epoch: number;
  /** Config epochs of others that have risen without its having heard of it yet. */
  readonly oldEpochs = new Map<NodeId, number>();
  primaryId: NodeId | undefined;
  /** As cluster-allow-replica-migration says: without slots it becomes a replica of the one that got its last. */
  followsWhenEmptied = false;
  engine: "redis" | "valkey" = "redis";
  version = "8.0.0";
  /** Nothing that others tell by gossip reaches it until somebody sends it a SETSLOT. */
  isDeaf = false;
  /** Others hold it for failing. */
  isFailing = false;
  #members: readonly FakeServer[] = [];

  constructor(id: NodeId, address: Address, epoch: number) {
    this.id = id;
    this.address = address;
    this.epoch = epoch;
  }

  meet(members: readonly FakeServer[]): void {
    this.#members = members;
  }

  put(slot: number, key: string, value: string): void {
    const stored = this.keys.get(slot) ?? new Map<string, string>();
    this.keys.set(slot, stored.set(key, value));
  }

  /** The next commands whose text fits are refused, so many times. */
  refuse(words: RegExp, text: string, times = Number.POSITIVE_INFINITY): void {
    this.refusals.push({ words, text, times });
  }

  /** What it was told to refuse, which then counts as refused once more. */
  refusalOf(command: Command): ServerError | undefined {
    const text = command.map(String).join(" ");
    const refusal = this.refusals.find(({ words, times }) => times > 0 && words.test(text));
    if (refusal === undefined) return undefined;
    refusal.times--;
    return new ServerError(refusal.text);
  }

  /** Takes what another says of itself for true where its config epoch is higher; keys of a slot lost so are deleted. */
  hear(sender: FakeServer): void {
    if (sender === this || this.isDeaf) return;
    this.oldEpochs.delete(sender.id);
    for (const [slot, owner] of sender.owners) {
      if (owner !== sender.id || this.importing.has(slot)) continue;
      const known = this.owners.get(slot);
      if (known === sender.id || (known !== undefined && this.#epochOf(known) >= sender.epoch)) continue;
      if (known === this.id) this.keys.delete(slot);
      this.owners.set(slot, sender.id);
      if (known === this.id) this.#followIfEmptied(sender.id);
    }
  }

  #followIfEmptied(heir: NodeId): void {
    const isEmpty = ![...this.owners.values()].includes(this.id);
    if (this.followsWhenEmptied && isEmpty) this.primaryId = heir;
  }

  #epochOf(id: NodeId): number {
    const old = this.oldEpochs.get(id);
    if (old !== undefined) return old;
    return this.#members.find((member) => member.id === id)?.epoch ?? 0;
  }

  execute(
    command: Command,
    servers: readonly FakeServer[],
    circumstances: Circumstances = { isHalf: false },
  ): BinaryReply | ServerError {
    const words = command.map(String);
    this.log.push(words.join(" "));
    if (words[1] === "SETSLOT") this.isDeaf = false;
    const refusal = this.refusalOf(command);
    if (refusal !== undefined) return refusal;
    const [name = "", subcommand = ""] = words;
    switch (name) {
      case "CLUSTER":
        return this.#cluster(subcommand, words.slice(2));
      case "MIGRATE":
        return this.#migrate(words.slice(1), servers, circumstances);
      case "DUMP":
        return this.#dump(words[1]!);
      case "DEL":
        return this.keys.get(this.#slotOf(words[1]!) ?? -1)?.delete(words[1]!) === true ? 1 : 0;
      case "MEMORY":
        return this.sizes.get(words[2]!) ?? 64;
      case "TYPE":
        return Buffer.from("string");
      case "ASKING":
        return OK;
      case "INFO":
        return Buffer.from(this.#info(subcommand));
      case "CONFIG":
        return [];
    }
    return new ServerError(`ERR unknown command '${name}'`);
  }

  #info(section: string): string {
    if (section === "replication") return "role:master\r\n";
    return section === "server" ? `${this.engine}_version:${this.version}\r\n` : "# Keyspace\r\n";
  }

  #cluster(subcommand: string, words: readonly string[]): BinaryReply | ServerError {
    const slot = Number(words[0]);
    switch (subcommand) {
      case "MYID":
        return Buffer.from(this.id);
      case "INFO":
        return Buffer.from("cluster_state:ok\r\n");
      case "NODES":
        return Buffer.from(this.#members.map((member) => this.#lineOf(member)).join("\n"));
      case "COUNTKEYSINSLOT":
        return this.#count(slot);
      case "GETKEYSINSLOT":
        return [...(this.keys.get(slot)?.keys() ?? [])].slice(0, Number(words[1])).map((key) => Buffer.from(key));
      case "BUMPEPOCH":
        this.#bumpEpoch();
        return OK;
      case "SETSLOT":
        return this.#setSlot(slot, words[1]!, words[2] as NodeId | undefined) ?? OK;
    }
    return new ServerError(`ERR unknown subcommand '${subcommand}'`);
  }

  #count(slot: number): number {
    return this.keys.get(slot)?.size ?? 0;
  }

  #lineOf(member: FakeServer): string {
    const { host, port, busPort } = member.address;
    const own = [...this.owners].filter(([, owner]) => owner === member.id).map(([slot]) => slot);
    const open =
      member === this
        ? [
            ...[...this.migrating].map(([slot, id]) => `[${slot}->-${id}]`),
            ...[...this.importing].map(([slot, id]) => `[${slot}-<-${id}]`),
          ]
        : [];
    const role = member.primaryId === undefined ? "master" : "slave";
    const flags = [...(member === this ? ["myself"] : []), role, ...(member.isFailing ? ["fail"] : [])].join(",");
    const slots = own.length === 0 ? [] : formatRanges(toRanges(own)).split(",");
    return [
      `${member.id} ${host}:${port}@${busPort} ${flags} ${member.primaryId ?? "-"} 0 0 ${this.#epochOf(member.id)} connected`,
      ...slots,
      ...open,
    ].join(" ");
  }

  #setSlot(slot: number, state: string, id: NodeId | undefined): ServerError | undefined {
    if (this.primaryId !== undefined) return new ServerError("ERR Please use SETSLOT only with masters.");
    const isKnown = this.#members.some((member) => member.id === id);
    const owner = this.owners.get(slot);
    if (state === "STABLE") {
      this.migrating.delete(slot);
      this.importing.delete(slot);
      return undefined;
    }
    if (id === undefined || !isKnown) return new ServerError(`ERR I don't know about node ${id}`);
    if (state === "MIGRATING") {
      if (owner !== this.id) return new ServerError(`ERR I'm not the owner of hash slot ${slot}`);
      this.migrating.set(slot, id);
      return undefined;
    }
    if (state === "IMPORTING") {
      if (owner === this.id) return new ServerError(`ERR I'm already the owner of hash slot ${slot}`);
      this.importing.set(slot, id);
      return undefined;
    }
    return this.#assign(slot, id);
  }

  #assign(slot: number, id: NodeId): ServerError | undefined {
    const owner = this.owners.get(slot);
    if (owner === this.id && id !== this.id && this.#count(slot) > 0) {
      const text = `ERR Can't assign hashslot ${slot} to a different node while I still hold keys for this hash slot.`;
      return new ServerError(text);
    }
    if (this.#count(slot) === 0) this.migrating.delete(slot);
    // Servers from 7.0 on tell all others of a slot that they have imported (clusterBroadcastPong).
    const isImported = id === this.id && this.importing.has(slot);
    if (isImported) {
      this.#bumpEpoch();
      this.importing.delete(slot);
    }
    this.owners.set(slot, id);
    if (owner === this.id) this.#followIfEmptied(id);
    if (isImported) for (const member of this.#members) member.hear(this);
    return undefined;
  }

  #bumpEpoch(): void {
    const highest = Math.max(...this.#members.filter((member) => member !== this).map(({ id }) => this.#epochOf(id)));
    if (this.epoch <= highest) this.epoch = highest + 1;
  }

  #dump(key: string): BinaryReply {
    const value = [...this.keys.values()].find((stored) => stored.has(key))?.get(key);
    return value === undefined ? null : Buffer.from(value);
  }

  /** host port "" db timeout [REPLACE] [AUTH …] KEYS key … */
  #migrate(
    words: readonly string[],
    servers: readonly FakeServer[],
    { isHalf }: Circumstances,
  ): BinaryReply | ServerError {
    const target = servers.find(({ address }) => String(address.port) === words[1]);
    if (target === undefined) return new ServerError("IOERR error or timeout connecting to the client");
    const first = words.indexOf("KEYS") + 1;
    const replace = words.slice(0, first).includes("REPLACE");
    const present = words.slice(first).filter((key) => this.#slotOf(key) !== undefined);
    if (present.length === 0) return Buffer.from("NOKEY");
    const slots = new Set(present.map((key) => this.#slotOf(key)!));
    if (slots.size > 1) return new ServerError("CROSSSLOT Keys in request don't hash to the same slot");
    const [slot = 0] = slots;
    const isServed = this.owners.get(slot) === this.id || this.importing.has(slot);
    if (!isServed) return new ServerError(`MOVED ${slot} ${this.owners.get(slot)}`);
    const refusals = present.flatMap((key) => this.#send(slot, key, target, replace, isHalf) ?? []);
    if (isHalf) return new ServerError("IOERR error or timeout reading from target instance");
    return refusals[0] ?? OK;
  }

  #slotOf(key: string): number | undefined {
    return [...this.keys].find(([, stored]) => stored.has(key))?.[0];
  }

  #send(slot: number, key: string, target: FakeServer, replace: boolean, isHalf: boolean): ServerError | undefined {
    const refused = (why: string) => new ServerError(`ERR Target instance replied with error: ${why}`);
    const isTaken = target.owners.get(slot) === target.id || target.importing.has(slot);
    if (!isTaken) return refused(`MOVED ${slot} ${target.owners.get(slot)}`);
    if (target.keys.get(slot)?.has(key) === true && !replace) return refused("BUSYKEY Target key name already exists.");
    target.put(slot, key, this.keys.get(slot)!.get(key)!);
    if (!isHalf) this.keys.get(slot)!.delete(key);
    return undefined;
  }
}
