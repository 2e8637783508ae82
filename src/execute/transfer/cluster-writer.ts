import { ExitCode, SlotctlError } from "../../errors.ts";
import { type Address, formatAddress } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import { keySlot } from "../../model/key-slot.ts";
import type { Connections } from "../../node/connections.ts";
import { type Command, ServerError } from "../../node/node.ts";
import { waitUntil } from "../../node/wait-until.ts";
import { BulkConnections } from "./bulk-connections.ts";
import { type Entry, type Existing, expireTogether, type WriteOutcome } from "./entry.ts";
import type { ReadOutcome } from "./key-reader.ts";
import { placeOf, type Verdict, verdictOf } from "./restore-reply.ts";
import { type Side, sameBytes } from "./same-value.ts";
import { SlotOwners } from "./slot-owners.ts";
import { restoreRefused, targetNotServing } from "./transfer-failures.ts";

export interface ClusterWriterOptions {
  readonly cluster: Cluster;
  /** How the nodes are connected to, and where from here. */
  readonly connections: Connections;
  readonly existing: Existing;
  /** Milliseconds that a slot may be without anybody who serves it, and that one answer may take. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Asked where bytes do not tell that an existing key holds the same; without it such a key is a conflict. */
  readonly sameContent?: (entry: Entry, at: Side) => Promise<boolean>;
  /** Called right before the first command that changes something. */
  readonly onChange: () => void;
}

/**
 * Writes dumped keys to whoever owns their slots: many on one wire, all primaries at once, following slots that move
 * meanwhile. A key is acknowledged when its owner said so. The caller bounds what is in flight by what it waits for.
 */
export class ClusterWriter implements Disposable {
  readonly #options: ClusterWriterOptions;
  readonly #owners: SlotOwners;
  readonly #nodes: BulkConnections;

  constructor(options: ClusterWriterOptions) {
    this.#options = options;
    this.#owners = new SlotOwners(options.cluster);
    const { settings } = options.connections;
    this.#nodes = new BulkConnections({ ...settings, commandTimeout: options.timeout });
  }

  [Symbol.dispose](): void {
    this.#nodes[Symbol.dispose]();
  }

  /**
   * Writes these keys and returns what became of each, in their order.
   * @throws SlotctlError when a primary is lost, takes no key at all, or nobody serves a slot in time; what was written
   * before is there, and writing all of it again does no harm
   */
  async write(entries: readonly Entry[]): Promise<readonly WriteOutcome[]> {
    const outcomes = new Array<WriteOutcome>(entries.length);
    let open: readonly Job[] = entries.map((entry, index) => ({
      entry,
      index,
      slot: keySlot(entry.key),
      ask: undefined,
    }));
    let why = "";
    const patience = { timeout: this.#options.timeout, signal: NEVER };
    await waitUntil(async () => {
      for (let hop = 0; hop < HOPS && open.length > 0; hop++) {
        const round = await this.#round(open, outcomes);
        open = round.open;
        why = round.why ?? why;
        if (round.why !== undefined) break;
      }
      return open.length === 0 ? true : undefined;
    }, patience);
    if (open.length > 0) throw targetNotServing(open.length, open[0]!.slot, this.#options.timeout, why);
    return outcomes;
  }

  /** What lies under these keys in the cluster now. */
  async read(keys: readonly { readonly database: number; readonly key: Buffer }[]): Promise<readonly ReadAt[]> {
    const found = new Array<ReadAt>(keys.length);
    const jobs = keys.map(({ database, key }, index) => ({ database, key, index, slot: keySlot(key) }));
    const groups = groupBy(jobs, ({ slot, database }) => `${formatAddress(this.#ownerOf(slot))}/${database}`);
    await Promise.all(
      groups.map(async (group) => {
        const at = this.#ownerOf(group[0]!.slot);
        const reader = await this.#nodes.to(at, group[0]!.database);
        const outcomes = await reader.read(group.map(({ key }) => key));
        await Promise.all(
          group.map(async (job, i) => {
            found[job.index] = await this.#readElsewhere(job, {
              outcome: outcomes[i],
              side: { node: reader.node, asking: false },
            });
          }),
        );
      }),
    );
    return found;
  }

  /** Follows redirections for one key. */
  async #readElsewhere(job: { key: Buffer; database: number }, first: ReadAt): Promise<ReadAt> {
    let latest = first;
    for (let hop = 0; hop < HOPS && latest.outcome instanceof ServerError; hop++) {
      const verdict = verdictOf(latest.outcome);
      if (verdict.kind !== "moved" && verdict.kind !== "ask") break;
      const to = this.#dialOf(verdict, latest.side.node.address);
      if (verdict.kind === "moved") this.#owners.moved(verdict.slot, to);
      const asking = verdict.kind === "ask";
      const reader = await this.#nodes.to(to, job.database);
      const [outcome] = await reader.read([job.key], { asking });
      latest = { outcome, side: { node: reader.node, asking } };
    }
    return latest;
  }

  async #round(jobs: readonly Job[], outcomes: WriteOutcome[]): Promise<Round> {
    const groups = groupBy(
      jobs,
      ({ entry, slot, ask }) => `${formatAddress(ask ?? this.#ownerOf(slot))}/${entry.database}/${ask !== undefined}`,
    );
    const rounds = await Promise.all(groups.map((group) => this.#send(group, outcomes)));
    return { open: rounds.flatMap(({ open }) => open), why: rounds.find(({ why }) => why !== undefined)?.why };
  }

  /** All of one server, database and way of asking. */
  async #send(jobs: readonly Job[], outcomes: WriteOutcome[]): Promise<Round> {
    const { slot, ask, entry } = jobs[0]!;
    const at = ask ?? this.#ownerOf(slot);
    const reader = await this.#nodes.to(at, entry.database);
    const { node } = reader;
    const asking = ask !== undefined;
    const replace = this.#options.existing === "replace";
    this.#options.onChange();
    const commands = jobs.map((job) => restoreCommand(job.entry, replace));
    const replies = await node.sendAllBinary(
      asking ? commands.flatMap((command): Command[] => [["ASKING"], command]) : commands,
    );

    const taken: Taken = { open: [], busy: [], why: undefined, moved: undefined };
    for (const [i, job] of jobs.entries())
      this.#take(job, verdictOf(replies[asking ? 2 * i + 1 : i]), at, taken, outcomes);
    if (taken.moved !== undefined) await this.#owners.learnFrom((await this.#nodes.to(taken.moved, 0)).node);
    if (taken.busy.length > 0) {
      const found = await reader.read(
        taken.busy.map((job) => job.entry.key),
        { asking },
      );
      const again = await Promise.all(
        taken.busy.map((job, i) => this.#compare(job, found[i], { node, asking }, outcomes)),
      );
      taken.open.push(...again.filter((job) => job !== undefined));
    }
    return taken;
  }

  #take(job: Job, verdict: Verdict, at: Address, taken: Taken, outcomes: WriteOutcome[]): void {
    switch (verdict.kind) {
      case "written":
        outcomes[job.index] = { kind: "written", at };
        return;
      case "exists":
        if (this.#options.existing === "skip") outcomes[job.index] = { kind: "skipped", at };
        else taken.busy.push(job);
        return;
      case "moved":
        taken.moved = this.#dialOf(verdict, at);
        this.#owners.moved(job.slot, taken.moved);
        taken.open.push({ ...job, ask: undefined });
        return;
      case "ask":
        taken.open.push({ ...job, ask: this.#dialOf(verdict, at) });
        return;
      case "wait":
        taken.why = `${formatAddress(at)} answers ${verdict.why}`;
        taken.open.push({ ...job, ask: undefined });
        return;
      case "refused":
        outcomes[job.index] = { kind: "refused", at, why: verdict.why };
        return;
      case "stop":
        throw restoreRefused(at, verdict.error);
    }
  }

  /** Whether a key that is there holds what was to be written; the job itself when it has gone, or moved on. */
  async #compare(job: Job, found: ReadOutcome, side: Side, outcomes: WriteOutcome[]): Promise<Job | undefined> {
    if (found === undefined) return job;
    const at = side.node.address;
    if (found instanceof ServerError) {
      const verdict = verdictOf(found);
      if (verdict.kind === "stop") throw restoreRefused(at, verdict.error);
      return { ...job, ask: undefined };
    }
    const { entry, index } = job;
    const isSame =
      expireTogether(entry.expiresAt, found.expiresAt) &&
      (sameBytes(entry.payload, found.payload) || ((await this.#options.sameContent?.(entry, side)) ?? false));
    outcomes[index] = { kind: isSame ? "equal" : "conflict", at };
    return undefined;
  }

  #ownerOf(slot: number): Address {
    const owner = this.#owners.ownerOf(slot);
    if (owner !== undefined) return owner;
    throw new SlotctlError(`Nobody owns slot ${slot}`, {
      code: "CLUSTER_UNHEALTHY",
      exitCode: ExitCode.Unhealthy,
      hint: "slotctl check tells how the cluster stands",
    });
  }

  #dialOf(verdict: { host: string | undefined; port: number }, answered: Address): Address {
    // The host that answered is one to dial already; what a server names is not.
    const place = placeOf(verdict, answered);
    return verdict.host === undefined ? place : this.#options.connections.dialOf(place);
  }
}

/** What is under a key, and where that was asked. */
export interface ReadAt {
  readonly outcome: ReadOutcome;
  readonly side: Side;
}

/** An entry on its way. */
interface Job {
  readonly entry: Entry;
  readonly index: number;
  readonly slot: number;
  /** Where the slot is being moved to, for this one attempt. */
  readonly ask: Address | undefined;
}

interface Round {
  readonly open: readonly Job[];
  /** What has to pass before it is worth another attempt. */
  readonly why: string | undefined;
}

interface Taken {
  readonly open: Job[];
  readonly busy: Job[];
  why: string | undefined;
  moved: Address | undefined;
}

/** Redirections that are followed at once; then it takes a moment until the nodes agree. */
const HOPS = 5;

/** What was begun is brought to its end: the caller stops before it begins something. */
const NEVER = new AbortController().signal;

/** RESTORE key moment payload ABSTTL [REPLACE]; the moment is 0 for a key that never expires. Since Redis 5.0. */
function restoreCommand({ key, payload, expiresAt }: Entry, replace: boolean): Command {
  const words: Command = ["RESTORE", key, expiresAt ?? 0, payload];
  const absolute = expiresAt === undefined ? words : [...words, "ABSTTL"];
  return replace ? [...absolute, "REPLACE"] : absolute;
}

function groupBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): readonly (readonly Item[])[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const name = nameOf(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
