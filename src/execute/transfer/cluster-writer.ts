import { type Address, formatAddress } from "../../model/address.ts";
import { keySlot } from "../../model/key-slot.ts";
import { CommandWriter, commandBytes } from "../../node/command-bytes.ts";
import { ServerError } from "../../node/node.ts";
import { waitUntil } from "../../node/wait-until.ts";
import { type Entry, type Existing, expireTogether, type WriteOutcome } from "./entry.ts";
import { type Verdict, verdictOf } from "./restore-reply.ts";
import { groupBy, type Routes } from "./routes.ts";
import { type Side, sameBytes } from "./same-value.ts";
import { restoreRefused, targetNotServing } from "./transfer-failures.ts";
import type { Values } from "./values.ts";

export interface ClusterWriterOptions {
  readonly routes: Routes;
  readonly existing: Existing;
  /** Milliseconds that a slot may be without anybody who serves it. */
  readonly timeout: number;
  /** Asked where bytes do not tell that an existing key holds the same; without it such a key is a conflict. */
  readonly sameContent?: (entry: Entry, at: Side) => Promise<boolean>;
  /** Called right before the first command that changes something. */
  readonly onChange: () => void;
}

/**
 * Writes dumped keys to whoever owns their slots: many on one wire, all primaries at once, following slots that move
 * meanwhile. A key is acknowledged when its owner said so. The caller bounds what is in flight by what it waits for.
 */
export class ClusterWriter {
  readonly #options: ClusterWriterOptions;

  constructor(options: ClusterWriterOptions) {
    this.#options = options;
  }

  /**
   * Writes the values into this database and returns what became of each; undefined for a key that was not there.
   * @throws SlotctlError when a primary is lost, takes no key at all, or nobody serves a slot in time; what was written
   * before is there, and writing all of it again does no harm
   */
  async write(values: Values, database: number): Promise<readonly (WriteOutcome | undefined)[]> {
    const batch: BatchInWork = { values, database, outcomes: new Array(values.keys.length).fill(undefined) };
    let open: Open = { plain: values.present(), asked: NOBODY };
    let why = "";
    const patience = { timeout: this.#options.timeout, signal: NEVER };
    await waitUntil(async () => {
      for (let hop = 0; hop < HOPS && !isDone(open); hop++) {
        const round = await this.#round(batch, open);
        open = round;
        why = round.why ?? why;
        if (round.why !== undefined) break;
      }
      return isDone(open) ? true : undefined;
    }, patience);
    const left = [...open.plain, ...open.asked.keys()];
    if (left.length === 0) return batch.outcomes;
    throw targetNotServing(left.length, keySlot(values.keys[left[0]!]!), this.#options.timeout, why);
  }

  async #round(batch: BatchInWork, { plain, asked }: Open): Promise<Open> {
    const owned = groupBy(plain, (index) => this.#options.routes.ownerOf(batch.values.keys[index]!));
    const hosted = groupBy([...asked.keys()], (index) => asked.get(index)!);
    const rounds = await Promise.all([
      ...[...owned].map(([at, indices]) => this.#send(batch, { at, indices, asking: false })),
      ...[...hosted].map(([at, indices]) => this.#send(batch, { at, indices, asking: true })),
    ]);
    return {
      plain: rounds.flatMap((round) => round.plain),
      asked: new Map(rounds.flatMap((round) => [...round.asked])),
      why: rounds.find(({ why }) => why !== undefined)?.why,
    };
  }

  async #send(batch: BatchInWork, { at, indices, asking }: Group): Promise<Open> {
    const { routes, existing, onChange } = this.#options;
    const { values, database, outcomes } = batch;
    const reader = await routes.to(at, database);
    onChange();
    const commands = restoreCommands(values, indices, { asking, replace: existing === "replace" });
    const replies = await reader.node.sendPacked(commands, asking ? 2 * indices.length : indices.length);

    const round: Round = { plain: [], asked: new Map(), busy: [], why: undefined, moved: undefined };
    const written: WriteOutcome = { kind: "written", at };
    for (const [i, index] of indices.entries()) {
      const error = replies.error(asking ? 2 * i + 1 : i);
      if (error === undefined) outcomes[index] = written;
      else this.#take(index, verdictOf(error), { at, batch, round });
    }
    if (round.moved !== undefined) await routes.learnFrom(round.moved);
    if (round.busy.length === 0) return round;
    const found = await reader.read(
      round.busy.map((index) => values.keys[index]!),
      { asking },
    );
    const side: Side = { node: reader.node, asking };
    for (const [i, index] of round.busy.entries())
      if (!(await this.#compare(batch, index, found.outcome(i), side))) round.plain.push(index);
    return round;
  }

  #take(index: number, verdict: Verdict, { at, batch, round }: Refusal): void {
    const { outcomes } = batch;
    switch (verdict.kind) {
      case "exists":
        if (this.#options.existing === "skip") outcomes[index] = { kind: "skipped", at };
        else round.busy.push(index);
        return;
      case "moved":
        round.moved = this.#options.routes.follow(verdict, at);
        round.plain.push(index);
        return;
      case "ask":
        round.asked.set(index, this.#options.routes.follow(verdict, at));
        return;
      case "wait":
        round.why = `${formatAddress(at)} answers ${verdict.why}`;
        round.plain.push(index);
        return;
      case "refused":
        outcomes[index] = { kind: "refused", at, why: verdict.why };
        return;
      case "stop":
        throw restoreRefused(at, verdict.error);
    }
  }

  /** Whether a key that is there holds what was to be written; false when it has gone, or moved on. */
  async #compare(
    { values, database, outcomes }: BatchInWork,
    index: number,
    found: ReturnType<Values["outcome"]>,
    side: Side,
  ): Promise<boolean> {
    if (found === undefined) return false;
    const at = side.node.address;
    if (found instanceof ServerError) {
      const verdict = verdictOf(found);
      if (verdict.kind === "stop") throw restoreRefused(at, verdict.error);
      return false;
    }
    const entry = values.entry(index, database);
    const isSame =
      expireTogether(entry.expiresAt, found.expiresAt) &&
      (sameBytes(entry.payload, found.payload) || ((await this.#options.sameContent?.(entry, side)) ?? false));
    outcomes[index] = { kind: isSame ? "equal" : "conflict", at };
    return true;
  }
}

interface BatchInWork {
  readonly values: Values;
  readonly database: number;
  readonly outcomes: (WriteOutcome | undefined)[];
}

/** What has to be written still, by place in the batch. */
interface Open {
  readonly plain: readonly number[];
  /** Where the slot is being moved to, for one attempt. */
  readonly asked: ReadonlyMap<number, Address>;
  /** What has to pass before it is worth another attempt. */
  readonly why?: string | undefined;
}

/** All of one server and way of asking. */
interface Group {
  readonly at: Address;
  readonly indices: readonly number[];
  readonly asking: boolean;
}

interface Round {
  readonly plain: number[];
  readonly asked: Map<number, Address>;
  /** Keys that are there already. */
  readonly busy: number[];
  why: string | undefined;
  moved: Address | undefined;
}

interface Refusal {
  readonly at: Address;
  readonly batch: BatchInWork;
  readonly round: Round;
}

const NOBODY: ReadonlyMap<number, Address> = new Map();

function isDone({ plain, asked }: Open): boolean {
  return plain.length === 0 && asked.size === 0;
}

/** Redirections that are followed at once; then it takes a moment until the nodes agree. */
const HOPS = 5;

/** What was begun is brought to its end: the caller stops before it begins something. */
const NEVER = new AbortController().signal;

const ASKING = commandBytes([["ASKING"]]);

/** RESTORE key moment payload [ABSTTL] [REPLACE]; the moment is 0 for a key that never expires. Since Redis 5.0. */
function restoreCommands(
  values: Values,
  indices: readonly number[],
  { asking, replace }: { readonly asking: boolean; readonly replace: boolean },
): Buffer {
  const out = new CommandWriter(FIRST_SIZE);
  for (const index of indices) {
    const key = values.keys[index]!;
    const moment = values.expiresAt(index);
    out.fit(OVERHEAD + key.length + values.bytes(index));
    if (asking) out.raw(ASKING);
    out.begin(4 + (moment === undefined ? 0 : 1) + (replace ? 1 : 0));
    out.text("RESTORE");
    out.bytes(key);
    out.text(moment === undefined ? "0" : String(moment));
    values.writePayload(index, out);
    if (moment !== undefined) out.text("ABSTTL");
    if (replace) out.text("REPLACE");
  }
  return out.done();
}

const FIRST_SIZE = 65_536;

/** Of one command: its words without key and value, and what stands around all of them. */
const OVERHEAD = 200;
