import { formatAddress } from "../../model/address.ts";
import { type Command, type Node, ServerError } from "../../node/node.ts";
import { type BulkNode, isBulk } from "../../node/pipelined-node.ts";
import { slotCommands } from "../../node/slot-commands.ts";
import { type Patience, waitUntil } from "../../node/wait-until.ts";
import type { NodeRef } from "../../plan/plan.ts";
import type { Emit } from "../events.ts";
import { setSlotRefused } from "./move-failures.ts";

/** What a CLUSTER SETSLOT says after the slot: ["IMPORTING", id]. */
export type SlotState = readonly [word: "IMPORTING" | "MIGRATING" | "NODE", node: string] | readonly ["STABLE"];

/**
 * Sets the state of all slots in one write. A refusal that means "it is so already" or "not yet" is dealt with.
 * @throws SlotctlError SETSLOT_REFUSED for any other, or when it does not pass in time
 */
export async function setSlots(
  node: Node,
  ref: NodeRef,
  slots: readonly number[],
  state: SlotState,
  how: HowToSet,
): Promise<void> {
  if (slots.length === 0) return;
  const writes = how.oneFirst && slots.length > 1 ? [slots.slice(0, 1), slots.slice(1)] : [slots];
  for (const write of writes) await setUntilTaken(node, ref, write, state, how);
}

export interface HowToSet {
  readonly patience: Patience;
  /** A Valkey 8 whose replica is frozen keeps each SETSLOT waiting for 2 s: one says so before hundreds stand in line. */
  readonly oneFirst: boolean;
  readonly emit: Emit;
}

async function setUntilTaken(
  node: Node,
  ref: NodeRef,
  slots: readonly number[],
  state: SlotState,
  { patience, emit }: HowToSet,
): Promise<void> {
  let left = slots;
  let last: Refusal | undefined;
  let isTold = false;
  const done = await waitUntil(async () => {
    const refused = await trySetSlots(node, left, state);
    last = refused[0];
    if (last === undefined) return true;
    const final = refused.find(({ error }) => !PASSING.test(error.message));
    if (final !== undefined) throw setSlotRefused(final.slot, ref, final.error);
    if (!isTold) emit({ type: "notice", text: notYet(last, ref) });
    isTold = true;
    left = refused.map(({ slot }) => slot);
    return undefined;
  }, patience);
  if (done === undefined && last !== undefined) throw setSlotRefused(last.slot, ref, last.error);
}

function notYet({ slot, error }: Refusal, { address }: NodeRef): string {
  return `${formatAddress(address)} does not take CLUSTER SETSLOT ${slot} yet: ${error.message}; trying again`;
}

export interface Refusal {
  readonly slot: number;
  readonly error: ServerError;
}

/** One try, all in one write. Returns what was refused and is not so already. */
export async function trySetSlots(node: Node, slots: readonly number[], state: SlotState): Promise<readonly Refusal[]> {
  const errors = isBulk(node) ? await setByLines(node, slots, state) : await setEach(node, slots, state);
  return errors.filter(({ error }) => !isSoAlready(error, state));
}

async function setEach(node: Node, slots: readonly number[], state: SlotState): Promise<readonly Refusal[]> {
  const outcomes = await node.sendAll(slots.map((slot): Command => ["CLUSTER", "SETSLOT", slot, ...state]));
  return slots.flatMap((slot, i): Refusal[] => {
    const error = outcomes[i];
    return error instanceof ServerError ? [{ slot, error }] : [];
  });
}

async function setByLines(node: BulkNode, slots: readonly number[], state: SlotState): Promise<readonly Refusal[]> {
  const replies = await node.sendForLines(slotCommands(["CLUSTER", "SETSLOT"], slots, state), slots.length);
  return slots.flatMap((slot, i): Refusal[] => {
    const error = replies.error(i);
    return error === undefined ? [] : [{ slot, error }];
  });
}

/** A replica that is slow to confirm (Valkey 8 and later ask it first), or a server that is still loading. */
const PASSING = /^(NOREPLICAS|UNBLOCKED|LOADING|BUSY|CLUSTERDOWN)/;

/** A source that gave its last slot away may have become a replica meanwhile, which needs no telling. */
function isSoAlready({ message }: ServerError, [word]: SlotState): boolean {
  if (word === "IMPORTING" && /already the owner of hash slot/i.test(message)) return true;
  return word === "NODE" && isNoPrimary(message);
}

/** "Please use SETSLOT only with masters", or primaries in Valkey 8 and later. */
export function isNoPrimary(message: string): boolean {
  return /SETSLOT only with (masters|primaries)/i.test(message);
}
